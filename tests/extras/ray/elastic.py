"""A run on a cluster that loses one node and gains another; also a command.

``python -m tests.extras.ray.elastic [--jobs 200] [--out FILE.csv]`` starts three nodes as processes
of their own on this machine, fits the jobs there and here, kills a node when a quarter of the jobs
is stored and adds one at half. Printed and written: how often each job ended, how many were lost,
and whether every table equals the local one to the last digit.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from mmm_benchmark.api import execute
from mmm_benchmark.environments.make import ensure
from mmm_benchmark.plan.grid import find_contenders, grid, make_datasets
from mmm_benchmark.plan.jobs import Job
from mmm_benchmark.plan.options import Options
from mmm_benchmark.report.refresh import summarise
from mmm_benchmark.run.executors.ray import How, dispatching
from mmm_benchmark.run.executors.ray.cluster import SETTINGS
from mmm_benchmark.run.runner import Outcome, Run, run_jobs
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.store.datasets import keep
from mmm_benchmark.store.fits import Store
from tests.factories import tiny_dataset

GOOD = Path(__file__).parents[2] / "external" / "fitters" / "good.py"
#: Of a fitter for which the nodes of the tests have an interpreter prepared.
HEADER = '# /// script\n# dependencies = ["numpy"]\n# ///\n'
STORE = 80 * 2**20  # bytes of Ray's object store on each node: the least it takes
OF_TIME = re.compile(r"_s$|_mb$|per_second|second$")  # columns that no two runs share


@dataclass
class Ends:
    """Counts how often each job is said to be done, and remembers the phases it went through."""

    done_times: Counter[str] = field(default_factory=Counter)
    phases: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def phase(self, job: Job, phase: str) -> None:
        self.phases.append((job.key, phase))

    def done(self, job: Job, record: Mapping[str, Any], *, fresh: bool) -> None:
        self.done_times[job.key] += 1

    def note(self, line: str) -> None:
        self.notes.append(line)

    @property
    def queued_again(self) -> int:
        """Fits that went back to the queue: their node was lost, before or while they ran."""
        queued = Counter(key for key, phase in self.phases if phase == "waiting")
        return sum(times > 1 for times in queued.values())


def small_nodes(cluster: Any, count: int) -> list[Any]:
    """Add nodes of one core; return them when they have joined."""
    nodes = [
        cluster.add_node(num_cpus=1, object_store_memory=STORE, wait=False) for _ in range(count)
    ]
    cluster.wait_for_nodes()
    return nodes


def change_nodes(cluster: Any, victim: Any, store: Store, jobs: int, over: threading.Event) -> None:
    """Kill a node when a quarter of the jobs is stored, and add one when half is."""
    for share, change in (
        (0.25, lambda: lose(cluster, victim)),
        (0.5, lambda: cluster.add_node(num_cpus=1, object_store_memory=STORE, wait=False)),
    ):
        while stored(store) < share * jobs and not over.wait(0.02):
            pass
        change()


def lose(cluster: Any, node: Any) -> None:
    """End all processes of a node at once, as a machine that loses its power does."""
    (raylet,) = node.all_processes["raylet"]
    root = psutil.Process(raylet.process.pid)
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            process.kill()
    cluster.remove_node(node, allow_graceful=False)


def stored(store: Store) -> int:
    """How many fits lie in a store."""
    return sum(1 for _ in store.fits.iterdir()) if store.fits.is_dir() else 0


def options(results: Path, jobs: int, fitters: Sequence[str]) -> Options:
    """As many tiny worlds as give ``jobs`` fits by the toy fitter and the named ones."""
    worlds = [tiny_dataset(seed=seed) for seed in range(jobs // (1 + len(fitters)))]
    return Options(
        datasets=worlds, fitter=[GOOD], samplers=list(fitters), results=results, jobs=2, quiet=True
    )


def on_cluster(cluster: Any, victim: Any, chosen: Options) -> tuple[list[Outcome], Ends]:
    """The run, nodes changing under it."""
    store, ends, over = Store(chosen.results), Ends(), threading.Event()
    made = make_datasets(chosen)
    contenders = find_contenders(chosen, lambda needs: ensure(needs, print, quiet=True))
    jobs = grid(made, contenders, chosen)
    python = {each.entry.name: each for each in contenders}
    observed = {each.ref.id: each.dataset.observed for each in made}
    staging = store.staging()
    for each in made:
        keep(each.dataset, each.ref.id, chosen.results, staging)
    tasks = [
        Task(job, observed[job.dataset.id], python[job.fitter].python, python[job.fitter].claims)
        for job in jobs
    ]

    def settle() -> list[Outcome]:
        try:
            with dispatching(How()) as dispatcher:
                policy = Policy(parallel=dispatcher.window, threads=1, by_claim=True)
                run = Run(
                    store=store,
                    staging=staging,
                    policy=policy,
                    perform=dispatcher.perform,
                    reporter=ends,
                )
                return run_jobs(tasks, run)
        finally:
            over.set()

    with ThreadPoolExecutor(max_workers=1) as aside:  # nodes are made by the main thread alone
        outcomes = aside.submit(settle)
        change_nodes(cluster, victim, store, len(jobs), over)
        try:
            return outcomes.result(), ends
        finally:
            staging.close()


def here(chosen: Options) -> list[Outcome]:
    """The same run by the local executor."""
    from rich.console import Console

    contenders = find_contenders(chosen, lambda needs: ensure(needs, print, quiet=True))
    quiet = Console(quiet=True)
    return execute(chosen, Store(chosen.results), make_datasets(chosen), contenders, quiet)


def tables(
    outcomes: Sequence[Outcome], results: Path, *, bayesian: bool = True
) -> dict[str, pd.DataFrame]:
    """The tables of a run without what it took."""
    fits = [outcome.fit for outcome in outcomes]
    made = summarise(fits, results, bayesian=bayesian, pictures=False, page=False)
    return {
        name: table[[column for column in table if not OF_TIME.search(column)]]
        for name, table in made.items()
        if name not in ("runtime_comparison", "seed_summary")  # the latter averages the former
    }


def differing(one: Mapping[str, pd.DataFrame], other: Mapping[str, pd.DataFrame]) -> list[str]:
    """The names of tables that differ in any digit."""
    return sorted(
        name
        for name in {*one, *other}
        if name not in one or name not in other or not one[name].equals(other[name])
    )


def main() -> int:
    """Run it, print the figures, and write them where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.extras.ray.elastic")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    os.environ.update(SETTINGS)
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False},
    )
    victim = small_nodes(cluster, 2)[0]
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    with tempfile.TemporaryDirectory() as place:
        there, local = (
            options(Path(place) / name, asked.jobs, ["scipy"]) for name in ("there", "here")
        )
        began = time.monotonic()
        outcomes, ends = on_cluster(cluster, victim, there)
        took = time.monotonic() - began
        nodes = sum(node["Alive"] for node in ray.nodes())
        ray.shutdown()
        cluster.shutdown()
        began = time.monotonic()
        local_outcomes = here(local)
        took_here = time.monotonic() - began
        one, other = tables(outcomes, there.results), tables(local_outcomes, local.results)
        wrong = differing(one, other)
    figures = {
        "jobs": len(outcomes),
        "ended_once": sum(times == 1 for times in ends.done_times.values()),
        "ok": sum(outcome.fit.ok for outcome in outcomes),
        "queued_again": ends.queued_again,
        "nodes_at_end": nodes,
        "tables": len(one),
        "tables_that_differ": len(wrong),
        "cluster_s": round(took, 1),
        "local_s": round(took_here, 1),
    }
    print(pd.Series(figures).to_string())
    if wrong:
        print("differ:", ", ".join(wrong))
    if asked.out:
        pd.DataFrame([figures]).to_csv(asked.out, index=False)
    return int(bool(wrong) or figures["ended_once"] != figures["jobs"])


if __name__ == "__main__":
    raise SystemExit(main())
