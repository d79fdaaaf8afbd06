"""What a run says while it goes."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from mmm_benchmark.run.progress import Progress
from tests.unit.run.test_runner import JOB

DONE: dict[str, Any] = {"status": "timeout", "reason": "took longer than 3 s", "process_s": 3.2}


def say(**console: Any) -> str:
    text = io.StringIO()
    with Progress(Console(file=text, width=100, **console), total=2) as progress:
        progress.phase(JOB, "start")
        progress.phase(JOB, "sample")
        progress.phase(JOB, "sample")
        progress.done(JOB, {"status": "ok", "reason": None, "process_s": 1.0}, fresh=False)
        progress.done(JOB, DONE, fresh=True)
    return text.getvalue()


def test_plain_lines_where_nothing_moves() -> None:
    assert say().splitlines() == [
        "one on tiny@0: start (0.0 s)",
        "one on tiny@0: sample (0.0 s)",
        "[1/2] one on tiny@0: ok (cached)",
        "[2/2] one on tiny@0: timeout (3.2 s, took longer than 3 s)",
    ]


def test_terminal_keeps_only_the_finished_lines() -> None:
    printed = say(force_terminal=True, color_system=None)
    assert "[1/2] one on tiny@0: ok (cached)" in printed
    assert "sample (" not in printed


def test_quiet_says_nothing() -> None:
    assert say(quiet=True) == ""


def test_more_fits_than_a_screen_holds_are_counted() -> None:
    from dataclasses import replace

    console = Console(file=io.StringIO(), width=100, height=8, force_terminal=True)
    progress = Progress(console, total=40)
    for seed in range(30):
        progress.phase(replace(JOB, seed=seed), "waiting" if seed % 2 else "sample")
    with console.capture() as captured:
        console.print(progress._lines())
    *shown, last = captured.get().splitlines()
    assert len(shown) == 5
    assert not [line for line in shown if "waiting" in line]
    assert last == "15 running, 15 waiting, 0 done"


class Display:
    """What a front end keeps of one output: the texts it was given, each in place of the last."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, data: dict[str, str], *, raw: bool, display_id: bool) -> Display:
        assert raw
        assert display_id
        self.update(data, raw=True)
        return self

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        self.texts.append(data["text/plain"])


def test_in_a_notebook_one_line_is_written_over_and_failures_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = Display()
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=shown))
    assert say(force_jupyter=True) == ""
    assert shown.texts[1:3] == ["[0/2] one on tiny@0: start", "[0/2] one on tiny@0: sample"]
    assert shown.texts[-1].splitlines() == [
        "[2/2] one on tiny@0: timeout (3.2 s, took longer than 3 s)",
        "2 of 2 settled",
    ]
