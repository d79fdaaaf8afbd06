"""Locks that die with their owner: ``flock`` on a file, dropped by the kernel at process end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from mmm_benchmark.errors import UserError
from mmm_benchmark.store.waiting import taken

try:
    import fcntl
except ImportError:
    raise UserError(
        "mmm-benchmark runs on Linux and macOS; on Windows run it in WSL: wsl --install, then "
        "install it there (the generator alone runs on Windows as it is)"
    ) from None


class FileLock:
    """An exclusive lock named by a path. The file goes when the lock is released."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(
        self,
        *,
        wait: bool = True,
        waiting: Callable[[], None] | None = None,
        poll: float = 0.1,  # seconds
    ) -> bool:
        """Take the lock; return False when it is held elsewhere and ``wait`` is False.

        ``waiting`` is called at every try that finds the lock taken; it may raise to give up.
        """
        return taken(self._try, wait, waiting, poll)

    def _try(self) -> bool:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # the holder before us may have removed the file between our open and our lock
            current = os.stat(self.path)
        except (BlockingIOError, FileNotFoundError):
            os.close(handle)
            return False
        if not os.path.samestat(current, os.fstat(handle)):
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self, *, leave: bool = False) -> None:
        """Give the lock back; harmless when it is not held. Its file stays where ``leave``."""
        if self._handle is None:
            return
        if not leave:
            self.path.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = None
