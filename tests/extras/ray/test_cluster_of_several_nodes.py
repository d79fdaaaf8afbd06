"""Nodes that come and go, and a driver that dies: every job ends once, with the local answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from mmm_benchmark.store.fits import Store
from tests.extras.ray import elastic

JOBS = 6  # as many hundreds: python -m tests.extras.ray.elastic


def test_run_survives_a_lost_node_and_uses_a_new_one(cluster: Any, tmp_path: Path) -> None:
    first, _ = elastic.small_nodes(cluster, 2)
    there, local = (elastic.options(tmp_path / name, JOBS, []) for name in ("there", "here"))
    outcomes, ends = elastic.on_cluster(cluster, first, there)
    assert all(outcome.fresh and outcome.fit.ok for outcome in outcomes)
    assert ends.done_times == dict.fromkeys((outcome.job.key for outcome in outcomes), 1)
    assert elastic.stored(Store(there.results)) == JOBS
    assert len(cluster.list_all_nodes()) == 3  # the head, the one left, and the one that came
    here = elastic.here(local)
    assert [outcome.fit.key for outcome in here] == [outcome.fit.key for outcome in outcomes]
    one = elastic.tables(outcomes, there.results, bayesian=False)
    other = elastic.tables(here, local.results, bayesian=False)
    assert {"roas_recovery", "contribution_recovery", "performance_metrics"} <= one.keys()
    assert not elastic.differing(one, other)
    for node in cluster.list_all_nodes():
        if node is not cluster.head_node:
            cluster.remove_node(node, allow_graceful=False)


def test_driver_that_was_killed_finds_what_was_finished(cluster: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.extras.ray.driver", str(tmp_path), "4"]
    environ = {**os.environ, "RAY_ADDRESS": cluster.address}
    driver = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    store = Store(tmp_path)
    until = time.monotonic() + 120
    while elastic.stored(store) < 2 and driver.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    driver.kill()
    driver.communicate()
    finished = {fit.key for fit in store}
    again = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=True, timeout=120
    )
    said = dict(line.split() for line in again.stdout.splitlines() if line.endswith("ok"))
    assert len(finished) >= 2
    cached = {key for key, how in (line.split(":") for line in said) if how == "cached"}
    assert cached == finished
    assert len(said) == 4 == elastic.stored(store)
    assert not [child for child in psutil.Process().children() if child.pid == driver.pid]
