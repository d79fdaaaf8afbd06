"""How the fits go, shown while they do: one live line each, or plain lines where nothing moves."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

if TYPE_CHECKING:
    from mmm_benchmark.plan.jobs import Job

STYLES = {"ok": "green", "skipped": "yellow"}


WIDE_ENOUGH = 100  # characters: no table needs more


def screen(quiet: bool) -> Console:
    """Standard output; as wide as the terminal, or as tables need in a file or a pipe."""
    console = Console(quiet=quiet)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(quiet=quiet, width=WIDE_ENOUGH)
    return console


WAITING = "waiting"  # for another run, or for room on a cluster


class Progress:
    """Tells a console about the fits; a context manager.

    On a terminal, running fits are live lines with phase and elapsed time and finished ones stay
    above them. In a notebook one line is written over, and only failures stay. Elsewhere (files,
    pipes) every change of phase is a line.
    """

    def __init__(self, console: Console, total: int) -> None:
        self.console = console
        self._total = total
        self._count = 0
        self._running: dict[str, tuple[str, str, float]] = {}  # key -> label, phase, since
        self._spinner = Spinner("dots")
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._cell: Cell | None = None

    def __enter__(self) -> Self:
        if self.console.is_jupyter and not self.console.quiet:
            self._cell = Cell(f"{self._total} to settle")
        if self.console.is_terminal and not self.console.quiet:
            self._live = Live(
                get_renderable=self._lines,
                console=self.console,
                refresh_per_second=8,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._cell is not None:
            self._cell.last(f"{self._count} of {self._total} settled")

    def _lines(self) -> RenderableType:
        now = time.monotonic()
        with self._lock:
            running = sorted(self._running.values(), key=lambda each: each[1] == WAITING)
        waiting = sum(phase == WAITING for _, phase, _ in running)
        shown = running[: max(1, self.console.height - 3)]
        lines = [
            Text.assemble(
                self._spinner.render(now),  # type: ignore[arg-type]
                f" {label}  ",
                (phase, "cyan"),
                f"  {now - since:.0f} s",
            )
            for label, phase, since in shown
        ]
        if len(shown) < len(running):  # a cluster runs more than a screen holds
            going = len(running) - waiting
            lines.append(Text(f"{going} running, {waiting} waiting, {self._count} done"))
        return Group(*lines)

    def phase(self, job: Job, phase: str) -> None:
        """A fit entered a phase."""
        now = time.monotonic()
        with self._lock:
            _, before, since = self._running.get(job.key, ("", "", now))
            if phase == before:
                return
            self._running[job.key] = (job.label, phase, since)
        if self._cell is not None:
            self._cell.now(f"[{self._count}/{self._total}] {job.label}: {phase}")
        elif self._live is None:
            self._print(f"{job.label}: {phase} ({now - since:.1f} s)")

    def done(self, job: Job, record: Mapping[str, Any], *, fresh: bool) -> None:
        """A job has its result."""
        with self._lock:
            self._running.pop(job.key, None)
            self._count += 1
            count = self._count
        status = record["status"]
        tail = f"{record['process_s']:.1f} s" if fresh else "cached"
        if record["reason"]:
            tail += f", {record['reason']}"
        style = STYLES.get(status, "red")
        line = Text.assemble(
            f"[{count}/{self._total}] {job.label}: ", (status, style), f" ({tail})"
        )
        if self._cell is None:
            self.console.print(line, soft_wrap=True)
        elif status in STYLES:
            self._cell.now(line.plain)
        else:
            self._cell.keep(line.plain)

    def note(self, line: str) -> None:
        """Something else worth a line."""
        self._print(line)

    def _print(self, line: str) -> None:
        if self._cell is not None:
            self._cell.keep(line)
            return
        self.console.print(Text(line), soft_wrap=True)


class Cell:
    """The output of a notebook's cell: one line that is written over, below those that stay."""

    def __init__(self, line: str) -> None:
        from importlib import import_module

        display = import_module("IPython.display").display  # there, as a notebook runs
        self._kept: list[str] = []
        self._lock = threading.Lock()
        self._handle = display(self._shown(line), raw=True, display_id=True)

    def _shown(self, line: str) -> dict[str, str]:
        return {"text/plain": "\n".join([*self._kept, line])}

    def now(self, line: str) -> None:
        """Write the last line over."""
        with self._lock:
            self._handle.update(self._shown(line), raw=True)

    def keep(self, line: str) -> None:
        """Add a line that stays."""
        with self._lock:
            self._kept.append(line)
            self._handle.update({"text/plain": "\n".join(self._kept)}, raw=True)

    last = now
