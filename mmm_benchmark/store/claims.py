"""Claims: locks in an object store, kept alive by their holder and taken over when it falls silent.

An object store has no lock that dies with its owner. A claim is an object that its holder writes
again every few seconds; who waits watches it, by a clock of their own, and takes over once it has
not changed for long. Claims spare work and decide nothing: a fit that two runs made by mistake is
the same fit, and the later manifest counts.
"""

from __future__ import annotations

import os
import platform
import secrets
import threading
import time
from collections.abc import Callable

from mmm_benchmark.errors import UserError
from mmm_benchmark.store.objects import Objects
from mmm_benchmark.store.waiting import taken

BEAT = 15.0  # seconds between signs of life
SILENT = 90.0  # seconds without one, and the holder counts as dead


class Claim:
    """An exclusive claim named by a folder of objects, one object to a generation of holders."""

    def __init__(
        self,
        objects: Objects,
        folder: str,
        *,
        beat: float = BEAT,
        silent: float = SILENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._objects, self._folder = objects, folder
        self._beat, self._silent, self._clock = beat, silent, clock
        self._owner = f"{platform.node()} {os.getpid()} {secrets.token_hex(8)}"
        self._held: str | None = None
        self._seen: tuple[str, bytes, float] | None = None  # whose sign of life, and since when
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(
        self,
        *,
        wait: bool = True,
        waiting: Callable[[], None] | None = None,
        poll: float = 1.0,  # seconds
    ) -> bool:
        """Take the claim; False when another's is alive and ``wait`` is False.

        ``waiting`` is called at every try that finds it taken; it may raise to give up.
        """
        return taken(self._try, wait, waiting, poll)

    def _try(self) -> bool:
        holders = [name for name in self._objects.names(self._folder) if name.isdecimal()]
        if not holders:
            return self._take(0)
        last = max(holders, key=int)
        sign = self._objects.read(f"{self._folder}/{last}")
        if sign is None:  # given back just now
            return False
        now = self._clock()
        if self._seen is None or self._seen[:2] != (last, sign):
            self._seen = (last, sign, now)
            return False
        if now - self._seen[2] < self._silent:
            return False
        # of several who find the holder dead, one creates the next generation
        taken = self._take(int(last) + 1)
        if taken:
            self._objects.remove(f"{self._folder}/{last}")
        return taken

    def _take(self, generation: int) -> bool:
        name = f"{self._folder}/{generation}"
        if not self._objects.create(name, self._sign(0)):
            return False
        self._held = name
        self._ending.clear()
        self._thread = threading.Thread(target=self._live, args=(name,), daemon=True)
        self._thread.start()
        return True

    def _sign(self, count: int) -> bytes:
        return f"{self._owner} {count}".encode()

    def _live(self, name: str) -> None:
        count = 0
        while not self._ending.wait(self._beat):
            count += 1
            try:
                self._objects.put(name, self._sign(count))
            except UserError:
                continue  # the next may get through; if none does, another takes over

    def release(self) -> None:
        """Give the claim back; harmless when it is not held."""
        if self._held is None:
            return
        self._ending.set()
        if self._thread is not None:
            self._thread.join()  # a late sign of life would put the claim back
        held, self._held = self._held, None
        self._objects.remove(held)
