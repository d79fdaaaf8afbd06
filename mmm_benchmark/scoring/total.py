"""What media, the baseline and the controls sell in all: ``total_recovery.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics import calibration
from mmm_benchmark.metrics.arrays import FloatArray
from mmm_benchmark.scoring.contribution import ONE_DRAW
from mmm_benchmark.scoring.posterior import flat_draws
from mmm_benchmark.scoring.scorable import Row

if TYPE_CHECKING:
    import xarray as xr

MEDIA = "media"
#: What adds up to expected sales, and the dimension it is summed over beside geo and date.
PARTS = {MEDIA: "contribution", "baseline": "baseline", "controls": "control_contribution"}


def total_rows(posterior: xr.Dataset, observed: xr.Dataset, truth: xr.Dataset) -> list[Row]:
    """One row for each part of sales, summed over geos, dates and channels.

    Everything is set over the observed sales of the window, so errors are in points of sales and
    those of a fit's parts add up.
    """
    sales = float(observed["sales"].sum())
    rows = []
    for part, name in PARTS.items():
        if name not in truth:
            rows.append({"part": part, "note": f"true {name} is not known"})
            continue
        draws = _totals(posterior[name]) / sales
        rows.append({"part": part} | total_scores(draws, float(truth[name].sum()) / sales))
    return rows


def total_scores(draws: FloatArray, truth: float) -> Row:
    """Scores of one number: signed error of the mean, CRPS, 90% interval.

    Parameters
    ----------
    draws
        Shape ``(draw,)``.
    truth
        In the same unit.
    """
    ordered, true = calibration.sort_draws(draws), np.asarray(truth)
    row: Row = {
        "true_share": truth,
        "share": float(draws.mean()),
        "error": float(draws.mean()) - truth,
        "crps": float(calibration.crps(ordered, true)),
        "note": ONE_DRAW,
    }
    names = ("share_90_lower", "share_90_upper", "covered_90", "interval_score_90")
    if draws.size == 1:
        return row | dict.fromkeys(names, np.nan)
    low, high = calibration.central_interval(ordered, 0.9)
    score = float(calibration.interval_score(ordered, true))
    found = (float(low), float(high), float(low <= truth <= high), score)
    return row | dict(zip(names, found, strict=True)) | {"note": ""}


def _totals(variable: xr.DataArray) -> FloatArray:
    """Sum of a part over everything but the draws, (draw,), currency."""
    over = [dim for dim in variable.dims if dim not in ("chain", "draw")]
    return flat_draws(variable.sum(over, dtype=np.float64))
