"""The stamp of the code that scores, tabulates and draws: another stamp, and all is made again.

It is the source itself, so that nobody has to remember to raise a number when a picture changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

#: The stations whose change makes what was made before out of date.
MAKERS = ("metrics", "scoring", "report")
#: What they are written in; the page has a template.
SOURCES = (".py", ".html", ".css", ".js")


@cache
def code_stamp(stations: tuple[str, ...] = MAKERS) -> str:
    """Sixteen hexadecimal digits of a hash over every module of these stations."""
    return stamp_of([Path(__file__).parents[1] / name for name in stations])


def stamp_of(folders: Sequence[Path]) -> str:
    """The same of any folders.

    Raises
    ------
    FileNotFoundError
        When a folder holds no module: a stamp of nothing would never change.
    """
    code = hashlib.sha256()
    for folder in folders:
        modules = sorted(file for file in folder.rglob("*") if file.suffix in SOURCES)
        if not modules:
            raise FileNotFoundError(f"no modules in {folder}: what was made cannot be dated")
        for module in modules:
            code.update(f"{module.relative_to(folder.parent)}\n".encode())
            code.update(module.read_bytes())
    return code.hexdigest()[:16]
