"""Tables of many stored fits: scored anew, and from the scores kept beside the fits.

A store of ``--fits`` fits is made of the posteriors of one fitter on worlds of a preset (each fit
stored under keys of its own, so nothing is shared), then tables are made of all of them: ``first``
scores every fit, ``again`` reads what was kept, ``page`` writes the page beside them, ``unchanged``
finds that nothing changed, as ``--plots-only`` does, ``cached`` is a run whose every answer is
stored, up to its tables. Seconds of wall clock, one process; ``_cpu``
are seconds of the processor, which other work on the machine does not stretch.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill
from mmm_benchmark.plan.datasets import reference_to
from mmm_benchmark.plan.jobs import DatasetRef, Job
from mmm_benchmark.report.refresh import summarise
from mmm_benchmark.run.executors import Ending, Order
from mmm_benchmark.run.progress import Progress
from mmm_benchmark.run.runner import Run, run_jobs
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.run.worker import write_fit
from mmm_benchmark.store.datasets import DATASETS, keep, load_dataset
from mmm_benchmark.store.fits import Store
from mmm_data_generator import generate_mmm_dataset, get_preset_config


def fill(results: Path, preset: str, fits: int, worlds: int) -> None:
    """Store ``fits`` fits to ``worlds`` worlds, as a run would have left them."""
    store = Store(results)
    staging = store.staging()
    for seed in range(worlds):
        dataset = generate_mmm_dataset(get_preset_config(preset), seed=seed)
        ref = reference_to(dataset)
        keep(dataset, ref.id, results, staging)
        fit = ScipyHill(bootstrap=60).fit(dataset.observed, Budget(), seed)
        for k in range(seed, fits, worlds):
            job = Job(
                dataset=ref,
                fitter=f"fitter-{k // worlds}",
                fitter_version="1",
                target="none",
                arguments={},
                settings={},
                library="none",
                extra=None,
                reference=None,
                budget=Budget(),
                seed=seed,
            )
            folder = staging.folder(job.key)
            write_fit(fit, folder / "fit.nc")
            (folder / "job.json").write_text(json.dumps(job.document()))
            record = {
                "status": "ok",
                "reason": None,
                "seconds": {"sample": 1.0},
                "total_s": 1.0,
                "peak_rss_mb": 100.0,
                "stored_mb": (folder / "fit.nc").stat().st_size / 1e6,
                "diagnostics": {},
                "parameter_counts": {},
                "checks": {"fine": True},
                "notes": [],
                "finished_at": "2026-01-01T00:00:00",
                "limits": {"timeout": None, "memory": None},
            }
            (folder / "fit.json").write_text(json.dumps(record))
            store.put(job.key, folder)
    staging.close()


def cached(results: Path) -> dict[str, float]:
    """A run of all jobs of a store, where every answer is there: every byte is checked."""
    store = Store(results)
    staging = store.staging()
    observed = {id: load_dataset(results, id).observed for id in store.shelf.names(DATASETS)}
    jobs = [job_of(fit.job) for fit in store]
    tasks = [Task(job, observed[job.dataset.id], Path("nowhere")) for job in jobs]

    def never(order: Order, *rest: Any) -> Ending:
        raise SystemExit(f"{order.fitter} was not found in the store")

    started, busy = time.perf_counter(), time.process_time()
    with Progress(Console(quiet=True), len(jobs)) as progress:
        run_jobs(
            tasks,
            Run(
                store=Store(results),
                staging=staging,
                policy=Policy(),
                perform=never,
                reporter=progress,
            ),
        )
    took = time.perf_counter() - started, time.process_time() - busy
    staging.close()
    return {"cached": round(took[0], 2), "cached_cpu": round(took[1], 2)}


def job_of(document: dict[str, Any]) -> Job:
    """The job that a ``job.json`` holds."""
    given = {"dataset": DatasetRef(**document["dataset"]), "budget": Budget(**document["budget"])}
    return Job(**{**document, **given})


def main() -> None:
    """Print one line of JSON: seconds of reading the store, first and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=500)
    parser.add_argument("--worlds", type=int, default=50)
    parser.add_argument("--preset", default="small_business")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder)
        fill(results, given.preset, given.fits, given.worlds)
        took = {}
        for name, page, again in (
            ("first", False, True),
            ("again", False, True),
            ("page", True, True),
            ("unchanged", True, False),
        ):
            started = time.perf_counter()
            fits = [replace(fit) for fit in Store(results)]
            took[f"{name}_read"] = round(time.perf_counter() - started, 2)
            started, busy = time.perf_counter(), time.process_time()
            summarise(fits, results, bayesian=False, pictures=False, page=page, again=again)
            took[name] = round(time.perf_counter() - started, 2)
            took[f"{name}_cpu"] = round(time.process_time() - busy, 2)
        took |= cached(results)
        print(json.dumps({"fits": len(fits), **took}))


if __name__ == "__main__":
    main()
