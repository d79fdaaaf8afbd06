"""Reading what others wrote: plain files only, of a size that can be, JSON of the expected shape.

A store may be shared, copied or unpacked from an archive, and a worker's folder is written by
whatever a fitter does. A link, a device or a pipe in place of a file is never followed or waited
for.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

MOST_BYTES = 64 * 2**20  # of a JSON file or an events file


class NotPlainError(OSError):
    """There is something else than a plain file under that name."""


def is_plain(path: Path) -> bool:
    """Whether a plain file, and no link to one, lies there."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def open_plain(path: Path) -> int:
    """Open a plain file for reading, without following a link or waiting for a pipe.

    Raises
    ------
    NotPlainError
        When it is a link, a device, a pipe or a folder.
    OSError
        When it is not there or may not be read.
    """
    if not path.is_symlink():
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return handle
        os.close(handle)
    raise NotPlainError(f"{path.name} is not a plain file")


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a plain file; NotPlainError when it holds more than ``most`` bytes."""
    with os.fdopen(open_plain(path), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise NotPlainError(f"{path.name} holds more than {most} bytes")
    return content


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a plain file.

    Raises
    ------
    ValueError
        When it is no JSON, or JSON of another shape than an object with names.
    OSError
        When it cannot be read.
    """
    try:
        content = json.loads(read_bytes(path))
    except RecursionError:
        raise ValueError(f"{path.name} is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is no text") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds {type(content).__name__}, not an object")
    return content
