"""``list``, ``show`` and ``envs``: what there is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmm_benchmark.commands.typed import ResultsOption

if TYPE_CHECKING:
    from mmm_benchmark.store.fits import StoredFit


def list_(results: ResultsOption = Path("results")) -> None:
    """Fitters, datasets and stored fits."""

    from mmm_benchmark.commands.lines import aligned
    from mmm_benchmark.plan.choose import registered
    from mmm_benchmark.plan.jobs import SHORT_KEY, DatasetRef
    from mmm_benchmark.store.fits import Store
    from mmm_benchmark.store.place import called
    from mmm_data_generator import describe, list_available_presets, list_cells

    fitters = [("FITTER", "LIBRARY", "ENVIRONMENT", "WHAT IT IS")]
    for entry in registered().values():
        known = entry.reference or entry.knows
        mark = "" if not known else f" ({'reference: ' if entry.reference else ''}{known})"
        fitters.append((entry.name, entry.group, entry.extra or "base", entry.summary + mark))
    fits = [("STORED FIT", "DATASET", "FITTER", "CHAINS x DRAWS", "STATUS", "WHEN (UTC)")]
    for fit in Store(results, _complain):
        budget, record = fit.job["budget"], fit.record
        fits.append(
            (
                fit.key[:SHORT_KEY],
                DatasetRef(**fit.job["dataset"]).label,
                fit.job["fitter"],
                f"{budget['chains']} x {budget['draws']}",
                record["status"],
                record["finished_at"][:16].replace("T", " "),
            )
        )
    print("\n".join(aligned(fitters)))
    presets = [(name, describe(name)) for name in list_available_presets()]
    cells = [(name, describe(name)) for name in list_cells()]
    worlds = [
        (
            "DATASET",
            "the same parameters for every seed; the business presets have PyMC-Marketing's",
        ),
        ("", "own adstock and season, curves near lines and returns of 8 to 47: its home ground"),
        *presets,
        ("CELL", "Every seed draws another world, its sizes too; name@seed is one of them"),
        *cells,
    ]
    print("\n" + "\n".join(aligned(worlds)) + "\n")
    print("\n".join(aligned(fits)) if len(fits) > 1 else f"no stored fits in {called(results)}")


def show(
    key: Annotated[str, typer.Argument(help="The key of a stored fit, or the start of it.")],
    why: Annotated[
        bool, typer.Option("--why", help="Name what differs from the nearest stored fit.")
    ] = False,
    results: ResultsOption = Path("results"),
) -> None:
    """One stored fit: what was asked and what came of it."""
    from mmm_benchmark.store.fits import Store

    store = Store(results, _complain)
    fit = store.by_prefix(key)
    if why:
        _explain(fit, [other for other in store if other.key != fit.key])
        return
    print(f"fit {fit.key} in {fit.path}")
    print(json.dumps({"job": fit.job, "record": fit.record}, indent=2))


def _complain(line: str) -> None:
    print(line, file=sys.stderr)


def _explain(fit: StoredFit, others: list[StoredFit]) -> None:
    from mmm_benchmark.plan.jobs import nearest, why

    near = nearest(fit.job, [other.job for other in others])
    if near is None:
        print(f"{fit.key} is the only stored fit")
        return
    other = next(each for each in others if each.job is near[0])
    print(f"nearest to {fit.key} is {other.key}; they differ in")
    for line in why(fit.job, other.job):
        print(f"  {line}")


def envs(
    make: Annotated[
        list[str] | None, typer.Option(help="Extras whose environments to make now.")
    ] = None,
) -> None:
    """The environment of each extra: where it is, or the command that makes it."""
    import importlib.metadata

    from mmm_benchmark.environments.find import find
    from mmm_benchmark.environments.make import ensure, recipe
    from mmm_benchmark.environments.needs import DISTRIBUTION, extra_needs

    for extra in make or []:
        ensure(extra_needs(extra), print)
    extras = importlib.metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    for extra in extras:
        if extra == "remote":  # a driver for the store, part of the running environment
            continue
        needs = extra_needs(extra)
        environment = find(needs)
        if environment is None:
            print(f"{extra}: made on first use, or now by: {recipe(needs)}")
        else:
            print(f"{extra}: {environment.python} ({environment.origin})")
