"""Sealed folders on a disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mmm_benchmark.errors import UserError
from mmm_benchmark.store.locks import FileLock
from mmm_benchmark.store.sealed_folder import flaw, publish, sweep
from mmm_benchmark.store.shelf import LOCKS, STAGING, DamagedError


class DiskShelf:
    """Folders under ``root``; a rename makes them appear."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self, room: str) -> list[str]:
        """What is there, sorted."""
        folder = self.root / room
        if not folder.is_dir():
            return []
        return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))

    def holds(self, room: str, name: str) -> bool:
        """Whether there is a folder of that name."""
        return (self.root / room / name).is_dir()

    def fetch(self, room: str, name: str) -> Path | None:
        """The folder itself."""
        path = self.root / room / name
        if not path.is_dir():
            return None
        if (wrong := flaw(path)) is not None:
            raise DamagedError(wrong)
        return path

    def publish(self, room: str, name: str, staged: Path) -> Path:
        """Seal and rename."""
        final = self.root / room / name
        publish(staged, final)
        return final

    def lock(self, name: str) -> FileLock:
        """A lock that the kernel drops when its holder dies."""
        return FileLock(self.root / LOCKS / name)

    def check(self) -> None:
        """Make a file, and remove it."""
        check_folder(self.root)

    def sweep(self, *, remove: bool) -> list[str]:
        """Unfinished work of runs that died, and lock files that nobody holds."""
        found = [path.name for path in sweep(self.root / STAGING, remove=remove)]
        for path in sorted((self.root / LOCKS).glob("*")):
            lock = FileLock(path)
            if lock.acquire(wait=False):
                lock.release(leave=not remove)
                found.append(path.name)
        return found

    def share(self) -> None:
        """They are made where the store is."""


def check_folder(root: Path) -> None:
    """Raise a UserError unless files can be made under ``root`` (which is made if need be)."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writable-", dir=root)
        os.close(handle)
        os.unlink(name)
    except OSError as error:
        raise UserError(
            f"results directory '{root}' cannot be written to ({error.strerror}); "
            "name another with --results DIR"
        ) from error
