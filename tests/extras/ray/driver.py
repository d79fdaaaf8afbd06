"""A driver in a process of its own: ``python -m tests.extras.ray.driver RESULTS JOBS``.

Prints ``KEY:fresh ok`` or ``KEY:cached ok`` for every job.
"""

import sys
from pathlib import Path

from rich.console import Console

from mmm_benchmark.api import execute
from mmm_benchmark.environments.make import ensure
from mmm_benchmark.plan.grid import find_contenders, make_datasets
from mmm_benchmark.plan.options import Options
from mmm_benchmark.store.fits import Store
from tests.extras.ray.elastic import GOOD
from tests.factories import tiny_dataset

if __name__ == "__main__":
    results, jobs = Path(sys.argv[1]), int(sys.argv[2])
    chosen = Options(
        datasets=[tiny_dataset(seed=seed) for seed in range(jobs)],
        fitter=[GOOD],
        results=results,
        executor="ray",
    )
    contenders = find_contenders(chosen, lambda needs: ensure(needs, print, quiet=True))
    outcomes = execute(
        chosen, Store(results), make_datasets(chosen), contenders, Console(quiet=True)
    )
    for outcome in outcomes:
        print(f"{outcome.job.key}:{'fresh' if outcome.fresh else 'cached'} {outcome.fit.status}")
