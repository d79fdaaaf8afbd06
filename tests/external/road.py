"""The road from a dataset to a stored fit, without tables and plots; also a script.

``python -m tests.external.road RESULTS FITTER`` settles one job and prints its status, so that
tests can run it beside another, stop it, or kill it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from mmm_benchmark.api import execute
from mmm_benchmark.environments.make import ensure
from mmm_benchmark.plan.grid import find_contenders, make_datasets
from mmm_benchmark.plan.options import Options
from mmm_benchmark.run.runner import Outcome
from mmm_benchmark.store.fits import Store
from tests.factories import tiny_dataset

FITTERS = Path(__file__).parent / "fitters"


def walk(
    results: Path, *names: str, console: Console | None = None, **options: Any
) -> list[Outcome]:
    """Settle the tiny dataset with the fitter files of these names."""
    chosen = Options(
        datasets=tiny_dataset(),
        fitter=[FITTERS / f"{name}.py" for name in names],
        results=results,
        **options,
    )
    console = console or Console(quiet=True)
    contenders = find_contenders(chosen, lambda needs: ensure(needs, print))
    return execute(chosen, Store(results, print), make_datasets(chosen), contenders, console)


def record_of(outcome: Outcome) -> Mapping[str, Any]:
    """The latest word on a job."""
    return outcome.lost or outcome.fit.record


if __name__ == "__main__":
    for outcome in walk(Path(sys.argv[1]), sys.argv[2], console=Console(width=200)):
        print(record_of(outcome)["status"], "fresh" if outcome.fresh else "cached", flush=True)
