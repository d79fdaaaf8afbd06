"""Work done aside comes back as if it had been done here, or is done here."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from mmm_benchmark.report import aside as module
from mmm_benchmark.report.aside import aside

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)


def test_a_copy_does_it_and_its_answer_comes_back(tmp_path: Path) -> None:
    def task() -> dict[str, int]:
        (tmp_path / "made").write_text("x" * 100_000)
        return {"by": os.getpid(), "size": 100_000}

    waiting = [aside(task) for _ in range(2)]
    found = [each() for each in waiting]
    assert len({each["by"] for each in found} | {os.getpid()}) == 3
    assert (tmp_path / "made").stat().st_size == 100_000


def test_with_other_threads_or_one_core_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 1)
    assert aside(os.getpid)() == os.getpid()
    monkeypatch.setattr(module, "cores", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert aside(os.getpid)() == os.getpid()


def test_what_goes_wrong_in_the_copy_is_done_and_said_here() -> None:
    def task() -> int:
        raise OSError(f"no room in {os.getpid()}")

    with pytest.raises(OSError, match=str(os.getpid())):
        aside(task)()


def test_a_copy_that_was_killed_costs_no_result() -> None:
    here = os.getpid()

    def task() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return 7

    assert aside(task)() == 7
