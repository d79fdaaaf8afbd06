"""Workers on this machine: start, watch, limit and end one process tree."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from mmm_benchmark.run.executors import Ending, Order, Stopped

TICK = 0.2  # seconds between looks at a worker
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


def perform(order: Order, report: Callable[[str], None], stopping: Callable[[], bool]) -> Ending:
    """Run the worker of ``order`` here; see :data:`mmm_benchmark.run.executors.Perform`."""
    threads = {name: str(order.threads) for name in THREAD_VARIABLES}
    command = [
        str(order.python),
        "-m",
        "mmm_benchmark.run.worker",
        str(order.directory),
        "--guarded",
    ]
    kills_before = kernel_kills()
    started = time.monotonic()
    with (order.directory / "log.txt").open("wb") as log:
        # a session of its own: Ctrl-C reaches the parent alone, which ends the workers in order
        worker = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # the lifeline: it closes when this process dies
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=order.directory,
            env={**os.environ, **threads},
            start_new_session=True,
        )
    peak = 0.0
    status = reason = None
    phases = Phases(order.directory / "events.jsonl", report)
    try:
        while not _ended(worker):
            phases.look()
            rss = tree_rss_mb(worker.pid)
            peak = max(peak, rss)
            elapsed = time.monotonic() - started
            if stopping():
                raise Stopped
            if order.timeout is not None and elapsed > allowed(order.timeout, phases.latest):
                status, reason = "timeout", f"took longer than {order.timeout:g} s"
                break
            if order.memory_limit is not None and rss > order.memory_limit:
                reason = f"held {rss:.0f} MB, more than the limit of {order.memory_limit:.0f} MB"
                status = "memory"
                break
    finally:
        end_tree(worker)
    phases.look()
    if status is None and worker.returncode != 0:
        status, reason = _cause(worker.returncode, kernel_kills() > kills_before)
    return Ending(status=status, reason=reason, wall_s=time.monotonic() - started, peak_rss_mb=peak)


def allowed(timeout: float, phase: str | None) -> float:
    """Seconds a worker may take: draws that are made are not lost while they are summarised."""
    return 2 * timeout if phase == "summarise" else timeout


class Phases:
    """Follows the events file of a worker, from where it was last read."""

    latest: str | None = None

    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        self._path, self._report, self._offset = path, report, 0

    def look(self) -> None:
        """Report the phases entered since the last look."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # half written: next time
                self._offset += len(line)
                self.latest = json.loads(line)["phase"]
                self._report(self.latest)


def _ended(worker: subprocess.Popen[bytes]) -> bool:
    try:
        worker.wait(TICK)
    except subprocess.TimeoutExpired:
        return False
    return True


def _cause(code: int, kernel_killed: bool) -> tuple[str, str]:
    """Status and reason for a worker that ended on its own with a code other than 0."""
    if code > 0:
        return "error", f"the worker ended with exit code {code}; its log says more"
    name = signal.Signals(-code).name
    if code == -signal.SIGKILL and kernel_killed:
        return "memory", "killed by the kernel: this machine ran out of memory"
    if -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return "killed", f"killed from outside ({name})"
    return "error", f"the worker crashed ({name})"


def tree_rss_mb(pid: int) -> float:
    """Resident memory of a process and everything under it, MB."""
    total = 0
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
    return total / 2**20


def end_tree(worker: subprocess.Popen[bytes]) -> None:
    """End a worker and all it started, also what left its process group; wait for it."""
    strays: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        strays = psutil.Process(worker.pid).children(recursive=True)
    if worker.returncode is None:  # once waited for, its id may be another's
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
    for stray in strays:
        with contextlib.suppress(psutil.Error):
            stray.kill()
    if worker.stdin is not None:
        worker.stdin.close()  # a guardian left behind ends the rest of its group
    worker.wait()


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
