"""What runs on a node: a batch of fits, one after the other, each with its own limits.

The node finds the interpreter of a fitter's extra by the rules of a local run and runs each worker
in a temporary folder exactly as ``executors.local`` does. A process of that environment imports
once and every fit is forked from it; it stays for the next batch, as the process of Ray does that
it belongs to, and goes with it.
"""

from __future__ import annotations

import contextlib
import io
import json
import platform
import queue
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from mmm_benchmark.environments import find as environments
from mmm_benchmark.environments.load import split_file_target
from mmm_benchmark.environments.make import ensure
from mmm_benchmark.environments.needs import DISTRIBUTION, extra_needs, file_needs
from mmm_benchmark.errors import UserError
from mmm_benchmark.run.answer_file import BadAnswerError, check_answer
from mmm_benchmark.run.executors import Ending, Order, local
from mmm_benchmark.run.executors.forked import Servers
from mmm_benchmark.run.executors.ray.parcel import Parcel
from mmm_benchmark.run.keeper import LOG
from mmm_benchmark.store.plain_files import is_plain

RETURNED = ("fit.json", "fit.nc", LOG)
LOG_BYTES = 200_000  # of a log's end travel back: as much as is stored
GATHERED = 0.5  # seconds: what happens within is told at once


class Event(NamedTuple):
    """Something that happened to a fit of a batch."""

    place: int  # of its parcel in the batch
    kind: Literal["phase", "end", "refused"]
    phase: str = ""  # or why the node refuses
    ending: Ending | None = None
    files: Mapping[str, bytes] = {}


@cache
def servers() -> Servers:
    """The fork server of this process, kept from batch to batch: one, of the last fitter."""
    return Servers(most=1)


def work(parcels: Sequence[Parcel]) -> Iterator[list[Event]]:
    """Fit a batch; tell what happens in lists, so that a busy driver hears few of them."""
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    stop = threading.Event()

    def fit_all() -> None:
        try:
            for place, parcel in enumerate(parcels):
                if not stop.is_set():
                    fit(place, parcel, events, stop)
        finally:
            events.put(None)

    with ThreadPoolExecutor(max_workers=1) as pool:
        fits = pool.submit(fit_all)
        try:
            over = False
            while not over:
                over, gathered = gather(events)
                if gathered:
                    yield gathered
        finally:  # a cancelled task is interrupted in the loop: the worker ends with it
            stop.set()
    fits.result()


def gather(events: queue.SimpleQueue[Event | None]) -> tuple[bool, list[Event]]:
    """Whether the batch is over, and what happened until it was, or in the next moments."""
    found: list[Event] = []
    until = time.monotonic() + GATHERED
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            event = events.get(timeout=min(left, local.TICK))
            if event is None:
                return True, found
            found.append(event)
            if event.kind != "phase":
                return False, found  # a result does not wait
    return False, found


def fit(
    place: int, parcel: Parcel, events: queue.SimpleQueue[Event | None], stop: threading.Event
) -> None:
    """Run the worker of one parcel to its end, or refuse it where packages differ."""
    perform = servers().perform if parcel.shared else local.perform
    with tempfile.TemporaryDirectory(prefix=f"{DISTRIBUTION}-") as folder:
        try:
            order = unpack(parcel, Path(folder))
        except UserError as error:
            events.put(Event(place, "refused", f"node {platform.node()}: {error}"))
            return
        ending = perform(order, lambda phase: events.put(Event(place, "phase", phase)), stop.is_set)
        ending = replace(ending, checked=_is_sound(order.directory, ending, parcel))
        events.put(Event(place, "end", ending=ending, files=_files(order.directory)))


def _is_sound(directory: Path, ending: Ending, parcel: Parcel) -> bool:
    """Whether the answer keeps its promises: read here, as one driver has a thousand nodes.

    What does not is checked by the driver again, which says what is wrong with it. The data are
    those that travelled: a fitter may have written over the file in its folder.
    """
    from mmm_data_generator.dataset import netcdf

    if ending.status is not None or not is_plain(directory / "fit.nc"):
        return False
    try:
        data = io.BytesIO(parcel.files["observed.nc"])
        check_answer(directory / "fit.nc", netcdf.read(data))
    except (BadAnswerError, OSError, ValueError):
        return False
    return True


def _files(directory: Path) -> dict[str, bytes]:
    found = {}
    for name in RETURNED:
        with contextlib.suppress(OSError):
            content = (directory / name).read_bytes()
            found[name] = content[-LOG_BYTES:] if name == LOG else content
    return found


def unpack(parcel: Parcel, place: Path) -> Order:
    """Lay a parcel out in ``place``; return the order with this node's folder and interpreter."""
    directory = place / "job"
    directory.mkdir()
    for name, data in parcel.files.items():
        (directory / name).write_bytes(data)
    job = json.loads(parcel.files["job.json"])
    needs = extra_needs(parcel.order.extra)
    if parcel.fitter_file is not None:
        path, cls = split_file_target(job["target"])
        if not path.is_file() or path.read_bytes() != parcel.fitter_file:
            path = place / path.name  # elsewhere: the file alone has travelled
            path.write_bytes(parcel.fitter_file)
        job["target"] = f"{path}:{cls}" if cls else str(path)
        (directory / "job.json").write_text(json.dumps(job))
        needs = file_needs(path)
    python = ensure(needs, print, quiet=True).python
    check_versions(python, {**parcel.order.versions, DISTRIBUTION: parcel.release})
    limit = parcel.order.memory_limit or local.default_memory_limit_mb()
    return replace(parcel.order, directory=directory, python=python, memory_limit=limit)


def check_versions(python: Path, wanted: Mapping[str, str | None]) -> None:
    """Raise UserError unless ``python`` has just these versions: the fit's key names them."""
    found = environments.probe(python, tuple(wanted))
    for package, version in wanted.items():
        if found.get(package) != version:
            here = found.get(package) or "missing"
            raise UserError(f"{package} is {here} in {python}, but {version} where the run started")
