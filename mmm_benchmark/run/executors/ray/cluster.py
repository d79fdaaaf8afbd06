"""Joining a Ray cluster, and what its nodes offer."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import resource
from collections.abc import Iterator, Mapping

from mmm_benchmark.environments import find as environments
from mmm_benchmark.environments.claims import Claims
from mmm_benchmark.environments.needs import DISTRIBUTION
from mmm_benchmark.errors import EnvironmentMissingError

#: Set before Ray is imported, unless the user has: no reports to its makers, no copy of the
#: working directory to the nodes when started by ``uv run``, devices left as they are, and fits at
#: the priority of a local run (Ray's own is the lowest but four; nodes that others start keep it).
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",
}
MOST_FILES = 65536  # open files asked for: a lock for every fit on its way, connections of Ray


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
    _allow_files()
    import ray

    joined_before = ray.is_initialized()
    if not joined_before:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield
    finally:
        if not joined_before:
            ray.shutdown()


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def nodes() -> list[Mapping[str, float]]:
    """What each living node offers in all: ``CPU``, ``memory`` in bytes, ``GPU``."""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def asked(claims: Claims, cpus: int, memory_limit: float | None) -> dict[str, float]:
    """A claim by the names of Ray; a memory limit is claimed in place of the stated memory."""
    memory_mb = claims.memory_mb if memory_limit is None else memory_limit
    wanted = {"CPU": float(cpus), "memory": (memory_mb or 0.0) * 2**20, "GPU": claims.gpus}
    return {name: amount for name, amount in wanted.items() if amount > 0}


def room(wanted: Mapping[str, float], offers: list[Mapping[str, float]]) -> int:
    """How many such claims the nodes hold at a time."""
    return sum(
        int(min(offer.get(name, 0.0) / amount + 1e-9 for name, amount in wanted.items()))
        for offer in offers
    )


def told(wanted: Mapping[str, float]) -> str:
    """A claim or an offer in words: ``2 cores, 1500 MB, 1 GPU``."""
    parts = [f"{wanted.get('CPU', 0):g} cores"]
    if memory := wanted.get("memory"):
        parts.append(f"{memory / 2**20:.0f} MB")
    if gpus := wanted.get("GPU"):
        parts.append(f"{gpus:g} GPU")
    return ", ".join(parts)
