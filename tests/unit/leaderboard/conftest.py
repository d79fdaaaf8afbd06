"""Entrants made by hand: scores whose standing is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mmm_benchmark.leaderboard.entry import COST, FORMAT, MEASURES, Entry, Row, write_entry
from mmm_benchmark.suite.tasks import VERSION, Task, tasks

NAN = math.nan


def metadata(fitter: str, **changes: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "suite": VERSION,
        "fitter": fitter,
        "library": fitter,
        "pool": "honest",
        "knows": None,
        "exact": False,
        "fitter_version": "1",
        "versions": {"numpy": "2.0"},
        "settings": {},
        "budget": {"chains": 2, "draws": 50, "tune": 50, "target_accept": 0.9},
        "seed": 42,
        "hardware": {"cores": 2},
        "command": "mmm-benchmark run",
        "timing": "quiet",
        "units": {**MEASURES, **COST},
        "verified": None,
        **changes,
    }


def row(task: str, error: float, **changes: float) -> Row:
    values = dict.fromkeys(MEASURES, NAN)
    values |= {"energy_score": error, "roas_crps": error, "total_crps": error / 4}
    values |= {"total_error": error / 4, "gain_share": 1 - error, "silent_failure": 0.0}
    values |= {"checks_failed": 0.0, "seconds": 1.0, "memory_mb": 100.0}
    return Row(task, "ok", "", {**values, **changes})


def failed(task: str) -> Row:
    values = dict.fromkeys(("checks_failed", *MEASURES, *COST), NAN)
    return Row(task, "timeout", "took longer than 10 s", values)


def entry(
    name: str, errors: Mapping[str, float] | Callable[[Task], float | None], **changes: Any
) -> Entry:
    rows = {}
    for task in tasks("full"):
        error = errors(task) if callable(errors) else errors.get(task.name)
        if error is not None:
            rows[task.name] = failed(task.name) if math.isnan(error) else row(task.name, error)
    return Entry(name, metadata(name, **changes), rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two entrants on disk: the baseline, and one whose errors are half of its."""
    for name, factor in (("scipy", 1.0), ("half", 0.5)):
        rows = [row(task.name, 0.4 * factor) for task in tasks("lite")]
        write_entry(tmp_path / f"{name}.csv", metadata(name), rows)
    return tmp_path
