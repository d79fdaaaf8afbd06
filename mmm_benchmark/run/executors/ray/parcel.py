"""One job as it travels to a node: its files, a fitter given by file, and what names the answer."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass

from mmm_benchmark.environments.load import is_file_target, split_file_target
from mmm_benchmark.environments.needs import DISTRIBUTION
from mmm_benchmark.run.executors import Order

SENT = ("job.json", "observed.nc")


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One job as it travels to a node."""

    order: Order  # its folder and interpreter are those of the driver: not used over there
    files: Mapping[str, bytes]
    fitter_file: bytes | None  # of a fitter given by file
    release: str  # of this distribution
    shared: bool  # whether the node forks it from a process that has imported


def pack(order: Order, *, shared: bool = True) -> Parcel:
    """Gather all that a node needs."""
    files = {name: (order.directory / name).read_bytes() for name in SENT}
    target = json.loads(files["job.json"])["target"]
    given = split_file_target(target)[0].read_bytes() if is_file_target(target) else None
    release = importlib.metadata.version(DISTRIBUTION)
    return Parcel(order=order, files=files, fitter_file=given, release=release, shared=shared)
