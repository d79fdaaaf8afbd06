"""The suite is frozen: tasks by name, and the data that belong to each."""

from __future__ import annotations

from collections import Counter

import pytest

from mmm_benchmark.cli import main
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.grid import make_datasets
from mmm_benchmark.plan.options import Options
from mmm_benchmark.suite import tasks as module
from mmm_benchmark.suite.fingerprint import fingerprint
from mmm_benchmark.suite.freeze import CELLS, WORLDS, rows
from mmm_benchmark.suite.tasks import by_name, check_unchanged, tasks
from mmm_data_generator import generate_mmm_dataset


def test_editions_are_thirteen_and_forty_five():
    assert len(tasks("lite")) == len({task.cell for task in tasks("lite")}) == 13
    assert len(tasks("full")) == 45
    assert set(tasks("lite")) < set(tasks("full"))
    count = Counter(task.cell for task in tasks("full"))
    assert count == {cell: WORLDS.get(cell, 3) for cell in CELLS}


def test_no_task_has_other_data_than_when_it_was_frozen():
    frozen = [
        {
            "cell": task.cell,
            "family": task.family,
            "seed": str(task.seed),
            "lite": str(int(task.lite)),
            "weeks": str(task.weeks),
            "fingerprint": task.fingerprint,
            "geos": str(task.geos),
            "channels": str(task.channels),
            "controls": str(task.controls),
        }
        for task in tasks("full")
    ]
    assert rows() == frozen


def test_a_fingerprint_forgives_a_last_bit_and_nothing_that_shows():
    observed = generate_mmm_dataset("published", seed=1).observed
    name = fingerprint(observed)
    assert name == by_name()["published@1"].fingerprint
    assert fingerprint(observed.assign(sales=observed["sales"] * (1 + 1e-15))) == name
    for changed in (
        observed.assign(sales=observed["sales"] * 1.0001),
        observed.assign_coords(channel=[f"other {c}" for c in observed["channel"].values]),
        observed.isel(date=slice(1, None)),
    ):
        assert fingerprint(changed) != name


def test_a_run_of_the_suite_is_its_tasks():
    assert Options(suite="lite").all_datasets == tuple(task.name for task in tasks("lite"))
    both = Options(datasets=["basic"], suite="lite")
    assert both.all_datasets[0] == "basic"
    assert len(both.all_datasets) == 14


def test_changed_data_stop_a_run_before_any_fit(monkeypatch):
    with pytest.raises(UserError, match=r"'published@1' of suite 2026.1 has other data here"):
        check_unchanged("published@1", "0" * 12)
    check_unchanged("small_business@1", "0" * 12)
    monkeypatch.setattr("mmm_benchmark.plan.grid.fingerprint", lambda observed: "0" * 12)
    with pytest.raises(UserError, match="has other data here"):
        make_datasets(Options(suite="lite"))


def test_the_command_shows_every_task(capsys):
    assert main(["suite", "show"]) == 0
    out = capsys.readouterr().out
    assert all(task.name in out and task.fingerprint in out for task in tasks("full"))
    assert main(["suite", "show", "lite"]) == 0
    assert "13 tasks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["suite", "show", "ful"], "did you mean 'full'"),
        (["suite", "show", "--version", "2025.1"], "unknown suite '2025.1'"),
        (["run", "--suite", "light"], "must be one of lite, full"),
    ],
)
def test_a_suite_that_is_not_there_is_one_line(words, says, capsys):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_freezing_again_is_refused(capsys):
    from mmm_benchmark.suite import freeze

    assert freeze.main() == 2
    assert "a suite is frozen" in capsys.readouterr().err
    assert module.VERSION == "2026.1"
