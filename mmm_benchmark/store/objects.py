"""Bytes by name in an object store, through fsspec: S3, Google, Azure, memory, what it knows.

Only what such stores promise is used: an object appears whole or not at all, and can be created
on the condition that its name is free. Nothing is renamed, nothing is appended to.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mmm_benchmark.errors import UserError

MISSING = "needs fsspec and the driver of that store: pip install 'mmm-benchmark[remote]'"


class Objects:
    """The objects under one URL; names are relative to it.

    Every failure but absence is a UserError of one line: each driver raises kinds of its own.
    """

    def __init__(self, url: str, files: Any, base: str) -> None:
        self.url = url
        self._files = files
        self._base = base.rstrip("/")

    def read(self, name: str) -> bytes | None:
        """The object's bytes; None when there is none."""
        with self._reached():
            try:
                return self._files.cat_file(self._at(name))
            except FileNotFoundError:
                return None

    def size(self, name: str) -> int | None:
        """Its bytes by count; None when there is none."""
        with self._reached():
            try:
                return self._files.info(self._at(name))["size"]
            except FileNotFoundError:
                return None

    def put(self, name: str, content: bytes) -> None:
        """Write it, in place of what is there."""
        with self._reached():
            self._files.pipe_file(self._at(name), content)

    def put_all(self, contents: Mapping[str, bytes]) -> None:
        """Write several at once, in any order."""
        with self._reached():
            self._files.pipe({self._at(name): content for name, content in contents.items()})

    def create(self, name: str, content: bytes) -> bool:
        """Write it unless that name is taken; say whether it was written.

        A store without conditional writes overwrites: the caller must bear two winners.
        """
        with self._reached():
            try:
                self._files.pipe_file(self._at(name), content, mode="create")
            except FileExistsError:
                return False
            return True

    def names(self, folder: str) -> list[str]:
        """The names, or first parts of names, of what lies under ``folder/``; sorted."""
        with self._reached():
            try:
                found = self._files.ls(self._at(folder), detail=False)
            except FileNotFoundError:
                return []
            return sorted({path.rstrip("/").rpartition("/")[2] for path in found} - {""})

    def below(self, folder: str) -> list[str]:
        """The names of all objects under ``folder/``, however deep; sorted."""
        start = self._at("")
        with self._reached():
            found = self._files.find(self._at(folder))
        return sorted(path.removeprefix("/").removeprefix(start.lstrip("/")) for path in found)

    def written(self, name: str) -> datetime | None:
        """When it was written last; None when it is gone, or its store does not say."""
        with self._reached():
            try:
                found = self._files.modified(self._at(name))
            except (
                FileNotFoundError,
                NotImplementedError,
            ):  # fsspec raises it for stores without dates
                return None
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

    def remove(self, name: str) -> None:
        """Remove it; harmless when it is not there."""
        with self._reached(), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._base}/{name}"

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise UserError(f"'{self.url}' failed: {said}") from error


def objects_at(url: str) -> Objects:
    """The objects under a URL.

    Raises
    ------
    UserError
        When fsspec or the driver of that scheme is missing, or there is none of that name.
    """
    if importlib.util.find_spec("fsspec") is None:
        raise UserError(f"--results {url} {MISSING}")
    import fsspec

    try:
        files, base = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        raise UserError(f"--results {url} {MISSING} ({error})") from error
    except ValueError as error:
        raise UserError(f"--results {url}: {error}") from error
    return Objects(url, files, base)
