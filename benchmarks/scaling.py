"""What a fit costs beside itself on a Ray cluster, and what that makes of 100 and 1,000 nodes.

    uv run --extra ray python benchmarks/scaling.py measure [--jobs 40]
    uv run --with simpy python benchmarks/scaling.py simulate

``measure`` writes ``results/scaling/measured.csv``. Processor seconds are what a quiet machine
would take; wall seconds stand beside them with the load, as other work stretches them.

- ``driver``: the driver alone, no cluster: from a job to its stored answer, with answers that are
  already made and sealed, as nodes on the same disk do it; processor ms a job before the fit
  (``out``) and after it (``in``); and what a world costs before its first fit: to be drawn, and to
  be kept.
- ``node``: a node alone, in this process and its children: ms a fit beside the fit itself, fork,
  reading and writing included; the start of its fork server; what travels, kB.
- ``cluster``: 1, 2 and 4 nodes of one core on this machine: seconds until the first fit begins,
  jobs a second, processor ms of the driver a job beside those it takes while nothing happens
  (given for a second), milliseconds from an empty task to its answer,
  and what a look at tasks that have no news costs the driver, for each of them.
- ``bucket``: the same with one node and ``--results s3://...``, on a server of moto on loopback.

``simulate`` plays these figures forward, event by event (simpy), with the batches that the
executor makes (``run/executors/ray/batches.py``) and fit times drawn from those measured
(``results/example``, the suite): ``results/scaling/simulated.csv``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm_benchmark.environments.make import ensure
from mmm_benchmark.plan.grid import Contender, Made, find_contenders, grid, make_datasets
from mmm_benchmark.plan.jobs import Job
from mmm_benchmark.plan.options import Options
from mmm_benchmark.run.executors import Ending, Order, Perform
from mmm_benchmark.run.runner import Run, run_jobs
from mmm_benchmark.run.sealing import sealing
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.store.datasets import keep
from mmm_benchmark.store.fits import Store
from mmm_benchmark.store.place import place_of
from mmm_benchmark.store.visible import Visible

HERE = Path(__file__).parent
OUT = HERE / "results" / "scaling"
TOY = HERE / "toy_fitter.py"
WORKERS = (1, 2, 4)
IDLE = 5.0  # seconds
FIRST = 4  # jobs before those that are measured: what is done once is done by them
SILENT = 400  # tasks that a look goes over


class Clock:
    """A reporter that notes when a job is done, by the processor time of this process."""

    def __init__(self) -> None:
        self.at, self.first = time.process_time(), None
        self.out: list[float] = []
        self.back: list[float] = []

    def phase(self, job: Job, phase: str) -> None:
        if phase == "start" and self.first is None:
            self.first = time.monotonic()

    def done(self, job: Job, record: Mapping[str, Any], *, fresh: bool) -> None:
        self.back.append(time.process_time() - self.at)
        self.at = time.process_time()
        if record["status"] != "ok":
            raise SystemExit(record["reason"])

    def note(self, line: str) -> None:
        print(line)


def prepared(jobs: int, results: Path) -> tuple[list[Made], list[Contender], Options]:
    """``small_business`` under as many seeds, and the toy."""
    options = Options(
        datasets=["small_business"], seeds=range(1, jobs + 1), fitter=[TOY], results=results
    )
    contenders = find_contenders(options, lambda needs: ensure(needs, print, quiet=True))
    return make_datasets(options), contenders, options


@contextlib.contextmanager
def run_of(
    made: list[Made], contenders: list[Contender], options: Options, perform: Perform, **policy: Any
) -> Iterator[Callable[[], Clock]]:
    """A function that settles the jobs once."""
    store = Store(options.results)
    staging = store.staging()
    for each in made:
        keep(each.dataset, each.ref.id, options.results, staging)
    observed = {each.ref.id: each.dataset.observed for each in made}
    tasks = [
        Task(job, observed[job.dataset.id], contenders[0].python)
        for job in grid(made, contenders, options)
    ]

    def settle() -> Clock:
        clock = Clock()
        run_jobs(
            tasks,
            Run(
                store=store,
                staging=staging,
                policy=Policy(**policy),
                perform=perform,
                reporter=clock,
            ),
        )
        return clock

    yield settle
    staging.close()


def of_driver(made: list[Made], contenders: list[Contender], options: Options) -> dict[str, float]:
    """Processor ms a job before and after a fit that takes none."""
    answer: dict[str, bytes] = {}
    clock: list[Clock] = []

    def from_memory(order: Order, report: Callable[[str], None], stopping: Any) -> Ending:
        clock[0].out.append(time.process_time() - clock[0].at)
        if not answer:
            answer.update(answer_to(order))
        folder = order.directory.parent / f"node-{order.directory.name}"
        folder.mkdir()
        for name, content in answer.items():
            (folder / name).write_bytes(content)
        ending = Ending(status=None, reason=None, wall_s=60.0, peak_rss_mb=1.0, checked=True)
        sealed = order.seal(folder, ending, order.data.half) if order.seal and order.data else None
        clock[0].at = time.process_time()
        return replace(ending, sealed=sealed)

    began = time.process_time()
    make_datasets(Options(datasets=["small_business"], seeds=range(101, 109)))
    drawn = (time.process_time() - began) / 8
    kept, staging = options.results / "kept", Store(options.results).staging()
    began = time.process_time()
    for each in made[:8]:
        keep(each.dataset, each.ref.id, kept, staging)
    saved = (time.process_time() - began) / len(made[:8])
    staging.close()
    # one answer suits all
    same = [Made(made[0].dataset, each.ref, each.fit_seed) for each in made]
    with run_of(same, contenders, options, from_memory) as settle:
        original = Clock.__init__

        def remember(self: Clock) -> None:
            original(self)
            clock[:] = [self]

        Clock.__init__ = remember  # type: ignore[method-assign]
        try:
            told = settle()
        finally:
            Clock.__init__ = original  # type: ignore[method-assign]
    return {
        "draw_world_ms": 1e3 * drawn,
        "keep_world_ms": 1e3 * saved,
        "out_ms": 1e3 * float(np.mean(told.out[1:])),
        "in_ms": 1e3 * float(np.mean(told.back[1:])),
    }


def answer_to(order: Order) -> dict[str, bytes]:
    """What the toy answers, made in a process of its own."""
    from mmm_benchmark.run.executors import local

    local.perform(order, lambda phase: None, lambda: False)
    return {name: (order.directory / name).read_bytes() for name in ("fit.json", "fit.nc")}


def of_node(made: list[Made], contenders: list[Contender], place: Path) -> dict[str, float]:
    """A node's share of a fit, without Ray: this process and those it forks."""
    from ray.cloudpickle import dumps

    from mmm_benchmark.run.executors.ray.node import servers, work
    from mmm_benchmark.run.executors.ray.parcel import load

    orders, store = [], Store(place)
    staging = store.staging()
    for each in made:
        (job,) = grid([each], contenders, Options())
        data = Visible(each.ref.content, each.dataset.observed)
        python = contenders[0].python
        task = Task(job, each.dataset.observed, python)
        how = sealing(store, staging, task, Policy(), keep=False)
        folder = staging.folder(job.key)
        orders.append(
            Order(directory=folder, python=python, threads=1, job=job.orders(), data=data, seal=how)
        )

    def spent() -> float:
        return sum(
            used.ru_utime + used.ru_stime
            for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )

    began, busy = time.monotonic(), spent()
    list(work(load(orders[:1])))
    start_wall, start_cpu = time.monotonic() - began, spent() - busy
    began = time.monotonic()
    events = [event for told in work(load(orders[1:])) for event in told]
    wall = time.monotonic() - began
    servers().close()  # its processor time, and that of all it forked, is counted now
    busy = spent() - busy - start_cpu
    ends = [event for event in events if event.kind == "end"]
    sealed = [event.ending.sealed for event in ends]
    totals = [each.record["total_s"] for each in sealed]
    stored = [sum(p.stat().st_size for p in each.folder.iterdir()) for each in sealed]
    staging.close()
    return {
        "start_wall_s": start_wall,
        "fits_and_start_cpu_s": start_cpu + busy,
        "per_fit_wall_ms": 1e3 * (wall - sum(totals)) / len(ends),
        "per_fit_cpu_ms": 1e3 * busy / len(ends),
        "sent_kb": float(np.mean([len(dumps(load([order]))) for order in orders])) / 1e3,
        "returned_kb": float(np.mean([len(dumps(event)) for event in ends])) / 1e3,
        "stored_kb": float(np.mean(stored)) / 1e3,
    }


def of_cluster(
    workers: int, made: list[Made], contenders: list[Contender], options: Options
) -> dict[str, float]:
    """The toy on as many one-core nodes of this machine."""
    import ray
    from ray.cluster_utils import Cluster

    from mmm_benchmark.run.executors.ray import How, dispatching

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": 2**27, "include_dashboard": False},
    )
    for _ in range(workers - 1):
        cluster.add_node(num_cpus=1, object_store_memory=2**27)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    try:
        with dispatching(How()) as dispatcher:
            limits = {"parallel": dispatcher.window, "by_claim": True}
            with run_of(made[:FIRST], contenders, options, dispatcher.perform, **limits) as settle:
                begins = time.monotonic()
                first = (settle().first or begins) - begins
            with run_of(made[FIRST:], contenders, options, dispatcher.perform, **limits) as settle:
                began, busy = time.monotonic(), time.process_time()
                settle()
                wall, busy = time.monotonic() - began, time.process_time() - busy
            idle = time.process_time()
            time.sleep(IDLE)
            idle = (time.process_time() - idle) / IDLE

        @ray.remote(num_returns="streaming")
        def nothing() -> Iterator[int]:
            yield 0

        trips = []
        for _ in range(50):
            asked = time.monotonic()
            ray.get(next(nothing.remote()))
            trips.append(time.monotonic() - asked)

        silent = [nothing.options(resources={"nowhere": 1}).remote() for _ in range(SILENT)]
        looked = time.process_time()
        for _ in range(10):
            ray.wait(silent, num_returns=SILENT, timeout=0)
        looked = time.process_time() - looked
    finally:
        ray.shutdown()
        cluster.shutdown()
    fits = len(made) - FIRST
    return {
        "first_begins_s": first,
        "jobs_per_s": fits / wall,
        "driver_ms": 1e3 * (busy - idle * wall) / fits,
        "driver_idle_ms_per_s": 1e3 * idle,
        "round_trip_ms": 1e3 * float(np.median(trips)),
        "fastest_round_trip_ms": 1e3 * float(np.min(trips)),
        "look_us_per_task": 1e6 * looked / 10 / SILENT,
    }


@contextlib.contextmanager
def bucket() -> Iterator[str]:
    """An S3-compatible server in a process of its own on loopback, and a place in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        import s3fs

        for _ in range(60):
            with contextlib.suppress(OSError):
                s3fs.S3FileSystem(use_listings_cache=False).makedirs("scaling", exist_ok=True)
                break
            time.sleep(1.0)
        yield "s3://scaling/results"
    finally:
        server.terminate()
        server.wait()


def measure(jobs: int, parts: list[str]) -> None:
    """One row for each figure, written as they come; what other parts said before is kept."""
    rows: list[dict[str, Any]] = []
    if (OUT / "measured.csv").exists():
        before = pd.read_csv(OUT / "measured.csv")
        rows = before[~before["part"].isin(parts)].to_dict("records")

    def note(part: str, workers: int | None, figures: Mapping[str, float]) -> None:
        load = os.getloadavg()[0]
        for name, value in figures.items():
            rows.append({"part": part, "workers": workers, "figure": name,
                         "value": round(value, 3), "jobs": jobs,
                         "load": round(load, 1)})  # fmt: skip
            print(*rows[-1].values(), flush=True)
        pd.DataFrame(rows).to_csv(OUT / "measured.csv", index=False)  # one part after another

    from mmm_benchmark.run.executors.ray.cluster import SETTINGS

    os.environ.update(SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        made, contenders, options = prepared(jobs, place / "driver")
        if "driver" in parts:
            note("driver", None, of_driver(made, contenders, options))
        if "node" in parts:
            note("node", None, of_node(made, contenders, place / "node"))
        for workers in WORKERS if "cluster" in parts else ():
            chosen = Options(fitter=[TOY], results=place / f"{workers}")
            note("cluster", workers, of_cluster(workers, made, contenders, chosen))

        if "bucket" in parts:
            with bucket() as url:
                chosen = Options(fitter=[TOY], results=place_of(url))
                note("bucket", 1, of_cluster(1, made, contenders, chosen))


def main() -> None:
    """Measure or simulate, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("measure", "simulate"))
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--parts", nargs="+", default=["driver", "node", "cluster", "bucket"])
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    if asked.what == "measure":
        measure(asked.jobs, asked.parts)
    else:
        from scaling_simulation import simulate

        table = simulate(pd.read_csv(OUT / "measured.csv"))
        table.round(4).to_csv(OUT / "simulated.csv", index=False)


if __name__ == "__main__":
    main()
