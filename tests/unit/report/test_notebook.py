"""What a notebook and a prompt show of results, datasets and mistakes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from mmm_benchmark import Results, UserError
from mmm_benchmark.report.plots.draw import Picture
from mmm_benchmark.report.tables.build import build_tables
from mmm_benchmark.report.tables.key_table import key_tables
from mmm_benchmark.scoring import marks
from mmm_data_generator import ConfigError, DataError, MMMDataset
from mmm_data_generator.plots import Shown
from tests.factories import tiny_dataset


@pytest.fixture
def results(make_world, make_fit, make_failure, tmp_path: Path) -> Results:
    world = make_world(geos=1, weeks=20, channels=2, name="<tiny>")
    fits = [make_fit(world, "nutpie", draws=20), make_fit(world, "wiener", draws=20)]
    fits.append(make_failure(world, "meridian", "error", "no"))
    tables = build_tables([(fit, world) for fit in fits])
    stored = {f"<tiny>@0/{fit.job['fitter']}": fit for fit in fits}
    return Results(tables, stored, {"<tiny>@0/meridian": "no"}, tmp_path)


def test_the_key_table_has_a_line_for_each_fit_with_its_marks(results: Results) -> None:
    (frame,) = key_tables(results.tables)
    assert list(frame.index) == ["<tiny>@0 / nutpie", "<tiny>@0 / wiener", "<tiny>@0 / meridian"]
    scored = results.tables["roas_recovery"].set_index(["fitter", "channel"])
    error = scored.loc[("nutpie", "all"), "roas_error"]
    assert frame.loc["<tiny>@0 / nutpie", "ROAS error"] == f"{100 * error:.1f}%"
    assert frame.loc["<tiny>@0 / meridian"].tolist() == ["error", "", "", "", "", ""]


def test_without_truth_it_says_what_each_model_says(results: Results) -> None:
    tables = {name: frame.copy() for name, frame in results.tables.items()}
    tables["contribution_recovery"]["crps"] = float("nan")
    recovery, returns = key_tables(tables)
    assert list(recovery.index) == ["<tiny>@0 / meridian"]  # failures are said all the same
    assert list(returns.columns) == ["nutpie", "wiener"]
    assert returns.index[-1] == "<tiny>@0: ROAS of all media"


def test_results_are_short_in_text_and_harmless_in_html(results: Results) -> None:
    results.tables["runtime_comparison"].loc[1, "mark"] = marks.KNOWS
    text, html = repr(results), results._repr_html_()
    assert text.startswith("Results: 3 fits of 1 dataset, 1 failed; kept in ")
    assert len(text.splitlines()) < 15
    assert "† was made with knowledge of the generator" in text
    assert "<tiny>@0 / wiener†" in text
    assert "&lt;tiny&gt;@0 / nutpie" in html
    assert "<tiny>" not in html


def test_a_mistake_is_one_line() -> None:
    for error in (UserError("no"), DataError("no"), ConfigError("seed", ": no")):
        (line,) = error._render_traceback_()
        assert line == f"{type(error).__name__}: {error}"


def test_pictures_are_drawn_by_a_part_of_their_name(results: Results) -> None:
    kinds = {"roas": Shown(), "contributions_scipy": None, "contributions_nutpie": None}
    plots = results.directory / "tiny" / "plots"
    planned = [Picture(plots / name, (), partial(kinds.get, name)) for name in kinds]
    results.__dict__["_planned"] = planned
    assert results.pictures == [f"tiny/{name}" for name in kinds]
    assert results.figure("roas") is kinds["roas"]
    assert results.figure("roas")._repr_png_()[:4] == b"\x89PNG"
    with pytest.raises(UserError, match="nothing to show in 'tiny/contributions_scipy'"):
        results.figure("scipy")
    with pytest.raises(UserError, match="unknown picture 'roaz'"):
        results.figure("roaz")
    with pytest.raises(UserError, match="'contributions' may be any of"):
        results.figure("contributions")


def test_a_dataset_shows_its_channels() -> None:
    dataset = tiny_dataset()
    html = dataset._repr_html_()
    assert "<th>channel_1</th>" in html
    assert "true ROAS" in html
    assert f"{float(dataset.observed['spend'].sel(channel='channel_1').sum()):,.0f}" in html
    bare = MMMDataset("<x>", None, None, dataset.observed, None)
    assert "true ROAS" not in bare._repr_html_()
    assert "<x>" not in bare._repr_html_()
