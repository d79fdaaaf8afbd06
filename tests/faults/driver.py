"""One ``mmm-benchmark run`` that something is done to: begun, watched, and all it started."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache, partial
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Protocol

import psutil

from tests.external.road import FITTERS
from tests.factories import tiny_dataset

ROOT = Path(__file__).parents[2]
LONGEST = 600.0  # seconds that a run of this size can take on a very busy machine
PATIENCE = 60.0  # seconds in which all that a run started ends, on a very busy machine
WARM = "tests.faults.warm"
LOOK = 0.05  # seconds between two looks at a run


class Driver:
    """One ``mmm-benchmark run`` of a fitter on small datasets.

    ``warm`` ones are forked from a process that has imported what a run imports, and make no page:
    the same command in a process of its own, at a tenth of the time of a cold one.
    """

    def __init__(
        self,
        place: Path,
        fitter: str = "good",
        *more: str,
        limit: int | None = None,
        warm: bool = True,
    ) -> None:
        self.results = place / "results"
        words = ["run", "--datasets", *datasets(), "--no-plots", *more]
        words += ["--fitter", str(FITTERS / f"{fitter}.py"), "--results", str(self.results)]
        handle, name = tempfile.mkstemp(prefix="said-", dir=place)
        os.close(handle)
        self.said = Path(name)
        begin = warm_start if warm else cold_start
        self.process: Started = begin(words, self.said, limit)
        self.below: set[psutil.Process] = set()

    @property
    def over(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def wait(self) -> tuple[int, str]:
        """Exit code and all that was said; what it started is remembered on the way."""
        hung = ""
        self.watch(time.monotonic() + LONGEST)
        if not self.over:
            os.kill(self.process.pid, signal.SIGKILL)
            hung = "HUNG"
        code = self.process.wait()
        return code, self.said.read_text(errors="replace") + hung

    def watch(self, moment: float) -> None:
        """Let it go on until the moment, or its end; what it starts is remembered."""
        while not self.over and time.monotonic() < moment:
            self.look()
            time.sleep(LOOK)

    def look(self) -> list[psutil.Process]:
        """What the run has started so far and still goes."""
        for pid in descendants(self.process.pid) - {process.pid for process in self.below}:
            with contextlib.suppress(psutil.Error):
                self.below.add(psutil.Process(pid))
        return [process for process in self.below if alive(process)]

    def left(self) -> list[int]:
        """What outlives the run, once it has had a moment to end."""
        until = time.monotonic() + PATIENCE
        while (living := self.look()) and time.monotonic() < until:
            time.sleep(0.05)
        return [process.pid for process in living]


@cache
def datasets() -> list[str]:
    """Folders of three small datasets, which all runs read."""
    place = Path(tempfile.mkdtemp(prefix="faults-data-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    for seed in range(3):
        tiny_dataset(seed=seed).save(place / f"data{seed}")
    return [str(path) for path in sorted(place.iterdir())]


def descendants(pid: int) -> set[int]:
    """All processes below one. The kernel's own lists: going over all processes takes a core."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
            found.update(map(int, children))
    return found.union(*map(descendants, found))


class Started(Protocol):
    """A process of ours, however it was started."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...


def cold_start(words: Sequence[str], said: Path, limit: int | None) -> Started:
    """An interpreter of its own, as a shell starts one."""
    with said.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "mmm_benchmark.cli", *words],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(_prepare, limit),
        )


def warm_start(words: Sequence[str], said: Path, limit: int | None) -> Started:
    """A fork of a process that has imported; Python's own fork server."""
    return Forked([*words, "--no-page"], said, limit)


class Forked:
    """A process of the fork server, with the methods of one of ``subprocess``."""

    def __init__(self, words: Sequence[str], said: Path, limit: int | None) -> None:
        self._process = _forking().Process(
            target=command_line, args=(words, str(said), limit, dict(os.environ))
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, once there is one."""
        return self._process.exitcode

    def wait(self) -> int:
        """Its exit code."""
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode


@cache
def _forking() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM])
    return context


def command_line(
    words: Sequence[str], said: str, limit: int | None, environ: dict[str, str]
) -> None:
    """Become the command in a session of its own."""
    from mmm_benchmark import cli

    os.setsid()
    with open(said, "ab", buffering=0) as out:
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
    _prepare(limit)
    os.environ.update(environ)
    os.chdir(ROOT)
    sys.argv = ["mmm-benchmark", *words]
    sys.exit(cli.main())


def _prepare(limit: int | None) -> None:
    """Bound the size of files; an interrupt ends what a shell starts in the foreground."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def alive(process: psutil.Process) -> bool:
    """Whether it runs; one that waits to be buried does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.is_running()
    except psutil.Error:
        return False


@cache
def usual_time(warm: bool = True) -> float:
    """Seconds that an undisturbed run takes now."""
    with tempfile.TemporaryDirectory() as place:
        begun = time.monotonic()
        Driver(Path(place), warm=warm).wait()
        return time.monotonic() - begun
