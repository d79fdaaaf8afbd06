"""Sealed folders in an object store, complete or absent without a rename, with a local mirror.

``fits/KEY/manifest.json`` names every file of a fit with its size and SHA-256; the file itself is
the object ``fits/KEY/SHA256/NAME``. The manifest is written last and in one piece, so a folder
appears, or is replaced, all at once. A reader trusts only files that match a manifest.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from mmm_benchmark.errors import UserError
from mmm_benchmark.store.claims import Claim
from mmm_benchmark.store.disk_shelf import check_folder
from mmm_benchmark.store.locks import FileLock
from mmm_benchmark.store.objects import Objects
from mmm_benchmark.store.plain_files import MOST_BYTES, read_bytes
from mmm_benchmark.store.sealed_folder import (
    MANIFEST,
    Staging,
    digest,
    flaw,
    listed,
    publish,
    put_in_place,
)
from mmm_benchmark.store.shelf import LOCKS, STAGING, DamagedError
from mmm_benchmark.store.sweeping import leftovers

PENDING = ".pending"
NAME = re.compile(r"[\w-][\w.-]*")
MOST_MANIFEST = 2**20  # bytes: a sealed folder has a handful of files
TRIES = 3  # at reading a folder that is replaced meanwhile
MADE = "summary/.stamp.json"  # what was made of the fits, with checksums


class ObjectShelf:
    """Folders under the URL of ``objects``; ``mirror`` keeps those read or written, as a store."""

    def __init__(self, objects: Objects, mirror: Path) -> None:
        self._objects = objects
        self._mirror = mirror

    def names(self, room: str) -> list[str]:
        """What is there, sorted."""
        return [name for name in self._objects.names(room) if NAME.fullmatch(name)]

    def holds(self, room: str, name: str) -> bool:
        """Whether there is a manifest: the files it names were there before it."""
        return self._objects.size(f"{room}/{name}/{MANIFEST}") is not None

    def fetch(self, room: str, name: str) -> Path | None:
        """The folder as the mirror has it, brought there where it is not or differs."""
        if NAME.fullmatch(name) is None:
            return None
        near = self._mirror / room / name
        with self._near_lock(room, name):
            for _ in range(TRIES):
                manifest = self._manifest(room, name)
                if manifest is None:
                    return None
                if _manifest_bytes(near) == manifest and flaw(near) is None:
                    return near
                gone = self._bring(room, name, manifest)
                if gone is None:
                    return near
            raise DamagedError(f"{gone} is missing")

    def _manifest(self, room: str, name: str) -> bytes | None:
        at = f"{room}/{name}/{MANIFEST}"
        size = self._objects.size(at)
        if size is not None and size > MOST_MANIFEST:
            raise DamagedError(f"its {MANIFEST} cannot be read (it holds {size} bytes)")
        return None if size is None else self._objects.read(at)

    def _bring(self, room: str, name: str, manifest: bytes) -> str | None:
        """Bring a folder to the mirror; return the name of a file that is not there."""
        staging = Staging(self._mirror / STAGING)
        try:
            staged = staging.folder(name)
            (staged / MANIFEST).write_bytes(manifest)
            try:
                known = listed(staged)
            except (OSError, ValueError) as error:
                raise DamagedError(f"its {MANIFEST} cannot be read ({error})") from error
            for file, (size, checksum) in known.items():
                at = f"{room}/{name}/{_blob(file, checksum)}"
                found = self._objects.size(at)
                if found is None:
                    return file
                if found != size:
                    raise DamagedError(f"{file} holds {found} bytes, not {size}")
                content = self._objects.read(at)
                if content is None:
                    return file
                path = staged / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            if (wrong := flaw(staged)) is not None:
                raise DamagedError(wrong)
            put_in_place(staged, self._mirror / room / name)
        finally:
            staging.close()
        return None

    def publish(self, room: str, name: str, staged: Path) -> Path:
        """Seal, keep in the mirror, send.

        What cannot be sent is kept and marked: the next run on this mirror sends it.
        """
        near = self._mirror / room / name
        mark = self._mirror / PENDING / f"{room} {name}"
        mark.parent.mkdir(parents=True, exist_ok=True)
        with self._near_lock(room, name):
            mark.touch()
            publish(staged, near)
            try:
                self._send(room, name)
            except UserError as error:
                raise UserError(
                    f"{error}; {room}/{name} is kept in '{self._mirror}' and sent by the next run"
                ) from error
            mark.unlink(missing_ok=True)
        return near

    def _send(self, room: str, name: str) -> None:
        """The files first, each under its checksum; then, in one piece, what makes them count."""
        near = self._mirror / room / name
        self._objects.put_all(
            {
                f"{room}/{name}/{_blob(file, checksum)}": (near / file).read_bytes()
                for file, (_, checksum) in listed(near).items()
            }
        )
        self._objects.put(f"{room}/{name}/{MANIFEST}", (near / MANIFEST).read_bytes())

    def _send_pending(self) -> None:
        """Send what an earlier run could not."""
        for mark in sorted((self._mirror / PENDING).glob("* *")):
            room, _, name = mark.name.partition(" ")
            with self._near_lock(room, name):
                if flaw(self._mirror / room / name) is None:
                    self._send(room, name)
                mark.unlink(missing_ok=True)

    def lock(self, name: str) -> Claim:
        """A claim that its holder keeps alive."""
        return Claim(self._objects, f"{LOCKS}/{name}")

    def check(self) -> None:
        """Write an object and remove it; then send what an earlier run could not."""
        check_folder(self._mirror)
        trial = f".writable-{secrets.token_hex(8)}"
        try:
            self._objects.put(trial, b"")
            self._objects.remove(trial)
        except UserError as error:
            raise UserError(f"results cannot be written: {error}") from error
        self._send_pending()

    def sweep(self, *, remove: bool) -> list[str]:
        """Objects that no manifest names and no run is about to name: older than a day."""
        return leftovers(self._objects, self.lock, remove=remove)

    def share(self) -> None:
        """Send tables, pictures and page that differ from those that were sent last."""
        made = _files_made(read_bytes(self._mirror / MADE))
        sent = _files_made(self._objects.read(MADE) or b"{}")
        fresh = [name for name, checksum in made.items() if sent.get(name) != checksum]
        for name in fresh:
            path = self._mirror / name
            with contextlib.suppress(FileNotFoundError):  # another run makes it anew right now
                if digest(path) == made[name]:
                    self._objects.put(name, read_bytes(path, most=16 * MOST_BYTES))
        if fresh or set(made) != set(sent):
            self._objects.put(MADE, json.dumps({"files": made}, indent=1).encode())

    @contextlib.contextmanager
    def _near_lock(self, room: str, name: str) -> Iterator[None]:
        """Keeps threads and runs that share the mirror from bringing one folder twice."""
        lock = FileLock(self._mirror / LOCKS / f"near-{room}-{name}")
        lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _blob(file: str, checksum: str) -> str:
    return f"{checksum}/{file}"


def _manifest_bytes(folder: Path) -> bytes | None:
    try:
        return read_bytes(folder / MANIFEST)
    except OSError:
        return None


def _files_made(stamp: bytes) -> dict[str, str]:
    """Name -> checksum from a stamp; nothing from one of another shape."""
    try:
        files = json.loads(stamp)["files"]
        return {str(name): str(checksum) for name, checksum in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
