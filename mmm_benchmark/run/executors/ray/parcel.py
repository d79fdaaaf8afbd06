"""What a task of Ray is given: jobs, the data they share, and what names their answers."""

from __future__ import annotations

import importlib.metadata
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from mmm_benchmark.environments.load import is_file_target, split_file_target
from mmm_benchmark.environments.needs import DISTRIBUTION
from mmm_benchmark.run.executors import Order
from mmm_benchmark.store.visible import Arrays, Visible

SMALL = 64 * 2**10  # bytes: data of less travel with the task, larger ones once to each node
MOST_PUT = 64  # datasets of a driver in Ray's object store


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One job as it travels to a node."""

    order: Order  # its folder and interpreter are those of the driver: not used over there
    data: str  # by which name its load holds them
    fitter_file: bytes | None  # of a fitter given by file
    release: str  # of this distribution
    shared: bool  # whether the node forks it from a process that has imported


@dataclass(frozen=True, kw_only=True)
class Load:
    """A batch of jobs, and each dataset of theirs once: arrays, or a reference that Ray resolves.

    ``pause`` is how long news may be gathered before they are told, seconds.
    """

    parcels: Sequence[Parcel]
    data: Mapping[str, tuple[Arrays | Any, str | None]]  # and the family, for references
    pause: float = 0.5


@cache
def _release() -> str:
    """Read once: it lies in a file."""
    return importlib.metadata.version(DISTRIBUTION)


def pack(order: Order, *, shared: bool = True) -> Parcel:
    """One job without its data."""
    if order.job is None or order.data is None:
        raise ValueError("an order that travels brings its job and its data along")
    target = order.job["target"]
    given = split_file_target(target)[0].read_bytes() if is_file_target(target) else None
    return Parcel(
        order=replace(order, data=None),
        data=order.data.key,
        fitter_file=given,
        release=_release(),
        shared=shared,
    )


def load(
    orders: Sequence[Order],
    put: Callable[[Visible], Any] = lambda data: data.arrays,
    *,
    shared: bool = True,
    pause: float = 0.5,
) -> Load:
    """What one task is given; ``put`` says how data travel."""
    return Load(
        parcels=[pack(order, shared=shared) for order in orders],
        data={
            order.data.key: (put(order.data), order.data.family)
            for order in orders
            if order.data is not None
        },
        pause=pause,
    )


class Shipped:
    """Data that were put into Ray's object store: each once, the latest kept."""

    def __init__(self) -> None:
        self._references: OrderedDict[str, Any] = OrderedDict()

    def put(self, data: Visible) -> Any:
        """Small data as they are; large ones as a reference, the same each time."""
        import ray

        if data.nbytes < SMALL:
            return data.arrays
        reference = self._references.pop(data.key, None)
        if reference is None:
            reference = ray.put(data.arrays)
        self._references[data.key] = reference
        while len(self._references) > MOST_PUT:
            self._references.popitem(last=False)  # tasks on their way hold theirs
        return reference
