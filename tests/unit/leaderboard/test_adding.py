"""A suite run in pieces: new scores beside those an entrant has, if made in one way."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.leaderboard.adding import added
from mmm_benchmark.leaderboard.entry import read_entry, write_entry
from mmm_benchmark.leaderboard.submit import said
from mmm_benchmark.suite.tasks import tasks
from tests.unit.leaderboard.conftest import metadata, row


def test_new_tasks_stand_beside_the_old_and_a_task_made_anew_counts(folder: Path) -> None:
    before = read_entry(folder / "half.csv")
    other = next(task.name for task in tasks("full") if task.name not in before.rows)
    again = next(iter(before.rows))
    new = {**metadata("half"), "fits": {other: "k1", again: "k2"}}
    new |= {"timing": "on a quiet machine.", "command": "mmm-benchmark run --suite lite"}
    both, rows = added(before, new, [row(other, 0.5), row(again, 0.7)])
    write_entry(folder / "half.csv", both, rows)
    after = read_entry(folder / "half.csv")
    assert set(after.rows) == {*before.rows, other}
    assert after.value(other, "energy_score") == 0.5
    assert after.value(again, "energy_score") == 0.7
    names = [task.name for task in tasks("full")]
    assert [*after.rows] == sorted(after.rows, key=names.index), "in the order of the suite"
    assert after.metadata["fits"] == {again: "k2", other: "k1"}
    assert both["timing"].startswith("on a quiet machine. Tasks submitted before: ")
    assert "--suite full" in both["command"]


@pytest.mark.parametrize("name", ["fitter_version", "budget", "seed", "versions"])
def test_scores_made_in_two_ways_are_no_entrant(folder: Path, name: str) -> None:
    new = {**metadata("half"), "fits": {}, name: "another"}
    with pytest.raises(UserError, match=f"half: {name} was .*, is another"):
        added(read_entry(folder / "half.csv"), new, [])


def test_the_command_of_a_row_says_what_it_was_told() -> None:
    told = {"prior": "published", "beliefs": {"TV": {"roas": [2.0, 0.5]}}, "experiments": None}
    assert said(told) == " --prior published --beliefs FILE"
    assert said({"prior": None, "steps": 8}) == ""
