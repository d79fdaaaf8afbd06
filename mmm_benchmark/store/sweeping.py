"""Objects that no manifest names: replaced files, and what a run that died had begun to send.

The rule is safe while runs go on: nothing younger than a day is touched (a run writes a manifest
seconds after its files, and its sign of life every few seconds), and no folder that a run holds a
claim on. A file that is sent again is young again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from mmm_benchmark.store.objects import Objects
from mmm_benchmark.store.sealed_folder import MANIFEST
from mmm_benchmark.store.shelf import LOCKS, Lock

AGE = timedelta(days=1)
ROOMS = ("fits", "datasets")
TRIAL = ".writable-"


def leftovers(
    objects: Objects, lock: Callable[[str], Lock], *, remove: bool, now: datetime | None = None
) -> list[str]:
    """The names of objects that nothing needs; removed when ``remove``."""
    before = (now or datetime.now(UTC)) - AGE
    found: list[str] = []
    for room in ROOMS:
        for folder in objects.names(room):
            if not _unnamed(objects, f"{room}/{folder}", before):
                continue
            claim = lock(folder if room == "fits" else f"dataset-{folder}")
            if not claim.acquire(wait=False):
                continue
            try:  # looked at again: it may have been replaced before the claim was ours
                mine = _unnamed(objects, f"{room}/{folder}", before)
                found += mine
                if remove:
                    for name in mine:
                        objects.remove(name)
            finally:
                claim.release()
    signs = [*objects.below(LOCKS), *_trials(objects)]
    old = [name for name in signs if _older(objects, name, before)]
    if remove:
        for name in old:
            objects.remove(name)
    return found + old


def _trials(objects: Objects) -> Iterator[str]:
    return (name for name in objects.names("") if name.startswith(TRIAL))


def _unnamed(objects: Objects, folder: str, before: datetime) -> list[str]:
    """Old objects of a sealed folder that its manifest does not name; none where it is unsound.

    A manifest that cannot be read is damage, to be looked at, not a reason to remove.
    """
    content = objects.read(f"{folder}/{MANIFEST}")
    named = set()
    if content is not None:
        try:
            files = json.loads(content)["files"]
            named = {f"{folder}/{entry['sha256']}/{name}" for name, entry in files.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return []
    spare = [
        name
        for name in objects.below(folder)
        if name not in named and name != f"{folder}/{MANIFEST}"
    ]
    return [name for name in spare if _older(objects, name, before)]


def _older(objects: Objects, name: str, before: datetime) -> bool:
    written = objects.written(name)
    return written is not None and written < before
