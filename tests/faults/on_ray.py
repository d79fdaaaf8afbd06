"""Faults of a run on a Ray cluster: three nodes of one core as processes of this machine."""

from __future__ import annotations

import atexit
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import psutil

from tests.faults.driver import PATIENCE, Driver, alive, descendants
from tests.faults.running import complaints, finished, recovery, strike
from tests.faults.tally import Fault, Wrong

OURS = ("mmm_benchmark.run.fork_server", "mmm_benchmark.run.worker")
ON_RAY = ("--executor", "ray")


def may_ray() -> bool:
    """Whether Ray is here."""
    return find_spec("ray") is not None


@cache
def cluster() -> Any:
    """A cluster that is a head yet; runs join it by RAY_ADDRESS."""
    from mmm_benchmark.run.executors.ray.cluster import SETTINGS
    from tests.extras.ray.elastic import STORE

    os.environ.update(SETTINGS)
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    atexit.register(made.shutdown)
    os.environ["RAY_ADDRESS"] = made.address
    return made


@cache
def usual_time() -> float:
    """Seconds that an undisturbed run takes there now."""
    two_nodes()
    with tempfile.TemporaryDirectory() as place:
        begun = time.monotonic()
        Driver(Path(place), "good", *ON_RAY).wait()
        return time.monotonic() - begun


def driver_killed(rng: Random, place: Path) -> Iterator[Wrong]:
    """The driver ends at a random moment: nodes end its fits, the next driver goes on."""
    two_nodes()
    hit = False
    while not hit:
        begun = time.monotonic()
        driver = Driver(place, "good", *ON_RAY)
        hit = strike(rng, driver, "parent", begun + rng.uniform(0.0, usual_time()))
        code, said = driver.wait()
        yield from complaints(driver, code, said)
    yield from left_on_nodes()
    yield from recovery(place, finished(driver.results), *ON_RAY)


def node_killed(rng: Random, place: Path) -> Iterator[Wrong]:
    """All processes of a node end at once: the run goes on elsewhere, and ends well by itself."""
    from tests.extras.ray.elastic import lose

    nodes = two_nodes()
    moment = time.monotonic() + rng.uniform(0.0, usual_time())
    driver = Driver(place, "good", *ON_RAY)
    driver.watch(moment)
    lose(cluster(), rng.choice(nodes))
    code, said = driver.wait()
    yield from complaints(driver, code, said)
    ended = finished(driver.results)
    if code != 0 or len(ended) != 3:
        yield Wrong("lost", f"exit code {code}, {len(ended)} of 3 fits: {said[-300:]}")
    yield from recovery(place, ended, *ON_RAY)


def two_nodes() -> list[Any]:
    """The nodes beside the head, those that were lost made up for."""
    from tests.extras.ray.elastic import small_nodes

    while True:
        nodes = [node for node in cluster().list_all_nodes() if node is not cluster().head_node]
        if len(nodes) >= 2:
            return nodes
        with contextlib.suppress(Exception):  # Ray gives up a node that takes long to start
            small_nodes(cluster(), 2 - len(nodes))


def left_on_nodes() -> Iterator[Wrong]:
    """Workers that outlive the driver they worked for."""
    until = time.monotonic() + PATIENCE
    while (left := workers()) and time.monotonic() < until:
        time.sleep(0.1)
    yield from (Wrong("left", f"process {pid} on a node") for pid in left)


def workers() -> list[int]:
    """Fork servers and fits of the nodes: nodes are processes below this one."""
    found = []
    for pid in descendants(os.getpid()):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if alive(process) and any(name in process.cmdline() for name in OURS):
                found.append(pid)
    return found


FAULTS: dict[str, Fault] = {
    "Ray driver killed": driver_killed,
    "Ray node killed": node_killed,
}
