
(function () {
  "use strict";
  var options = { ast: true, actions: false, renderer: "svg", defaultStyle: false,
                  tooltip: { disableDefaultStyle: true, theme: "custom" } };
  var board = null;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var LEAST = 3, DARK_PAPER = 0.009; // contrast of a line with its paper, as WCAG 2 has it
  function luminance(parts) {
    var linear = parts.map(function (part) {
      return part <= 0.03928 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  }
  // dark shades of a hue are told apart on white and lost on dark paper: there they are lightened
  function seen(colour) {
    if (!dark.matches) { return colour; }
    var parts = [1, 3, 5].map(function (k) { return parseInt(colour.substr(k, 2), 16) / 255; });
    while ((luminance(parts) + 0.05) / (DARK_PAPER + 0.05) < LEAST) {
      parts = parts.map(function (part) { return part + 0.1 * (1 - part); });
    }
    return "#" + parts.map(function (part) {
      return ("0" + Math.round(255 * part).toString(16)).slice(-2);
    }).join("");
  }
  function draw(figure) {
    var text = figure.querySelector("script").textContent;
    var spec = JSON.parse(text.replace(/#[0-9A-Fa-f]{6}(?=")/g, seen));
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
  function drawAll() {
    document.querySelectorAll(".swatch [fill^='#']").forEach(function (swatch) {
      swatch.dataset.colour = swatch.dataset.colour || swatch.getAttribute("fill");
      swatch.setAttribute("fill", seen(swatch.dataset.colour));
    });
    return figures.reduce(function (before, figure) {
      return before.then(function () { return draw(figure); }).then(function (view) {
        if (figure.parentElement.id === "scores") { board = view; pick(); }
      });
    }, Promise.resolve());
  }
  var drawn = drawAll();
  drawn.then(function () { document.documentElement.dataset.drawn = "all"; });
  dark.addEventListener("change", function () { drawn = drawn.then(drawAll); });
})();
