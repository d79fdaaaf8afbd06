"""Workers on this machine: start, watch, limit and end one process tree."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from mmm_benchmark.environments import compiled
from mmm_benchmark.phases import PHASES
from mmm_benchmark.run.executors import Ending, Order, Stopped
from mmm_benchmark.run.keeper import LOG, PATIENCE
from mmm_benchmark.store.plain_files import is_plain, open_plain

TICK = 0.2  # seconds between looks at a worker
LONGEST_LOG = 64 * 2**20  # bytes
MOST_EVENTS = 2**20  # bytes of an events file read at a time
MEMORY_SHARE = 0.9  # of the machine's memory
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
)


class NotStarted(Exception):  # noqa: N818 - who launched it knows what this means
    """No keeper answered: the process that should have become it ended before."""


#: Starts the keeper of one worker at the other end of a line; returns seconds already imported.
Launch = Callable[[Order, socket.socket], float]


def perform(order: Order, report: Callable[[str], None], stopping: Callable[[], bool]) -> Ending:
    """Run the worker of ``order`` here, in an interpreter of its own.

    See :data:`mmm_benchmark.run.executors.Perform`.
    """
    started: list[subprocess.Popen[bytes]] = []

    def launch(order: Order, line: socket.socket) -> float:
        command = [
            *(str(order.python), "-P", "-m", "mmm_benchmark.run.worker"),
            str(order.directory),
        ]
        with (order.directory / LOG).open("ab") as log:
            # a session of its own: Ctrl-C reaches the parent alone, which ends workers in order
            started.append(
                subprocess.Popen(
                    [*command, str(line.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=order.directory,
                    env=environ(order),
                    pass_fds=[line.fileno()],
                    start_new_session=True,
                )
            )
        return 0.0

    report("start")
    begun, kills_before = time.monotonic(), kernel_kills()
    try:
        return follow(order, launch, report, stopping)
    except NotStarted:
        status, reason, circumstance = _cause(started[0].wait(), kernel_kills() > kills_before)
        return Ending(
            status=status,
            reason=f"{reason}, before it could start",
            wall_s=time.monotonic() - begun,
            peak_rss_mb=0.0,
            circumstance=circumstance,
        )
    finally:
        for keeper in started:
            keeper.wait()


def environ(order: Order) -> dict[str, str]:
    """The environment of a worker: its share of the cores, and which compiled programs it finds."""
    shares = {name: str(order.threads) for name in THREAD_VARIABLES}
    return compiled.variables(order.reuse_compiled, {**os.environ, **shares})


def follow(
    order: Order, launch: Launch, report: Callable[[str], None], stopping: Callable[[], bool]
) -> Ending:
    """Have a worker launched; watch it, hold it to its limits, and see that all of it ends."""
    order.lay_out()
    kills_before = kernel_kills()
    started = time.monotonic()
    mine, theirs = socket.socketpair()
    with mine:
        with theirs:
            imported_s = launch(order, theirs)
        line = Line(mine)
        phases = Phases(order.directory / "events.jsonl", report)
        peak = 0.0
        status = reason = None
        try:
            while not line.ended(TICK):
                phases.look()
                shorten(order.directory / LOG)
                rss = line.rss_mb()
                peak = max(peak, rss)
                elapsed = time.monotonic() - started
                if stopping():
                    raise Stopped
                if order.timeout is not None and elapsed > allowed(order.timeout, phases.latest):
                    status, reason = "timeout", f"took longer than {order.timeout:g} s"
                    break
                if order.memory_limit is not None and rss > order.memory_limit:
                    limit = f"the limit of {order.memory_limit:.0f} MB"
                    status, reason = "memory", f"held {rss:.0f} MB, more than {limit}"
                    break
        finally:
            line.hang_up()
    phases.look()
    if status is None and line.keeper is None:
        raise NotStarted
    circumstance = False
    if status is None and line.code is None:
        status, reason = "killed", "the keeper of the worker was ended from outside"
    elif status is None and line.code != 0:
        code = os.waitstatus_to_exitcode(line.code or 0)
        status, reason, circumstance = _cause(code, kernel_kills() > kills_before)
    return Ending(
        status=status,
        reason=reason,
        wall_s=time.monotonic() - started,
        peak_rss_mb=peak,
        imported_s=imported_s,
        circumstance=circumstance,
    )


class Line:
    """The parent's end of the line to a keeper; what the keeper told."""

    worker: int | None = None
    keeper: psutil.Process | None = None
    code: int | None = None  # wait status of the worker, once it has ended

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._rest = b""
        self._over = False
        self._seen: set[psutil.Process] = set()

    def ended(self, patience: float) -> bool:
        """Whether the keeper is gone; looked for at most ``patience`` seconds."""
        until = time.monotonic() + patience
        while not self._over and (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self._line], [], [], left)
            if ready:
                self._read()
        return self._over

    def _read(self) -> None:
        try:
            told = self._line.recv(65536)
        except OSError:
            told = b""
        self._over = not told
        *lines, self._rest = (self._rest + told).split(b"\n")
        for line in lines:
            message = json.loads(line)
            self.code = message.get("code", self.code)
            if "keeper" in message:
                with contextlib.suppress(psutil.Error):
                    self.keeper = psutil.Process(message["keeper"])

    def rss_mb(self) -> float:
        """Resident memory of the worker and everything under it, MB."""
        processes: list[psutil.Process] = []
        if self.keeper is not None:
            with contextlib.suppress(psutil.Error):
                processes = self.keeper.children(recursive=True)
        self._seen.update(processes)
        total = 0
        for process in processes:
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total / 2**20

    def hang_up(self) -> None:
        """Have the keeper end all it keeps; wait for it, and end by hand what is left."""
        if not self._over:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_WR)
            self.ended(PATIENCE)
        # a keeper that was killed could not do its work
        left = [] if self.code is not None or self.keeper is None else [self.keeper, *self._seen]
        for process in left:
            with contextlib.suppress(psutil.Error):  # known by its start too, not by its id alone
                process.kill()
        psutil.wait_procs(left, timeout=PATIENCE)


def shorten(log: Path) -> None:
    """Keep a log that never ends from filling the disk: its beginning is dropped."""
    with contextlib.suppress(OSError):
        if is_plain(log) and log.stat().st_size > LONGEST_LOG:
            os.truncate(log, 0)  # it is appended to, so it goes on from its new end


def allowed(timeout: float, phase: str | None) -> float:
    """Seconds a worker may take: draws that are made are not lost while they are summarised."""
    return 2 * timeout if phase == "summarise" else timeout


class Phases:
    """Follows the events file of a worker from where it was last read; heeds events alone."""

    latest: str | None = None

    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        self._path, self._report, self._offset = path, report, 0

    def look(self) -> None:
        """Report the phases entered since the last look."""
        try:
            with os.fdopen(open_plain(self._path), "rb") as file:
                file.seek(self._offset)
                text = file.read(MOST_EVENTS)
        except OSError:  # not there yet, or no file of ours
            return
        complete = text[: text.rfind(b"\n") + 1]
        self._offset += len(complete) if len(text) < MOST_EVENTS else len(text)
        for line in complete.splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                phase = json.loads(line)["phase"]
                if phase in PHASES:
                    self.latest = phase
                    self._report(phase)


def _cause(code: int, kernel_killed: bool) -> tuple[str, str, bool]:
    """Status, reason, and whether it lay outside, for a worker that ended without an answer."""
    if code >= 0:
        return "error", f"the worker ended with exit code {code} (its log says more)", False
    try:
        name = signal.Signals(-code).name
    except ValueError:  # a real-time signal
        name = f"signal {-code}"
    if code == -signal.SIGKILL and kernel_killed:
        return "memory", "killed by the kernel: this machine ran out of memory", True
    if -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return "killed", f"killed from outside ({name})", True
    return "error", f"the worker crashed ({name})", False


def kernel_kills() -> int:
    """How often the kernel has killed for want of memory, since boot (0 where it does not say)."""
    counts = 0
    for path in (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events")):
        with contextlib.suppress(OSError):
            for line in path.read_text().splitlines():
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    counts += int(value)
    return counts


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_memory_limit_mb() -> float:
    """What a worker may hold when no limit is given, MB."""
    return MEMORY_SHARE * machine_memory_mb()


def machine_memory_mb() -> float:
    """Memory of this machine, or of the container it is, MB."""
    limit = psutil.virtual_memory().total
    with contextlib.suppress(OSError, ValueError):
        limit = min(limit, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return limit / 2**20
