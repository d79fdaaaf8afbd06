"""Workers forked from a process of their environment that has imported already.

One fork server for each interpreter and list of imports, started with the first worker that needs
it and closed with the run. A server that cannot be started, or that was killed, costs no fit: the
worker then runs in an interpreter of its own, as in :mod:`mmm_benchmark.run.executors.local`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mmm_benchmark.run.executors import Ending, Order, Perform, local

START = 300.0  # seconds in which a server must have imported
MOST_SERVERS = 4  # kept at a time: each holds the libraries of its environment in memory

_Key = tuple[Path, tuple[str, ...], int, str | None, bool]


class ServerError(Exception):
    """A fork server is not there or takes no order."""


@contextlib.contextmanager
def forking() -> Iterator[Perform]:
    """Yield what performs orders from fork servers; the servers end with the block."""
    servers = Servers()
    try:
        yield servers.perform
    finally:
        servers.close()


class Servers:
    """The fork servers of a run: ``most`` at a time, those used last."""

    def __init__(self, most: int = MOST_SERVERS) -> None:
        self._most = most
        self._servers: dict[_Key, Server] = {}
        self._failed: set[_Key] = set()
        self._lock = threading.Lock()

    def perform(
        self, order: Order, report: Callable[[str], None], stopping: Callable[[], bool]
    ) -> Ending:
        """Run the worker of ``order``; see :data:`mmm_benchmark.run.executors.Perform`."""
        report("start")
        # on a cluster the devices of a process change from task to task
        devices = os.environ.get("CUDA_VISIBLE_DEVICES")
        key = (order.python, order.imports, order.threads, devices, order.reuse_compiled)
        try:
            server = self._ready(key, order)
        except ServerError:
            return local.perform(order, report, stopping)

        def launch(order: Order, line: socket.socket) -> float:
            server.launch(order, line)
            return server.import_s

        try:
            return local.follow(order, launch, report, stopping)
        except (ServerError, local.NotStarted):  # killed since: the next worker starts another
            with self._lock:
                if self._servers.get(key) is server:
                    self._servers.pop(key)
                server.close()
            return local.perform(order, report, stopping)

    def _ready(self, key: _Key, order: Order) -> Server:
        with self._lock:  # one server is started at a time: importing is work for one core
            if key in self._failed:
                raise ServerError
            server = self._servers.pop(key, None)
            if server is not None and not server.alive:
                server.close()
                server = None
            if server is None:
                try:
                    server = Server(order)
                except ServerError:
                    self._failed.add(key)
                    raise
            self._servers[key] = server  # the latest used stands last
            for oldest in list(self._servers)[: -self._most]:
                self._servers.pop(oldest).close()
            return server

    def close(self) -> None:
        """End the servers; their workers have ended, or go on with their own keepers."""
        for server in self._servers.values():
            server.close()


class Server:
    """One fork server, started and ready."""

    def __init__(self, order: Order) -> None:
        self._door, theirs = socket.socketpair()
        command = [str(order.python), "-P", "-m", "mmm_benchmark.run.fork_server"]
        with theirs, tempfile.TemporaryFile() as said:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), *order.imports],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=order.directory.parent,
                env=local.environ(order),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        try:
            self.import_s = self._greeting()
        except ServerError:
            self.close()
            raise

    def _greeting(self) -> float:
        told, until = b"", time.monotonic() + START
        while not told.endswith(b"\n"):
            ready, _, _ = select.select([self._door], [], [], max(0.0, until - time.monotonic()))
            more = self._door.recv(65536) if ready else b""
            if not more:
                raise ServerError
            told += more
        return float(json.loads(told)["import_s"])

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def launch(self, order: Order, line: socket.socket) -> None:
        """Have a keeper forked for the worker of ``order``."""
        message = json.dumps({"directory": str(order.directory.absolute())}).encode()
        try:
            socket.send_fds(self._door, [message], [line.fileno()])
        except OSError as error:
            raise ServerError from error

    def close(self) -> None:
        """Let the server go; keepers that it forked stay with their lines."""
        self._door.close()
        try:
            self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
