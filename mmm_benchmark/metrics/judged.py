"""The self-check of an answer, in its record: figures, check and the sentence to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mmm_benchmark.fit import Fit
from mmm_benchmark.metrics.self_check import BY_EXACT, DO_NOT_USE, MOST_CHANCE, self_check

if TYPE_CHECKING:
    import xarray as xr


def judged(
    fit: Fit,
    observed: xr.Dataset,
    outside: Sequence[str] = (),
    refused: str = "",
    doubt: str = "",
    remedy: str = BY_EXACT,
    most_chance: float = MOST_CHANCE,
) -> Fit:
    """``fit`` with what it knows of itself; channels that never spend have no return and no say.

    Parameters
    ----------
    outside, refused, doubt, remedy, most_chance
        As :func:`.self_check` takes them.
    """
    assert fit.posterior_predictive is not None
    spent = (observed["spend"].sum(("geo", "date")) > 0).values
    roas = fit.posterior["roas"].transpose("chain", "draw", "channel").values
    sales = fit.posterior_predictive["sales"].transpose("chain", "draw", "geo", "date").values
    found = self_check(
        roas.reshape(-1, roas.shape[-1])[:, spent],
        sales.reshape(-1, *sales.shape[2:]),
        observed["sales"].transpose("geo", "date").values,
        outside,
        refused,
        doubt,
        remedy,
        most_chance,
    )
    figures = {
        "self_check": float(found.level),
        "chance_wrong": found.chance_wrong,
        "weeks_held": found.held,
    }
    return replace(
        fit,
        diagnostics={**fit.diagnostics, **figures},
        checks={**fit.checks, "self_check": found.level != DO_NOT_USE},
        notes=(*fit.notes, found.sentence),
    )
