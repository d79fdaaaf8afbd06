"""What runs on a node: a batch of fits, one after the other, each with its own limits.

The node finds the interpreter of a fitter's extra by the rules of a local run and runs each worker
in a temporary folder exactly as ``executors.local`` does. A process of that environment imports
once and every fit is forked from it; it stays for the next batch, as the process of Ray does that
it belongs to, and goes with it.
"""

from __future__ import annotations

import contextlib
import platform
import queue
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
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
from mmm_benchmark.run.executors.ray.parcel import Load, Parcel
from mmm_benchmark.run.keeper import LOG
from mmm_benchmark.store.plain_files import is_plain
from mmm_benchmark.store.visible import Visible

RETURNED = ("fit.json", "fit.nc", LOG)
LOG_BYTES = 200_000  # of a log's end travel back: as much as is stored
RESULTS_WAIT = 4.0  # seconds at most: what was gathered and not told goes with its node
KEPT = 32  # datasets that this process remembers


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


@cache
def _known() -> OrderedDict[str, Visible]:
    return OrderedDict()


def data_of(load: Load, key: str) -> Visible:
    """The data of a fit: those of this process, or as they came, from Ray's store on this node."""
    known = _known()
    data = known.pop(key, None)
    if data is None:
        arrays, family = load.data[key]
        if not isinstance(arrays, Mapping):
            import ray

            arrays = ray.get(arrays)
        data = Visible.of(key, arrays, family)
    known[key] = data
    while len(known) > KEPT:
        known.popitem(last=False)
    return data


def work(load: Load) -> Iterator[list[Event]]:
    """Fit a batch; tell what happens in lists, so that a busy driver hears few of them."""
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    stop = threading.Event()

    def fit_all() -> None:
        try:
            for place, parcel in enumerate(load.parcels):
                if not stop.is_set():
                    fit(place, parcel, data_of(load, parcel.data), events, stop)
        finally:
            events.put(None)

    with ThreadPoolExecutor(max_workers=1) as pool:
        fits = pool.submit(fit_all)
        try:
            over = False
            while not over:
                over, gathered = gather(events, load.pause)
                if gathered:
                    yield gathered
        finally:  # a cancelled task is interrupted in the loop: the worker ends with it
            stop.set()
    fits.result()


def gather(events: queue.SimpleQueue[Event | None], pause: float) -> tuple[bool, list[Event]]:
    """Whether the batch is over, and what happened until it was, or in the next moments.

    Where tasks are few a result does not wait; where a thousand talk to one driver, it does.
    """
    found: list[Event] = []
    until = time.monotonic() + pause
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            event = events.get(timeout=min(left, local.TICK))
            if event is None:
                return True, found
            found.append(event)
            if event.kind != "phase":
                until = min(until, time.monotonic() + result_waits(pause))
    return False, found


def result_waits(pause: float) -> float:
    """Seconds that a result may wait for the next: none where news are told every second."""
    return 0.0 if pause <= 1.0 else min(pause, RESULTS_WAIT)


def fit(
    place: int,
    parcel: Parcel,
    data: Visible,
    events: queue.SimpleQueue[Event | None],
    stop: threading.Event,
) -> None:
    """Run the worker of one parcel to its end, or refuse it where packages differ."""
    perform = servers().perform if parcel.shared else local.perform
    with tempfile.TemporaryDirectory(prefix=f"{DISTRIBUTION}-") as folder:
        try:
            order = unpack(parcel, data, Path(folder))
        except UserError as error:
            events.put(Event(place, "refused", f"node {platform.node()}: {error}"))
            return
        ending = perform(order, lambda phase: events.put(Event(place, "phase", phase)), stop.is_set)
        ending = replace(ending, checked=_is_sound(order.directory, ending, data))
        files = _files(order.directory)
        if order.seal is not None:
            # where neither bucket nor disk is within reach the answer goes to the driver
            with contextlib.suppress(UserError):
                sealed = order.seal(order.directory, ending, data.half)
                ending, files = replace(ending, sealed=sealed), {}
        events.put(Event(place, "end", ending=ending, files=files))


def _is_sound(directory: Path, ending: Ending, data: Visible) -> bool:
    """Whether the answer keeps its promises: read here, as one driver has a thousand nodes.

    What does not is checked by the driver again, which says what is wrong with it. The data are
    those that travelled: a fitter may have written over the file in its folder.
    """
    if ending.status is not None or not is_plain(directory / "fit.nc"):
        return False
    try:
        check_answer(directory / "fit.nc", data.half)
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


def unpack(parcel: Parcel, data: Visible, place: Path) -> Order:
    """The order with a folder in ``place``, this node's interpreter and a fitter that is here."""
    directory = place / "job"
    directory.mkdir()
    job = dict(parcel.order.job or {})
    needs = extra_needs(parcel.order.extra)
    if parcel.fitter_file is not None:
        path, cls = split_file_target(job["target"])
        if not path.is_file() or path.read_bytes() != parcel.fitter_file:
            path = place / path.name  # elsewhere: the file alone has travelled
            path.write_bytes(parcel.fitter_file)
        job["target"] = f"{path}:{cls}" if cls else str(path)
        needs = file_needs(path)
    python = ensure(needs, print, quiet=True).python
    check_versions(python, {**parcel.order.versions, DISTRIBUTION: parcel.release})
    limit = parcel.order.memory_limit or local.default_memory_limit_mb()
    return replace(
        parcel.order, directory=directory, python=python, memory_limit=limit, job=job, data=data
    )


def check_versions(python: Path, wanted: Mapping[str, str | None]) -> None:
    """Raise UserError unless ``python`` has just these versions: the fit's key names them."""
    found = environments.probe(python, tuple(wanted))
    for package, version in wanted.items():
        if found.get(package) != version:
            here = found.get(package) or "missing"
            raise UserError(f"{package} is {here} in {python}, but {version} where the run started")
