"""The keeper: a small process that runs one worker, and with which all of it ends.

The keeper forks the worker and waits for one of two things: the worker's end, or the end of its
line, a socket whose other end only the parent holds. Either way it then kills whatever is left of
the worker: children, daemons and processes in sessions of their own alike, since on Linux the
keeper is their subreaper, so that none of them can leave for another parent. A thread could be
starved by a library that keeps the interpreter lock; a process cannot.

Told over the line, one JSON object a line: ``{"worker": pid, "keeper": pid}`` at the start and
``{"code": status}``, as ``os.waitpid`` gives it, at the end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

# of <linux/prctl.h>
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 10.0  # seconds in which the kernel must have ended what was killed
LOG = "log.txt"


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def become_subreaper() -> None:
    """Be the parent of every orphan below this process (Linux; elsewhere nothing happens)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def keep(work: Callable[[], int], line: socket.socket) -> None:
    """Run ``work`` in a child and end with it; never returns.

    The caller is a process made for this, and in a session of its own.
    """
    become_subreaper()
    keeper = os.getpid()
    worker = os.fork()
    if worker == 0:
        line.close()
        os.setsid()  # a fitter that signals its process group does not reach the keeper
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:
            os._exit(1)
        os._exit(_done(work))
    with contextlib.suppress(OSError):  # the parent has gone: the line says so below
        line.sendall(json.dumps({"worker": worker, "keeper": keeper}).encode() + b"\n")
    import psutil

    code = _wait(worker, line)
    _end_all(psutil.Process())
    if code is not None:
        with contextlib.suppress(OSError):
            line.sendall(json.dumps({"code": code}).encode() + b"\n")
    os._exit(0)


def _done(work: Callable[[], int]) -> int:
    code = 1
    try:
        code = work()
    except BaseException:  # this is the end of the process: there is nobody else to tell
        traceback.print_exc()
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _wait(worker: int, line: socket.socket) -> int | None:
    """The worker's wait status, or None when the line ended first."""
    watched: list[int] = [line.fileno()]
    with contextlib.suppress(AttributeError, OSError):  # not Linux, or an old kernel
        watched.append(os.pidfd_open(worker))
    patience = None if len(watched) > 1 else 0.05  # seconds
    while True:
        found, status = os.waitpid(worker, os.WNOHANG)
        if found == worker:
            return status
        ready, _, _ = select.select(watched, [], [], patience)
        if line.fileno() in ready:
            try:
                if not line.recv(4096):
                    return None
            except OSError:
                return None


def _end_all(keeper: object) -> None:
    """Kill every descendant of this process, and wait until none is left."""
    import psutil

    assert isinstance(keeper, psutil.Process)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = keeper.children(recursive=True)
        if not left:
            return
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.005)


def redirect(directory: Path) -> None:
    """Go to a worker's folder; what it prints is added to the log there, and it reads nothing."""
    os.chdir(directory)
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, targets in ((nothing, (0,)), (log, (1, 2))):
        for target in targets:
            os.dup2(source, target)
        os.close(source)
