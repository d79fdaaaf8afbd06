"""The board: pools recomputed, failures by rule and counted, marks, references."""

from __future__ import annotations

import math

import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.leaderboard.board import board
from mmm_benchmark.leaderboard.text import lines_of
from mmm_benchmark.suite.tasks import tasks
from tests.unit.leaderboard.conftest import entry

LITE, FULL = tasks("lite"), tasks("full")
SCIPY = entry("scipy", lambda task: 0.4)


def test_half_the_error_is_half_the_skill_and_always_wins() -> None:
    made = board([SCIPY, entry("half", lambda task: 0.2)], FULL)
    best, base = made.lines
    assert (best.entry.name, base.entry.name) == ("half", "scipy")
    assert best.skill["energy_score"].value == pytest.approx(0.5)
    assert best.skill["energy_score"].low == pytest.approx(0.5)
    assert base.skill["energy_score"].value == 0
    assert best.rank.value == 1
    assert best.win_rate.value == 1
    assert made.wins[0, 1] == 1
    assert made.within_cells
    assert set(best.cells) == {task.cell for task in FULL}


def test_a_failure_gets_the_baselines_error_and_is_counted() -> None:
    names = [task.name for task in LITE]
    errors = dict.fromkeys(names[:9], 0.1) | dict.fromkeys(names[9:11], math.nan)
    line = board([SCIPY, entry("frail", errors)], LITE).lines[0]
    assert (line.finished, line.failed, line.not_run) == (9, 2, 2)
    assert line.skill_finished.value == pytest.approx(0.75)
    assert line.skill["energy_score"].value == pytest.approx(1 - 0.25 ** (9 / 13))


def test_ranks_of_a_pool_are_among_its_own() -> None:
    told = entry("told", lambda task: 0.1, pool="told")
    honest = board([SCIPY, told, entry("half", lambda task: 0.2)], LITE, "honest")
    assert [line.entry.name for line in honest.lines] == ["half", "scipy"]
    assert honest.lines[0].rank.value == 1
    among = board([SCIPY, told], LITE, "told")
    assert [line.entry.name for line in among.lines] == ["told", "scipy"]


def test_only_an_exact_reference_that_passed_its_checks_measures_what_is_possible() -> None:
    half = entry("half", lambda task: 0.2)
    exact = entry("exact", lambda task: 0.1, pool="references", exact=True)
    wide = entry("wide", lambda task: 0.1, pool="references")
    line = board([SCIPY, half, exact], LITE).lines[0]
    assert line.against_reference.value == pytest.approx(0.5)
    assert math.isnan(board([SCIPY, half, wide], LITE).lines[0].against_reference.value)
    for row in exact.rows.values():
        row.values["checks_failed"] = 1.0  # type: ignore[index]
    assert math.isnan(board([SCIPY, half, exact], LITE).lines[0].against_reference.value)


def test_marks_stand_with_the_name_and_are_explained() -> None:
    trained = entry("net", lambda task: 0.2, knows="was trained on it")
    trained.rows["published@1"].values["checks_failed"] = 2.0  # type: ignore[index]
    text = "\n".join(lines_of(board([SCIPY, trained], LITE)))
    assert "net†!" in text
    assert "† was made with knowledge" in text
    assert "! some of its fits" in text
    assert "tasks drawn again over all cells" in text


def test_no_skill_or_rank_is_shown_without_its_interval() -> None:
    noisy = entry("noisy", lambda task: 0.1 + (task.seed % 7) / 20)
    lines = lines_of(board([SCIPY, noisy], LITE))
    own = next(line for line in lines if line.startswith("noisy"))
    assert own.count("[") == 4


def test_total_error_is_shown_in_points_of_sales() -> None:
    lines = lines_of(board([SCIPY], LITE))  # whose total is off by a tenth of sales
    at = next(i for i, line in enumerate(lines) if "points of sales" in line)
    assert lines[at + 1].split()[:4] == ["scipy", "10", "[10,", "10]"]


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [({"pool": "honst"}, "did you mean 'honest'"), ({"by": "crps"}, "unknown error 'crps'")],
)
def test_wrong_names_are_one_line(kwargs, says) -> None:
    with pytest.raises(UserError, match=says):
        board([SCIPY], LITE, **kwargs)


def test_without_the_baseline_there_is_no_skill() -> None:
    with pytest.raises(UserError, match="no scores of 'scipy'"):
        board([entry("half", lambda task: 0.2)], LITE)
