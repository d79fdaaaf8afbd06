
(function () {
  "use strict";
  var options = { ast: true, actions: false, renderer: "svg", defaultStyle: false,
                  tooltip: { disableDefaultStyle: true, theme: "custom" } };
  var board = null;
  function draw(figure) {
    var spec = JSON.parse(figure.querySelector("script").textContent);
    return vegaEmbed(figure.firstElementChild, spec, options).then(function (result) {
      figure.dataset.drawn = "yes";
      return result.view;
    });
  }
  function value(id) {
    var field = document.getElementById(id);
    return field ? field.value : "";
  }
  function pick() {
    var dataset = value("pick-dataset"), fitter = value("pick-fitter");
    document.querySelectorAll("#board-table tbody tr").forEach(function (row) {
      row.hidden = row.dataset.dataset !== dataset || (fitter !== "" && row.dataset.fitter !== fitter);
    });
    var field = document.getElementById("pick-measure");
    if (field) {
      document.getElementById("reading").textContent =
        field.value + ": " + field.selectedOptions[0].dataset.reading + ".";
    }
    if (board && field) {
      board.signal("dataset", dataset).signal("measure", field.value).runAsync();
    }
  }
  ["pick-dataset", "pick-fitter", "pick-measure"].forEach(function (id) {
    var field = document.getElementById(id);
    if (field) { field.addEventListener("change", pick); }
  });
  document.querySelectorAll("form.filters").forEach(function (form) {
    form.addEventListener("submit", function (event) { event.preventDefault(); });
  });
  pick();
  var figures = Array.prototype.slice.call(document.querySelectorAll("figure.chart"));
  figures.reduce(function (before, figure) {
    return before.then(function () { return draw(figure); }).then(function (view) {
      if (figure.parentElement.id === "scores") { board = view; pick(); }
    });
  }, Promise.resolve()).then(function () { document.documentElement.dataset.drawn = "all"; });
})();
