"""The scores that ship fit the suite, every one of them, and say what they must."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from mmm_benchmark.leaderboard.board import board
from mmm_benchmark.leaderboard.entry import Entry, read_all
from mmm_benchmark.leaderboard.text import markdown_of
from mmm_benchmark.plan.choose import registered
from mmm_benchmark.suite.tasks import VERSION, tasks

SHIPPED = Path(__file__).parents[3] / "results" / f"suite-{VERSION}"


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {entry.name: entry for entry in read_all(SHIPPED)}


def test_the_baseline_finished_every_task(entries: dict[str, Entry]) -> None:
    base = entries["scipy"]
    assert set(base.rows) >= {task.name for task in tasks("lite")}
    assert all(row.ok for row in base.rows.values())


def test_rows_know_of_the_generator_what_the_registry_says(entries: dict[str, Entry]) -> None:
    known = registered()
    for entry in entries.values():
        assert entry.name in known, "a row of ours is made by a registered fitter"
        said = known[entry.name].reference or known[entry.name].knows
        assert entry.knows == said
        assert (entry.pool == "references") == bool(known[entry.name].reference)


def test_what_finished_has_its_leading_measures(entries: dict[str, Entry]) -> None:
    for entry in entries.values():
        for row in entry.rows.values():
            if not row.ok:
                assert row.reason
                continue
            # fits that found their programs compiled have no seconds to show
            timed = "compiled before" not in entry.metadata["timing"]
            seconds = ("seconds",) if timed else ()
            for name in ("total_error", "roas_error", "energy_score", "gain_share", *seconds):
                assert row.values[name] == row.values[name], (entry.name, row.task, name)


def test_the_readme_shows_the_shipped_scores() -> None:
    path = SHIPPED.parents[1] / "benchmarks" / "readme_board.py"
    spec = importlib.util.spec_from_file_location("readme_board", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    (shown,) = script.BETWEEN.findall(script.README.read_text())
    assert shown == script.table(), "run: python benchmarks/readme_board.py"
    assert shown.count("\n| `") <= 10


def test_rows_that_know_the_generator_stand_below_all_others() -> None:
    lines = markdown_of(board(read_all(SHIPPED), tasks("lite")))
    marked = ["†" in line.split("|")[1] for line in lines if line.startswith("| `")]
    assert marked == sorted(marked)
    few = markdown_of(board(read_all(SHIPPED), tasks("lite")), most=2)
    assert sum(line.startswith("| `") for line in few) == 2
    assert any(line.startswith("Further down: `") for line in few)
