"""Sealed directories: complete or absent, and able to prove that nothing in them changed.

Files are gathered in a staging folder, listed with their SHA-256 in ``manifest.json``, flushed to
disk, and only then renamed to their final name; a rename within one file system is atomic.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from mmm_benchmark.store.locks import FileLock

MANIFEST = "manifest.json"


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(directory: Path) -> list[Path]:
    found = (path for path in directory.rglob("*") if path.is_file() and path.name != MANIFEST)
    return sorted(found)


def seal(directory: Path) -> None:
    """Write the manifest of everything in ``directory`` and flush it all to disk."""
    files = {
        path.relative_to(directory).as_posix(): {
            "sha256": digest(path),
            "bytes": path.stat().st_size,
        }
        for path in _files(directory)
    }
    (directory / MANIFEST).write_text(json.dumps({"files": files}, indent=1))
    for path in [*_files(directory), directory / MANIFEST, directory]:
        _sync(path)


def flaw(directory: Path) -> str | None:
    """Say what is wrong with a sealed directory, or None when every byte is as it was sealed."""
    try:
        listed = json.loads((directory / MANIFEST).read_text())["files"]
    except (OSError, ValueError, KeyError) as error:
        return f"its {MANIFEST} cannot be read ({type(error).__name__})"
    for name, known in listed.items():
        path = directory / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != known["bytes"]:
            return f"{name} holds {path.stat().st_size} bytes, not {known['bytes']}"
        if digest(path) != known["sha256"]:
            return f"{name} was altered (its checksum differs)"
    return None


def publish(staged: Path, final: Path) -> None:
    """Seal ``staged`` and move it to ``final``, in place of what is there."""
    seal(staged)
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists():
        # beside the staged folder, so that whoever sweeps the staging area takes it along
        final.rename(staged.with_name(staged.name + ".old"))
    staged.rename(final)
    _sync(final.parent)
    shutil.rmtree(staged.with_name(staged.name + ".old"), ignore_errors=True)


class Staging:
    """A run's own folder for unfinished work; swept by whoever comes later if the run dies.

    The run holds a lock in it, which the kernel drops at death, however sudden.
    """

    def __init__(self, area: Path) -> None:
        area.mkdir(parents=True, exist_ok=True)
        sweep(area)
        self.path = Path(tempfile.mkdtemp(prefix="run-", dir=area))
        self._lock = FileLock(self.path / "owner")
        self._lock.acquire()

    def folder(self, name: str) -> Path:
        """Make an empty folder of that name."""
        path = self.path / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def close(self) -> None:
        """Drop everything that was not published."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def sweep(area: Path) -> int:
    """Remove the leftovers of runs that died; return how many."""
    swept = 0
    for path in area.glob("run-*"):
        lock = FileLock(path / "owner")
        if not (path / "owner").exists() and _young(path):
            continue  # being made this very moment
        if lock.acquire(wait=False):
            shutil.rmtree(path, ignore_errors=True)
            lock.release()
            swept += 1
    return swept


def _young(path: Path, seconds: float = 60.0) -> bool:
    import time

    try:
        return time.time() - path.stat().st_mtime < seconds
    except FileNotFoundError:
        return True
