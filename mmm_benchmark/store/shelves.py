"""Which shelf a results directory stands for: the disk, or the object store of its URL."""

from __future__ import annotations

from pathlib import Path

from mmm_benchmark.store.disk_shelf import DiskShelf
from mmm_benchmark.store.place import Mirror
from mmm_benchmark.store.shelf import Shelf


def shelf_of(root: Path) -> Shelf:
    """The shelf of a results directory: the disk, or what its URL names."""
    if not isinstance(root, Mirror):
        return DiskShelf(root)
    from mmm_benchmark.store.object_shelf import ObjectShelf
    from mmm_benchmark.store.objects import objects_at

    return ObjectShelf(objects_at(root.url), root)
