"""``reproduce``: stored fits made again from what they say of themselves, and compared."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmm_benchmark.errors import UserError
from mmm_benchmark.store.place import Mirror, place_of

if TYPE_CHECKING:
    from rich.console import Console

    from mmm_benchmark.reproduction.compare import Difference
    from mmm_benchmark.run.runner import Outcome
    from mmm_benchmark.store.fits import StoredFit

COLUMNS = ("fit", "dataset", "fitter", "quantity", "stored", "again", "allowed", "agrees")


def reproduce(
    results: Annotated[
        Path,
        typer.Argument(help="The results: a folder, or a URL.", parser=place_of, metavar="PLACE"),
    ],
    fits: Annotated[
        int | None, typer.Option("--fits", help="How many, drawn at random; all by default.")
    ] = None,
    samplers: Annotated[list[str] | None, typer.Option(help="Only these fitters.")] = None,
    seed: Annotated[int, typer.Option(help="Draws which.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Where the refits go [default: RESULTS-again].")
    ] = None,
    executor: Annotated[str, typer.Option(help="local, or ray.")] = "local",
    jobs: Annotated[int, typer.Option(help="Fits at a time.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only what differs.")] = False,
) -> int:
    """Fit again what is stored, from the store alone, and say what differs by more than it may."""
    from mmm_benchmark.reproduction.orders import grouped
    from mmm_benchmark.run.progress import screen

    again = out or _beside(results)
    if again.exists() and again.resolve() == results.resolve():
        raise UserError(f"--out {again}: the refits need a folder of their own")
    chosen = _chosen(results, samplers or [], fits, seed)
    groups, refused = grouped(chosen)
    for fit, reason in refused:
        print(f"{_called(fit)}: not fitted again: {reason}")
    console = screen(quiet)
    more = {"executor": executor, "jobs": jobs, "quiet": quiet, "results": again}
    rows: list[dict[str, Any]] = []
    wrong = compared = 0
    for options, group in groups:
        for fit, outcome in _refitted(options | more, group, results, console):
            agrees, found = _judge(fit, outcome, quiet)
            rows += [_row(fit, each) for each in found]
            wrong += not agrees
            compared += 1
    _write(again, rows)
    print(f"{compared - wrong} of {compared} fits agree; every number: {again}/reproduction.csv")
    return 0 if compared and not wrong else 1


def _beside(results: Path) -> Path:
    if isinstance(results, Mirror):
        return Path("results") / "again" / results.name
    whole = results.resolve()
    return whole.with_name(f"{whole.name}-again")


def _chosen(
    results: Path, samplers: Sequence[str], count: int | None, seed: int
) -> list[StoredFit]:
    import sys

    from mmm_benchmark.store.fits import Store

    if count is not None and count < 1:
        raise UserError(f"--fits {count}: at least one fit must be made again")
    stored = [
        fit
        for fit in Store(results, lambda line: print(line, file=sys.stderr))
        if not samplers or fit.job["fitter"] in samplers
    ]
    if not stored:
        raise UserError(f"no stored fit{' of these fitters' if samplers else ''} in '{results}'")
    if count is None or count >= len(stored):
        return stored
    return random.Random(seed).sample(stored, count)


def _refitted(
    options: dict[str, Any], group: Sequence[StoredFit], results: Path, console: Console
) -> Iterator[tuple[StoredFit, Outcome]]:
    """Every fit of a group with its refit; datasets that share a name are fitted apart."""
    from mmm_benchmark.api import settled
    from mmm_benchmark.plan.options import Options
    from mmm_benchmark.store.datasets import load_dataset

    left = list(group)
    while left:
        now = list({fit.job["dataset"]["name"]: fit for fit in left}.values())
        left = [fit for fit in left if fit not in now]
        datasets = [load_dataset(results, fit.job["dataset"]["id"]) for fit in now]
        outcomes = settled(Options(datasets=datasets, **options), console)
        yield from zip(now, outcomes, strict=True)


def _judge(fit: StoredFit, outcome: Outcome, quiet: bool) -> tuple[bool, list[Difference]]:
    """Whether a refit agrees, and every number of both; says so."""
    from mmm_benchmark.reproduction.compare import compare
    from mmm_benchmark.reproduction.orders import changed

    called = _called(fit)
    for line in changed(fit.job, outcome.fit.job):
        print(f"{called}: another now: {line}")
    if outcome.failed or not outcome.fit.ok:
        print(f"{called}: the refit ended as {outcome.fit.status} ({outcome.fit.record['reason']})")
        return False, []
    with fit.tree() as old, outcome.fit.tree() as new:
        found = compare(
            old["posterior"].to_dataset(), new["posterior"].to_dataset(), fit.job["library"]
        )
    apart = [each for each in found if not each.agrees]
    for each in apart:
        print(
            f"{called}: {each.quantity} is {each.stored:.5g} in the store and {each.again:.5g} now "
            f"(allowed: {each.allowed:.2g} apart)"
        )
    if not apart and not quiet:
        same = sum(each.stored == each.again for each in found)
        print(f"{called}: {len(found)} numbers agree, {same} of them to the last digit")
    return not apart, found


def _called(fit: StoredFit) -> str:
    from mmm_benchmark.plan.jobs import SHORT_KEY, DatasetRef

    return (
        f"{fit.job['fitter']} on {DatasetRef(**fit.job['dataset']).label} ({fit.key[:SHORT_KEY]})"
    )


def _row(fit: StoredFit, each: Difference) -> dict[str, Any]:
    from mmm_benchmark.plan.jobs import DatasetRef

    return {
        "fit": fit.key,
        "dataset": DatasetRef(**fit.job["dataset"]).label,
        "fitter": fit.job["fitter"],
        "quantity": each.quantity,
        "stored": each.stored,
        "again": each.again,
        "allowed": each.allowed,
        "agrees": each.agrees,
    }


def _write(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    import csv

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "reproduction.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
