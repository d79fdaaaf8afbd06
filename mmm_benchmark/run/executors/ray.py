"""Workers on the nodes of a Ray cluster (extra ``ray``, in the parent and on every node).

Each job is one Ray task. The job's files travel as bytes; the node finds the interpreter of the
fitter's extra by the rules of a local run, runs the worker in a temporary folder exactly as
``executors.local`` does, tells its phases as it goes, and sends the result files back. Nodes share
no file system and see neither the store nor the truth.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmm_benchmark.environments import find as environments
from mmm_benchmark.environments.load import is_file_target, split_file_target
from mmm_benchmark.environments.make import ensure
from mmm_benchmark.environments.needs import DISTRIBUTION, extra_needs, file_needs
from mmm_benchmark.errors import EnvironmentMissingError, UserError
from mmm_benchmark.run.executors import Ending, Order, Stopped, local

SENT = ("job.json", "observed.nc")
RETURNED = ("fit.json", "fit.nc", "log.txt")
PATIENCE = 30.0  # seconds a cancelled task may take to end its worker before it is killed itself

#: Set before Ray is imported, unless the user has: no reports to its makers, no copy of the
#: working directory to the nodes when started by ``uv run``, devices left as they are.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One job as it travels to a node."""

    order: Order  # its folder and interpreter are those of the parent: not used over there
    files: Mapping[str, bytes]
    fitter_file: bytes | None  # of a fitter given by file
    release: str  # of this distribution


@contextlib.contextmanager
def connected() -> Iterator[None]:
    """Join the cluster named by RAY_ADDRESS or running here, or start one on this machine.

    Raises
    ------
    EnvironmentMissingError
        When Ray is not installed in the running interpreter.
    """
    if importlib.util.find_spec("ray") is None:
        mend = f"pip install '{DISTRIBUTION}[ray]'"
        if environments.project_root() is not None:
            mend = "uv run --extra ray mmm-benchmark run --executor ray"
        raise EnvironmentMissingError(f"executor ray: Ray is not installed here; try: {mend}")
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import ray

    joined_before = ray.is_initialized()
    if not joined_before:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield
    finally:
        if not joined_before:
            ray.shutdown()


def threads(parallel: int) -> int:
    """Cores for each of ``parallel`` workers: a share of the cluster, at most its largest node."""
    counts = [int(resources.get("CPU", 0)) for resources in _nodes()]
    return max(1, min(sum(counts) // parallel, max(counts, default=1)))


def perform(order: Order, report: Callable[[str], None], stopping: Callable[[], bool]) -> Ending:
    """Run the worker of ``order`` on a node; see :data:`mmm_benchmark.run.executors.Perform`."""
    import ray
    from ray import exceptions

    # a limit is also a claim, so that a node is not given more work than it has memory for
    claim = int((order.memory_limit or 0) * 2**20)
    _check_room(order.threads, claim)
    task = ray.remote(work).options(
        num_cpus=order.threads, memory=claim or None, max_retries=0, num_returns="streaming"
    )
    report("waiting")
    stream = task.remote(pack(order))
    ended = False
    try:
        while True:
            ready, _ = ray.wait([stream], timeout=local.TICK)
            if stopping():
                raise Stopped
            if not ready:
                continue
            kind, content = ray.get(next(stream))
            if kind == "phase":
                report(content)
            elif kind == "refused":
                raise UserError(content)
            else:
                ending, files = content
                for name, data in files.items():
                    (order.directory / name).write_bytes(data)
                ended = True
                return ending
    except exceptions.OutOfMemoryError as error:
        return _lost("memory", error)
    except (exceptions.WorkerCrashedError, exceptions.NodeDiedError) as error:
        return _lost("killed", error)
    finally:
        if not ended:
            _end(stream)


def _lost(status: str, error: Exception) -> Ending:
    """The ending of a worker whose node, or whose task, is gone with all it measured."""
    said = " ".join(str(error).split())[:200]
    return Ending(status=status, reason=f"Ray: {said}", wall_s=0.0, peak_rss_mb=0.0)


def _end(stream: Any) -> None:
    """Cancel a task and wait until its worker is gone; kill it when it does not go."""
    import ray
    from ray import exceptions

    for force in (False, True):
        ray.cancel(stream, force=force)
        done, _ = ray.wait([stream.completed()], timeout=PATIENCE)
        if done:
            with contextlib.suppress(exceptions.RayError):
                ray.get(done)
            return


def _nodes() -> list[Mapping[str, float]]:
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _check_room(cpus: int, memory: int) -> None:
    """Raise UserError when no node could ever run such a task: Ray would wait for ever."""
    sizes = [(node.get("CPU", 0), node.get("memory", 0)) for node in _nodes()]
    if not any(cpu >= cpus and size >= memory for cpu, size in sizes):
        offers = ", ".join(f"{cpu:g} cores with {size / 2**20:.0f} MB" for cpu, size in sizes)
        raise UserError(
            f"no node of the Ray cluster offers {cpus} cores with {memory / 2**20:.0f} MB; "
            f"nodes: {offers}; lower --memory-limit or raise --jobs"
        )


def pack(order: Order) -> Parcel:
    """Gather all that a node needs."""
    files = {name: (order.directory / name).read_bytes() for name in SENT}
    target = json.loads(files["job.json"])["target"]
    given = split_file_target(target)[0].read_bytes() if is_file_target(target) else None
    release = importlib.metadata.version(DISTRIBUTION)
    return Parcel(order=order, files=files, fitter_file=given, release=release)


def work(parcel: Parcel) -> Iterator[tuple[str, Any]]:
    """Run on the node: tell ``phase``s, then ``end`` with the ending and the files.

    ``refused`` with a reason comes instead when the node's packages are not those of the run.
    """
    with tempfile.TemporaryDirectory(prefix=f"{DISTRIBUTION}-") as place:
        try:
            order = unpack(parcel, Path(place))
        except UserError as error:
            yield "refused", f"node {platform.node()}: {error}"
            return
        yield "phase", "start"
        phases: queue.SimpleQueue[str] = queue.SimpleQueue()
        stop = threading.Event()
        with ThreadPoolExecutor(max_workers=1) as pool:
            fit = pool.submit(local.perform, order, phases.put, stop.is_set)
            try:
                while not (fit.done() and phases.empty()):
                    with contextlib.suppress(queue.Empty):
                        yield "phase", phases.get(timeout=local.TICK)
            finally:  # a cancelled task is interrupted in the loop: the worker ends with it
                stop.set()
        found = {name: order.directory / name for name in RETURNED}
        files = {name: path.read_bytes() for name, path in found.items() if path.exists()}
        yield "end", (fit.result(), files)


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
