"""Sealed directories: complete or absent, and able to prove that nothing in them changed.

Files are gathered in a staging folder, listed with their SHA-256 in ``manifest.json``, flushed to
disk, and only then renamed to their final name; a rename within one file system is atomic.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mmm_benchmark.store.locks import FileLock
from mmm_benchmark.store.plain_files import is_plain, open_plain, read_object

MANIFEST = "manifest.json"
TOKEN = "token"


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with os.fdopen(open_plain(path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(directory: Path) -> list[Path]:
    return sorted(directory / name for name in _entries(directory))


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
    """Say what is wrong with a sealed directory, or None when every byte is as it was sealed.

    It must hold just the files that its manifest lists, each a plain file: what is missing,
    altered, added, or a link or a device is a flaw.
    """
    if directory.is_symlink():
        return "it is a link to another folder"
    try:
        known = listed(directory)
        held = set(_entries(directory))
    except (OSError, ValueError) as error:
        return f"its {MANIFEST} cannot be read ({error.__class__.__name__})"
    for name, (size, checksum) in known.items():
        path = directory / name
        if name not in held:
            return f"{name} is missing"
        if not is_plain(path):
            return f"{name} is not a plain file"
        if path.stat().st_size != size:
            return f"{name} holds {path.stat().st_size} bytes, not {size}"
        try:
            found = digest(path)
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
        if found != checksum:
            return f"{name} was altered (its checksum differs)"
    if foreign := sorted(held - set(known)):
        return f"{foreign[0]} is in it and not in its {MANIFEST}"
    return None


def listed(directory: Path) -> dict[str, tuple[int, str]]:
    """Name -> (bytes, SHA-256) of a sealed folder's files; ValueError when it says otherwise."""
    listed = read_object(directory / MANIFEST).get("files")
    if not isinstance(listed, dict):
        raise ValueError("no files listed")
    known = {}
    for name, entry in listed.items():
        size = entry.get("bytes") if isinstance(entry, dict) else None
        checksum = entry.get("sha256") if isinstance(entry, dict) else None
        if type(size) is not int or not isinstance(checksum, str):
            raise ValueError(f"no size and checksum of {name}")
        if Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
            raise ValueError(f"{name} leads out of the folder")
        known[name] = (size, checksum)
    return known


def _entries(directory: Path) -> Iterator[str]:
    """All that lies in a folder and below, links not followed, the manifest left out."""
    for place, folders, files in os.walk(directory):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in [*files, *links]:
            path = (Path(place) / name).relative_to(directory).as_posix()
            if path != MANIFEST:
                yield path


def publish(staged: Path, final: Path) -> None:
    """Seal ``staged`` and move it to ``final``, in place of what is there."""
    seal(staged)
    put_in_place(staged, final)


def put_in_place(staged: Path, final: Path) -> None:
    """Move a folder that is sealed already to ``final``, in place of what is there."""
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.is_symlink() or (final.exists() and not final.is_dir()):
        final.unlink()  # whatever was put there in place of a sealed folder
    if final.exists():
        # beside the staged folder, so that whoever sweeps the staging area takes it along
        final.rename(staged.with_name(staged.name + ".old"))
    staged.rename(final)
    _sync(final.parent)
    shutil.rmtree(staged.with_name(staged.name + ".old"), ignore_errors=True)


class Staging:
    """A run's own folder for unfinished work; swept by whoever comes later if the run dies.

    The run holds a lock in it, which the kernel drops at death, however sudden. Another machine
    that finds the run's token there sees the same disk.
    """

    def __init__(self, area: Path) -> None:
        area.mkdir(parents=True, exist_ok=True)
        sweep(area)
        self.path = Path(tempfile.mkdtemp(prefix="run-", dir=area))
        self._lock = FileLock(self.path / "owner")
        self._lock.acquire()
        self.token = secrets.token_hex(16)
        (self.path / TOKEN).write_text(self.token)

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


def sweep(area: Path, *, remove: bool = True) -> list[Path]:
    """Remove the leftovers of runs that died; return them."""
    swept = []
    for path in area.glob("run-*"):
        lock = FileLock(path / "owner")
        if not (path / "owner").exists() and _young(path):
            continue  # being made this very moment
        if lock.acquire(wait=False):
            if remove:
                shutil.rmtree(path, ignore_errors=True)
            lock.release(leave=not remove)
            swept.append(path)
    return swept


def _young(path: Path, seconds: float = 60.0) -> bool:
    import time

    try:
        return time.time() - path.stat().st_mtime < seconds
    except FileNotFoundError:
        return True
