"""Choosing where workers run."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from mmm_benchmark import run_benchmark
from mmm_benchmark.errors import EnvironmentMissingError, UserError
from mmm_benchmark.run.executors import Order, local
from mmm_benchmark.run.executors.local import Phases, allowed
from tests.factories import tiny_dataset


def test_draws_already_made_are_given_time_to_be_summarised(tmp_path: Path) -> None:
    told: list[str] = []
    phases = Phases(tmp_path / "events.jsonl", told.append)
    phases.look()
    assert allowed(60.0, phases.latest) == 60
    with (tmp_path / "events.jsonl").open("a") as events:
        for phase, seconds in (("import", 60), ("sample", 60), ("summarise", 120)):
            events.write(json.dumps({"phase": phase}) + "\n")
            events.flush()
            phases.look()
            assert allowed(60.0, phases.latest) == seconds
    assert told == ["import", "sample", "summarise"]


@pytest.mark.parametrize(
    ("end", "status", "circumstance"),
    [
        ("kill -KILL $$", "killed", True),
        ("kill -SEGV $$", "error", False),
        ("exit 3", "error", False),
    ],
)
def test_an_interpreter_that_ends_before_its_worker_starts(
    tmp_path: Path, end: str, status: str, circumstance: bool
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{end}\n")
    python.chmod(0o700)
    folder = tmp_path / "fit"
    folder.mkdir()
    order = Order(directory=folder, python=python, threads=1)
    ending = local.perform(order, lambda phase: None, lambda: False)
    assert (ending.status, ending.circumstance) == (status, circumstance)
    assert ending.reason is not None
    assert ending.reason.endswith("before it could start")


def test_unknown_executor_is_an_error() -> None:
    with pytest.raises(UserError, match="executor = 'slurm': must be one of local, ray"):
        run_benchmark(tiny_dataset(), executor="slurm")


def test_missing_ray_is_told_with_the_command_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "ray" else real(name, *more),
    )
    with pytest.raises(EnvironmentMissingError, match="try: uv run --extra ray mmm-benchmark run"):
        run_benchmark(tiny_dataset(), "scipy", executor="ray", results=tmp_path, quiet=True)
