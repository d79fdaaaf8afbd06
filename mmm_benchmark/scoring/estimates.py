"""What a fit says of each channel, truth or no truth: ``estimates.csv``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics import calibration
from mmm_benchmark.metrics.arrays import FloatArray, ratio
from mmm_benchmark.scoring.contribution import ONE_DRAW
from mmm_benchmark.scoring.posterior import flat_draws, geo_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL
from mmm_data_generator.dataset.overview import spend_with_sales

if TYPE_CHECKING:
    import xarray as xr

#: Estimated quantities: each has a mean and the ends of its central 90% interval.
ESTIMATED = (
    *("contribution", "share_of_sales", "roas", "marginal_roas"),
    *("adstock_decay", "half_saturation"),
)
#: How far the data moved the return from what the fit's prior said of it.
MOVED = ("contraction", "shift")
LEVEL = 0.9


def estimate_rows(
    posterior: xr.Dataset, observed: xr.Dataset, moved: Sequence[Row] = ()
) -> list[Row]:
    """One row per channel over all geos and dates, then one over all channels together.

    Parameters
    ----------
    posterior
        The ``/posterior`` group of a fit.
    observed
        The data it was fitted to.
    moved
        How far the fit moved from its own prior, the rows of ``prior_influence``.

    Returns
    -------
    list of Row
        ``<quantity>``, ``<quantity>_q05``, ``<quantity>_q95`` for each of ``ESTIMATED``, and
        ``spend``, ``spend_with_sales`` and, where the fit's prior is known, ``contraction`` and
        ``shift``. Contributions in currency over the whole window, decay and half-saturation as
        means over geos. A fit of one draw has no interval.
    """
    channels = [str(channel) for channel in observed["channel"].values]
    spend = observed["spend"].sum(("geo", "date")).values  # channel
    sales = float(observed["sales"].sum())
    contribution = sum_over_weeks_and_geos(posterior["contribution"])  # channel, draw
    draws = {
        "contribution": with_total(contribution),
        "share_of_sales": with_total(contribution) / sales if sales else None,
        "roas": np.vstack([flat_draws(posterior["roas"]), _total_roas(contribution, spend)]),
        "marginal_roas": flat_draws(posterior["marginal_roas"]),
    }
    for name in ("adstock_decay", "half_saturation"):
        if name in posterior:
            draws[name] = flat_draws(posterior[name].mean("geo"))
    note = ONE_DRAW if contribution.shape[-1] == 1 else ""
    rows: list[Row] = [
        {"channel": channel, "spend": money, "spend_with_sales": follows, "note": note}
        for channel, money, follows in zip(
            (*channels, ALL),
            (*spend, spend.sum()),
            (*spend_with_sales(observed), np.nan),
            strict=True,
        )
    ]
    known = {row["channel"]: row for row in moved}
    for row in rows:
        row |= {name: known.get(row["channel"], {}).get(name, np.nan) for name in MOVED}
    for name in ESTIMATED:
        for row, figures in zip(rows, summaries(draws.get(name), len(rows)), strict=True):
            row |= dict(zip((name, f"{name}_q05", f"{name}_q95"), figures, strict=True))
    return rows


def sum_over_weeks_and_geos(contribution: xr.DataArray) -> FloatArray:
    """Total by channel and draw; one geo at a time, which bounds the memory."""
    totals = [
        geo_draws(contribution, geo).sum(axis=1, dtype=np.float64)
        for geo in range(contribution.sizes["geo"])
    ]
    return np.sum(totals, axis=0)


def with_total(contribution: FloatArray) -> FloatArray:
    """Channels and, last, their sum: summed draw by draw, so that it has its own interval."""
    return np.vstack([contribution, contribution.sum(axis=0)])


def summaries(draws: FloatArray | None, rows: int) -> FloatArray:
    """Mean and interval ends by row, ``(rows, 3)``; NaN where a row has no such quantity."""
    figures = np.full((rows, 3), np.nan)
    if draws is None:
        return figures
    figures[: len(draws), 0] = draws.mean(axis=-1)
    if draws.shape[-1] > 1:
        ends = calibration.central_interval(calibration.sort_draws(draws), LEVEL)
        figures[: len(draws), 1:] = np.stack(ends, axis=-1)
    return figures


def _total_roas(contribution: FloatArray, spend: FloatArray) -> FloatArray:
    total = contribution.sum(axis=0)
    return ratio(total, np.full_like(total, spend.sum()))
