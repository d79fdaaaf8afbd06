"""``list``, ``show`` and ``envs``: what there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from mmm_benchmark.store import StoredFit

ResultsOption = Annotated[Path, typer.Option(help="Where everything is kept.")]


def list_(results: ResultsOption = Path("results")) -> None:
    """Fitters, datasets and stored fits."""
    from rich.console import Console
    from rich.table import Table

    from mmm_benchmark.jobs import DatasetRef
    from mmm_benchmark.selection import registered
    from mmm_benchmark.store import Store
    from mmm_data_generator import list_available_presets

    console = Console()
    fitters = Table("fitter", "library", "environment", "what it is", box=None)
    for entry in registered().values():
        mark = " (reference)" if entry.reference else ""
        fitters.add_row(entry.name, entry.library, entry.extra or "base", entry.summary + mark)
    console.print(fitters)
    console.print(f"\ndatasets: {', '.join(list_available_presets())}", highlight=False)
    stored = list(Store(results, Console(stderr=True).print))
    if not stored:
        console.print(f"\nno stored fits in {results}", highlight=False)
        return
    fits = Table("stored fit", "dataset", "fitter", "chains x draws", "status", "when", box=None)
    for fit in stored:
        budget, record = fit.job["budget"], fit.record
        fits.add_row(
            fit.key[:12],
            DatasetRef(**fit.job["dataset"]).label,
            fit.job["fitter"],
            f"{budget['chains']} x {budget['draws']}",
            record["status"],
            record["finished_at"][:16].replace("T", " "),
        )
    console.print()
    console.print(fits)


def show(
    key: Annotated[str, typer.Argument(help="The key of a stored fit, or the start of it.")],
    why: Annotated[
        bool, typer.Option("--why", help="Name what differs from the nearest stored fit.")
    ] = False,
    results: ResultsOption = Path("results"),
) -> None:
    """One stored fit: what was asked and what came of it."""
    from rich.console import Console

    from mmm_benchmark.store import Store

    console = Console(highlight=False, markup=False, soft_wrap=True)
    store = Store(results, Console(stderr=True).print)
    fit = store.by_prefix(key)
    if why:
        _explain(fit, [other for other in store if other.key != fit.key], console)
        return
    console.print(f"fit {fit.key} in {fit.path}")
    console.print(json.dumps({"job": fit.job, "record": fit.record}, indent=2))


def _explain(fit: StoredFit, others: list[StoredFit], console: Console) -> None:
    from mmm_benchmark.jobs import nearest, why

    near = nearest(fit.job, [other.job for other in others])
    if near is None:
        console.print(f"{fit.key} is the only stored fit")
        return
    other = next(each for each in others if each.job is near[0])
    console.print(f"nearest to {fit.key} is {other.key}; they differ in")
    for line in why(fit.job, other.job):
        console.print(f"  {line}")


def envs() -> None:
    """The environment of each extra: where it is, or the command that makes it."""
    import importlib.metadata

    from rich.console import Console

    from mmm_benchmark.environments import DISTRIBUTION, extra_needs, find, recipe

    console = Console(highlight=False, markup=False, soft_wrap=True)
    extras = importlib.metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    for extra in extras:
        needs = extra_needs(extra)
        environment = find(needs)
        if environment is None:
            console.print(f"{extra}: made on first use, or now by: {recipe(needs)}")
        else:
            console.print(f"{extra}: {environment.python} ({environment.origin})")
