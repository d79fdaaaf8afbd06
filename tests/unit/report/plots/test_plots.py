"""Pictures: all there, the same every time, drawn only when needed, and legible."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from mmm_benchmark.report.plots import draw, draw_all, response, seeds, summary
from mmm_benchmark.report.plots.draw import MOST_FITTERS, STAMPS
from mmm_benchmark.report.plots.gather import TOGETHER, view
from mmm_benchmark.report.plots.paths import (
    coefficients,
    contributions,
    fit_text,
    predicted_against_actual,
)
from mmm_benchmark.report.plots.style import LOOKS, SPARE, amount, look, shorten, theme
from mmm_benchmark.report.tables.build import build_tables
from tests.fixtures import scored_worlds


@pytest.fixture
def tiny(make_world):
    return make_world(geos=1, weeks=20, channels=2, name="tiny world")


def test_every_picture_is_made_once_and_then_left_alone(tiny, make_fit, make_failure, tmp_path):
    fits = [(make_fit(tiny, "nutpie", draws=20), tiny), (make_fit(tiny, "scipy", draws=1), tiny)]
    del fits[1][0].groups["posterior"]["coefficient"]
    fits.append((make_failure(tiny, "meridian", "error", "no"), tiny))
    drawn = draw_all(fits, tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in drawn}
    plots = "tiny-world/plots"
    assert names == {
        f"{stem}.{suffix}"
        for suffix in ("png", "svg")
        for stem in (
            f"{plots}/predicted_against_actual_seed0",
            f"{plots}/response_curves_seed0",
            f"{plots}/roas_seed0",
            f"{plots}/contributions/contributions_nutpie_seed0",
            f"{plots}/contributions/contributions_scipy_seed0",
            f"{plots}/coefficients/coefficients_nutpie_seed0",
            "summary/plots/runtime_against_error",
            "summary/plots/calibration",
        )
    }
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in drawn}
    assert draw_all(fits, tmp_path, redraw=False) == drawn
    assert {path: path.stat().st_mtime_ns for path in drawn} == {
        path: time for path, (time, _) in before.items()
    }
    missing, other = (
        tmp_path / plots / f"{kind}_seed0.svg" for kind in ("roas", "response_curves")
    )
    missing.unlink()
    altered = missing.with_suffix(".png")
    altered.write_bytes(b"painted over")
    (tmp_path / "summary/plots" / STAMPS).write_text("half writ")
    assert draw_all(fits, tmp_path, redraw=False) == drawn
    assert missing.read_bytes() == before[missing][1]  # the same bytes: no dates, no random names
    assert altered.read_bytes() == before[altered][1]
    assert other.stat().st_mtime_ns == before[other][0]
    calibration = tmp_path / "summary/plots/calibration.svg"
    assert calibration.stat().st_mtime_ns > before[calibration][0]
    assert calibration.read_bytes() == before[calibration][1]


def test_an_index_shows_every_picture_of_a_folder(tiny, make_fit, tmp_path) -> None:
    fits = [(make_fit(tiny, name, draws=4), tiny) for name in ("nutpie", "a & b")]
    drawn = draw_all(fits, tmp_path)
    folder = tmp_path / "tiny-world/plots"
    page = (folder / "index.html").read_text()
    shown = {folder / unquote(name) for name in re.findall('src="([^"]*)"', page)}
    assert shown == {p for p in drawn if p.suffix == ".png" and folder in p.parents}
    linked = {folder / unquote(name) for name in re.findall('caption><a href="([^"]*)"', page)}
    assert linked == {p for p in drawn if p.suffix == ".svg" and folder in p.parents}
    assert "<script" not in page


def test_many_fitters_go_on_in_further_pictures(tiny, make_fit, tmp_path) -> None:
    names = [f"fitter-{k:02d}" for k in range(MOST_FITTERS + 1)]
    planned = draw.planned([(make_fit(tiny, name, draws=4), tiny) for name in names], tmp_path)
    together = {p.stem.name: len(p.keys) for p in planned if p.stem.parent.name == "plots"}
    for kind in ("roas_seed0", "response_curves_seed0", "calibration"):
        sizes = [count for name, count in together.items() if name.startswith(kind)]
        assert sizes == [4, 5]
    assert together["runtime_against_error"] == MOST_FITTERS + 1


def test_parts_hold_everybody_once() -> None:
    for count in (0, 1, MOST_FITTERS, MOST_FITTERS + 1, 5 * MOST_FITTERS - 1):
        split = list(draw.parts(range(count)))
        assert [k for _, _, some in split for k in some] == list(range(count))
        assert all(0 < len(some) <= MOST_FITTERS for _, _, some in split)


def test_a_fit_that_misses_the_level_says_so_without_a_figure() -> None:
    assert fit_text(0.954) == "R² 0.95"
    assert fit_text(-391.0) == "R² below -1: off the level"
    assert fit_text(float("nan")) == "R² not defined"


def test_effects_that_do_not_move_are_intervals_without_time(tiny, make_fit) -> None:
    fit = make_fit(tiny, draws=20)
    posterior = fit.groups["posterior"]
    still = posterior["coefficient"].mean("date", keep_attrs=True)
    posterior["coefficient"] = still.expand_dims(date=posterior["date"]).transpose(
        *posterior["contribution"].dims
    )
    moving = coefficients("label", tiny, view(fit, tiny))
    assert len(moving.axes) == 2  # the truth moves: a panel a channel
    true = tiny.truth["coefficient"].mean("date").expand_dims(date=tiny.truth["date"])
    tiny.truth["coefficient"] = true.transpose("geo", "date", "channel")
    (axes,) = coefficients("label", tiny, view(fit, tiny)).axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["channel-0", "channel-1"]


def test_a_new_fit_makes_its_pictures_stale(tiny, make_fit, tmp_path) -> None:
    fit = make_fit(tiny, draws=4)
    tiny.truth = tiny.truth[["contribution"]]  # fewer pictures: the rule is the same
    draw_all([(fit, tiny)], tmp_path)
    stamps = tmp_path / "tiny-world/plots" / STAMPS
    before = json.loads(stamps.read_text())
    fit.key = "f" * 24
    draw_all([(fit, tiny)], tmp_path, redraw=False)
    after = json.loads(stamps.read_text())
    assert set(after) == set(before)
    assert all(after[name] != before[name] for name in before)


def test_a_change_of_the_code_makes_pictures_stale(tiny, make_fit, tmp_path, monkeypatch) -> None:
    fit = make_fit(tiny, draws=4)
    tiny.truth = None  # one picture of the dataset: the rule is the same
    (first, *_) = draw_all([(fit, tiny)], tmp_path)
    drawn = first.stat().st_mtime_ns
    draw_all([(fit, tiny)], tmp_path, redraw=False)
    assert first.stat().st_mtime_ns == drawn
    monkeypatch.setattr(draw, "code_stamp", lambda: "of other code")
    draw_all([(fit, tiny)], tmp_path, redraw=False)
    assert first.stat().st_mtime_ns > drawn


def test_without_truth_sales_and_returns_are_drawn(tiny, make_fit, tmp_path) -> None:
    fit = make_fit(tiny, draws=4)
    tiny.truth = None
    stems = {path.stem for path in draw_all([(fit, tiny)], tmp_path)}
    assert stems == {"predicted_against_actual_seed0", "roas_seed0"}


def test_no_fit_no_picture(tmp_path) -> None:
    assert draw_all([], tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_geos_are_added_draw_by_draw(toy, make_fit) -> None:
    fit = make_fit(toy, draws=40)
    seen = view(fit, toy)
    assert list(seen.contribution) == [TOGETHER, "geo_0", "geo_1"]
    draws = fit.groups["posterior"]["contribution"].sum("geo").stack(sample=("chain", "draw"))
    together = seen.contribution[TOGETHER]
    assert together.mean == pytest.approx(draws.mean("sample").values.T, rel=1e-5)
    assert (together.low <= together.mean).all()
    assert (together.mean <= together.high).all()
    apart = sum(seen.contribution[geo].high - seen.contribution[geo].low for geo in toy_geos(toy))
    assert (together.high - together.low).mean() < apart.mean()  # errors average out


def toy_geos(dataset) -> list[str]:
    return [str(geo) for geo in dataset.observed["geo"].values]


def figures(dataset, fits):
    views = [view(fit, dataset) for fit in fits]
    tables = build_tables([(fit, dataset) for fit in fits])
    yield predicted_against_actual("label", dataset, views[:3])
    yield contributions("label", dataset, views[0])
    yield coefficients("label", dataset, views[0])
    yield response.response_curves("label", dataset, views)
    yield response.roas("label", dataset, views)
    yield summary.runtime_against_error(tables)
    yield summary.calibration(tables)
    one = tables["contribution_recovery"]
    three = pd.concat([one.assign(seed=k, crps=one["crps"] * k) for k in (1, 2, 3)])
    yield seeds.spread_over_seeds({"contribution_recovery": three})


def test_no_text_or_panel_lies_over_another(make_world, make_fit) -> None:
    dataset = make_world(geos=3, weeks=30, channels=4)
    names = [f"A-Channel-With-A-Very-Long-Name-{i}" for i in range(4)]
    dataset.observed = dataset.observed.assign_coords(channel=names)
    dataset.truth = dataset.truth.assign_coords(channel=names)
    fits = [make_fit(dataset, fitter, draws=10, seed=i) for i, fitter in enumerate(LOOKS)]
    for i, fit in enumerate(fits):
        fit.record["total_s"] = 0.5 * 1.9**i
    with theme():
        for figure in figures(dataset, fits):
            figure.draw_without_rendering()
            boxes = [axes.get_tightbbox() for axes in figure.axes if axes.axison]
            boxes += [text.get_window_extent() for text in (figure._suptitle, figure._supxlabel)]
            boxes += [legend.get_window_extent() for legend in figure.legends]
            whole = figure.bbox.padded(1)
            for box in boxes:
                assert whole.containsx(box.x0)
                assert whole.containsx(box.x1)
                assert whole.containsy(box.y0)
                assert whole.containsy(box.y1)
            for one, other in itertools.combinations(boxes, 2):
                assert not one.padded(-1).overlaps(other.padded(-1))
            for axes in figure.axes:
                labels = [tick.get_window_extent() for tick in axes.get_xticklabels()]
                shown = [box for box in labels if box.width > 1]
                for one, other in itertools.pairwise(sorted(shown, key=lambda box: box.x0)):
                    assert one.x1 < other.x0


def test_every_known_fitter_looks_different() -> None:
    # the page has colours alone
    assert len({each.colour for each in LOOKS.values()}) == len(LOOKS)
    assert not set(LOOKS.values()) & set(SPARE)
    assert look("somebody-elses") == look("somebody-elses")
    assert look("somebody-elses") in SPARE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (800.0, "800"),
        (12_500.0, "12.5k"),
        (-3e6, "-3M"),
        (2.5e9, "2.5B"),
        (0.25, "0.25"),
    ],
)
def test_amounts_are_short(value: float, text: str) -> None:
    assert amount(value) == text


def test_names_are_cut_to_fit() -> None:
    assert shorten("Search") == "Search"
    assert shorten("x" * 40, 10) == "x" * 9 + "…"


def test_tables_and_plots_import_no_fitting_library(tmp_path: Path) -> None:
    fakes = scored_worlds.__file__
    script = f"""
import importlib.util, json, pathlib, sys
spec = importlib.util.spec_from_file_location("fakes", {fakes!r})
fakes = importlib.util.module_from_spec(spec)
sys.modules["fakes"] = fakes
spec.loader.exec_module(fakes)
from mmm_benchmark.report.plots import draw_all
from mmm_benchmark.report.tables import write_tables
dataset = fakes.world(1, 12, 1)
fits = [(fakes.fake_fit(dataset, draws=4), dataset)]
out = pathlib.Path({str(tmp_path)!r})
write_tables(fits, out / "summary")
before = sorted(set(sys.modules) & {{"matplotlib", "seaborn", "arviz_stats"}})
dataset.truth = None
draw_all(fits, out)
print(json.dumps([before, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, modules = json.loads(done.stdout)
    assert before == []  # tables alone stay light
    heavy = {
        *("pymc", "pymc_marketing", "pytensor", "nutpie", "numpyro", "jax", "blackjax"),
        *("meridian", "tensorflow", "torch", "arviz", "sklearn", "ray"),
    }
    assert "matplotlib" in modules
    assert not heavy & set(modules)
