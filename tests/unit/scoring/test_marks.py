"""Marks: what a reader must know of a row goes with it everywhere."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from mmm_benchmark.plan.registry import BUILT_IN
from mmm_benchmark.report.plots.summary import calibration
from mmm_benchmark.report.tables.build import build_tables
from mmm_benchmark.report.tables.screen import print_tables
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.score import TABLES

#: Fitters that owe something to the generator and compete all the same (docs/fairness.md).
KNOWING = {
    *("scipy-plain", "numpyro-mmm-tv", "wiener"),
    *("diffusion", "diffusion-ddpm", "diffusion-fast"),
}


def test_the_registry_says_who_knows_the_generator() -> None:
    assert {entry.name for entry in BUILT_IN if entry.knows} == KNOWING
    assert [entry.name for entry in BUILT_IN if entry.reference] == ["oracle"]


def test_a_fit_stored_before_marks_existed_carries_them(toy, make_fit) -> None:
    fit = make_fit(toy, "wiener")
    fit.job |= {"library": "diffusion"}
    assert marks.marks(fit) == (marks.KNOWS,)
    assert "0.05 a week" in marks.knows(fit)


def test_a_file_of_the_same_name_knows_nothing(toy, make_fit) -> None:
    fit = make_fit(toy, "wiener")
    fit.job |= {"library": "file"}
    assert marks.marks(fit) == ()


@pytest.mark.parametrize("setting", marks.TOLD_BY)
def test_what_was_told_is_marked(toy, make_fit, setting: str) -> None:
    fit = make_fit(toy)
    fit.job["settings"] = {setting: None}
    assert marks.marks(fit) == ()
    fit.job["settings"] = {setting: {"TV": {"roas": 2.0}}}
    assert marks.marks(fit) == (marks.TOLD,)


def test_the_kind_of_an_oracle_is_no_failed_check(toy, make_fit) -> None:
    fit = make_fit(toy, "oracle")
    fit.record["checks"]["bayes_optimal"] = False
    assert marks.marks(fit) == (marks.REFERENCE,)


@pytest.fixture
def tables(toy, make_fit) -> dict:
    unconverged = make_fit(toy, "nutpie")
    unconverged.record["checks"]["r_hat_below_1_01"] = False
    wiener = make_fit(toy, "wiener")
    wiener.job["library"] = "diffusion"
    return build_tables([(each, toy) for each in (make_fit(toy), unconverged, wiener)])


def test_every_table_carries_the_marks(tables) -> None:
    for name in TABLES:
        if name == "failures":
            continue
        found = tables[name].groupby("fitter")["mark"].agg(set)
        assert found["nutpie"] == {marks.UNCHECKED}, name
        assert found["wiener"] == {marks.KNOWS}, name
        assert found["honest"] == {""}, name


def test_seeds_count_the_fits_whose_checks_failed(tables) -> None:
    summary = tables["seed_summary"].groupby("fitter").first()
    assert summary["n_checks_failed"].to_dict() == {"honest": 0, "nutpie": 1, "wiener": 0}
    pairs = tables["paired_comparison"].set_index(["first", "second"])
    assert pairs.loc[("honest", "nutpie"), "second_mark"] == marks.UNCHECKED


def test_signs_and_their_meaning_are_on_screen(tables) -> None:
    console = Console(file=StringIO(), width=100)
    print_tables(tables, console)
    text = console.file.getvalue()
    assert "nutpie!" in text
    assert "wiener†" in text
    assert "! its own checks failed" in text
    assert "† was made with knowledge" in text
    assert "§" not in text


def test_signs_and_their_meaning_are_in_pictures(tables) -> None:
    figure = calibration(tables)
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    assert labels == {"honest", "nutpie!", "wiener†"}
    assert "† was made with knowledge" in figure._supxlabel.get_text()


def test_signs_are_joined_once_and_in_order() -> None:
    cells = [f"{marks.TOLD}, {marks.UNCHECKED}", marks.KNOWS, "", marks.UNCHECKED]
    assert marks.join(cells) == f"{marks.KNOWS}, {marks.TOLD}, {marks.UNCHECKED}"
    assert marks.signs(marks.join(cells)) == "†§!"


def test_nothing_is_marked_that_has_no_mark() -> None:
    fit = SimpleNamespace(job={"fitter": "mine", "library": "file"}, record={"status": "error"})
    assert marks.marks(fit) == ()


def test_who_states_the_generators_own_law_is_marked(toy, make_fit) -> None:
    fit = make_fit(toy, "exact")
    fit.job |= {"settings": {"prior": "published"}}
    assert marks.KNOWS in marks.marks(fit)
    fit.job |= {"settings": {"prior": "meridian"}}
    assert marks.KNOWS not in marks.marks(fit)
