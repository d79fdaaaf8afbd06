"""The fork server of an environment: it has imported, so that its workers need not.

``python -m mmm_benchmark.run.fork_server FD MODULE...`` imports what a worker needs anyway and
then, timed, the modules named; it answers ``{"import_s": seconds}`` on the socket FD. For each
folder that then comes, with the line of its keeper as a file descriptor, it forks a keeper
(:mod:`mmm_benchmark.run.keeper`), which forks the worker: so a fit still has a process of its own,
limits of its own and ends with all it started, and what it changes in memory is its own copy.

Nothing is initialised here that a fork would break: modules are imported and nothing is called,
no JAX backend is made, no pool of threads is started, no HDF5 file is open.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import socket
import sys
import time
from pathlib import Path

from mmm_benchmark.run.keeper import become_subreaper
from mmm_benchmark.run.worker import Imported, status_mb

#: What every worker imports before its clock starts, as reading the data needs it.
ALWAYS = (
    *("numpy", "pandas", "xarray", "h5py", "psutil", "mmm_data_generator.dataset.netcdf"),
    *("mmm_benchmark.environments.load", "mmm_benchmark.environments.interview"),
    *("mmm_benchmark.fit", "mmm_benchmark.phases", "mmm_benchmark.run.worker"),
    "mmm_benchmark.estimands",
)


def serve(door: socket.socket, modules: list[str]) -> None:
    """Import, then fork a keeper for every order until the other end of ``door`` is closed."""
    for name in ALWAYS:
        importlib.import_module(name)
    started = time.perf_counter()
    for name in modules:
        importlib.import_module(name)
    seconds = time.perf_counter() - started
    gc.collect()
    gc.freeze()  # or every collection of a worker would copy the pages of all that is imported
    imported = Imported(seconds, files_mb=status_mb("RssFile"))
    door.sendall(json.dumps({"import_s": seconds}).encode() + b"\n")
    become_subreaper()
    keepers: set[int] = set()
    while True:
        ready, _, _ = select.select([door], [], [], 1.0)
        _bury(keepers)
        if not ready:
            continue
        message, handles, _, _ = socket.recv_fds(door, 65536, 1)
        if not message:
            return
        line = socket.socket(fileno=handles[0])
        keeper = os.fork()
        if keeper == 0:
            door.close()
            _become_keeper(Path(json.loads(message)["directory"]), line, imported)
        keepers.add(keeper)
        line.close()


def _bury(keepers: set[int]) -> None:
    """Take note of keepers that have ended; kill what one that was killed has left behind."""
    orphaned = False
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            orphaned |= ended[0] in keepers and os.WIFSIGNALED(ended[1])
            keepers.discard(ended[0])
    if orphaned:
        import psutil

        for child in psutil.Process().children():
            if child.pid not in keepers:
                with contextlib.suppress(psutil.Error):
                    child.kill()


def _become_keeper(directory: Path, line: socket.socket, imported: Imported) -> None:
    from mmm_benchmark.run import keeper, worker

    try:
        os.setsid()
        keeper.redirect(directory)
    except OSError as error:
        print(f"the worker's folder cannot be used: {error}", file=sys.stderr)
        os._exit(1)
    keeper.keep(lambda: worker.work(directory, imported), line)


def main(argv: list[str]) -> None:
    """Serve on the socket whose number is ``argv[0]``, in a session that the parent has made."""
    with socket.socket(fileno=int(argv[0])) as door, contextlib.suppress(ConnectionError):
        serve(door, argv[1:])
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
