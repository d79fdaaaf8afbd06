"""Where results are kept: a folder, or a URL such as ``s3://bucket/prefix`` and its mirror."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path, PosixPath
from typing import Any

from mmm_benchmark.errors import UserError

URL = re.compile(r"([A-Za-z][A-Za-z0-9+-]+)://(.*)", re.DOTALL)
#: What ``Path`` makes of a URL: a slash is gone, and the bucket with it.
BROKEN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+-]+:/[^/]")
MIRRORS = Path("results")


class Mirror(PosixPath):
    """The local folder of a store that lives under ``url``.

    It holds what was read of the store, checked, and what is made of it: tables, pictures, page.
    Paths derived from it are plain paths.
    """

    url: str

    def __init__(self, *parts: str | PathLike[str], url: str) -> None:
        super().__init__(*parts)
        self.url = url

    def with_segments(self, *segments: str | PathLike[str]) -> Path:  # type: ignore[override]
        """Paths derived from a mirror are no mirrors."""
        return Path(*segments)

    def __reduce__(self) -> tuple[Any, ...]:
        return place_of, (self.url,)


def place_of(given: str | Path) -> Path:
    """The results directory that a user names; a :class:`Mirror` where it is a URL.

    The mirror of ``s3://bucket/prefix`` is ``results/s3/bucket/prefix``.

    Raises
    ------
    UserError
        When a URL names no bucket, or leads out of it.
    """
    if isinstance(given, Mirror):
        return given
    text = str(given)
    found = URL.fullmatch(text)
    if found is None:
        if isinstance(given, Path) and BROKEN_URL.match(text):
            raise UserError(f"results '{text}': give a URL as text, not as a Path")
        return Path(given)
    scheme, rest = found[1].lower(), found[2]
    if scheme in ("file", "local"):
        return Path(rest)
    parts = [part for part in rest.split("/") if part]
    if not parts or any(part in (".", "..") or "\0" in part for part in parts):
        raise UserError(
            f"results '{text}': must be a bucket and a prefix, {scheme}://bucket/prefix"
        )
    return Mirror(MIRRORS, scheme, *parts, url=f"{scheme}://{'/'.join(parts)}")


def called(results: Path) -> str:
    """What people call a place: its URL, or the folder."""
    return results.url if isinstance(results, Mirror) else str(results)
