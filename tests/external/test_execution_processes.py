"""Parents and workers that are stopped, killed, or meet on the same store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mmm_benchmark.store.fits import Store
from tests.external.road import FITTERS, record_of, walk
from tests.factories import tiny_dataset

ROOT = Path(__file__).parents[2]
Start = Callable[..., subprocess.Popen[str]]


def heed_ctrl_c() -> None:
    """A test run that a shell put in the background ignores SIGINT, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a command in the project's root; whatever is still running at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def run(*command: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, **environ},
            preexec_fn=heed_ctrl_c,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def road(results: Path, fitter: str) -> tuple[str, ...]:
    return ("-m", "tests.external.road", str(results), fitter)


def wait_for(process: subprocess.Popen[str], text: str) -> str:
    """Read lines until one holds ``text``; the test's own time limit is its end of output."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return line
    raise AssertionError(f"'{text}' never came: {''.join(seen)}")


def tree(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether they ended; a zombie nobody waits for has ended too."""
    _, alive = psutil.wait_procs(processes, timeout=20)
    return all(each.status() == psutil.STATUS_ZOMBIE for each in alive)


def test_killed_parent_leaves_no_worker_and_a_usable_store(start: Start, tmp_path: Path) -> None:
    parent = start(*road(tmp_path, "sleeping"))
    wait_for(parent, "sample")
    workers = tree(parent)
    assert len(workers) >= 4  # server, keeper, worker, the fitter's own child
    parent.kill()
    assert all_gone(workers)
    assert list((tmp_path / ".staging").iterdir())
    assert not list(Store(tmp_path))
    (outcome,) = walk(tmp_path, "good")
    assert outcome.fit.ok
    assert not list((tmp_path / ".staging").iterdir())


def test_killed_worker_is_a_result_and_is_tried_again(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    first = start(*road(tmp_path, "patient"), MMM_TEST_GATE=str(gate))
    wait_for(first, "build")
    strays = tree(first)
    (worker,) = (each for each in strays if not each.children())  # below server and keeper
    worker.kill()
    assert "killed fresh" in wait_for(first, " fresh")
    assert all_gone(strays)
    gate.touch()
    monkeypatch.setenv("MMM_TEST_GATE", str(gate))
    (again,) = walk(tmp_path, "patient")
    assert again.fresh
    assert again.fit.ok


def test_fit_over_its_time_ends_with_all_it_started(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    (outcome,) = walk(tmp_path, "sleeping", timeout=4.0)
    assert record_of(outcome)["status"] == "timeout"
    assert record_of(outcome)["reason"] == "took longer than 4 s"
    assert set(psutil.Process().children(recursive=True)) <= before
    (again,) = walk(tmp_path, "sleeping", timeout=4.0)
    assert not again.fresh


def test_two_runs_at_once_fit_once(start: Start, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = start(*road(tmp_path, "patient"), MMM_TEST_GATE=str(gate))
    wait_for(first, "build")
    second = start(*road(tmp_path, "patient"), MMM_TEST_GATE=str(gate))
    wait_for(second, "waiting")
    gate.touch()
    assert "ok fresh" in wait_for(first, " fresh")
    assert "ok cached" in wait_for(second, " cached")
    assert len(list(Store(tmp_path))) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_run_leaves_no_process_and_no_result(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    data, results = tmp_path / "data", tmp_path / "results"
    tiny_dataset().save(data)
    command = ("run_benchmark.py", "--datasets", str(data), "--results", str(results))
    parent = start(*command, "--fitter", str(FITTERS / "sleeping.py"))
    wait_for(parent, "sample")
    workers = tree(parent)
    parent.send_signal(number)
    rest, _ = parent.communicate(timeout=120)
    assert parent.returncode == 130
    assert "stopped" in rest
    assert "Traceback" not in rest
    assert all_gone(workers)
    assert not list(Store(results))
    assert not list((results / ".staging").iterdir())
