"""``summary``: the parameter table and three pictures of one stored fit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mmm_benchmark.commands.typed import ResultsOption


def summary(
    key: Annotated[str, typer.Argument(help="The key of a stored fit, or the start of it.")],
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("mmm_output"),
    results: ResultsOption = Path("results"),
) -> None:
    """Write mmm_summary.csv, response curves, predicted against actual and the breakdown."""
    from mmm_benchmark.report.script_summary import write_summary
    from mmm_benchmark.store.datasets import load_dataset
    from mmm_benchmark.store.fits import Store

    fit = Store(results, lambda line: print(line, file=sys.stderr)).by_prefix(key)
    dataset = load_dataset(results, fit.job["dataset"]["id"])
    with fit.tree() as tree:
        posterior = tree["posterior"].to_dataset().load()
    for path in write_summary(posterior, dataset.observed, dataset.truth, out):
        print(path)
