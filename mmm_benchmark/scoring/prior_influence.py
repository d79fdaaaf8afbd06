"""Did the data speak, or the prior? ``prior_influence.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics.arrays import FloatArray, ratio
from mmm_benchmark.scoring.posterior import flat_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL

if TYPE_CHECKING:
    import xarray as xr

NO_PRIOR = "the fit keeps no draws of its prior"
#: Half of the central interval of this probability is a normal law's standard deviation; unlike
#: the standard deviation it exists for priors of any tail.
WITHIN = 0.6827


def prior_rows(posterior: xr.Dataset, prior: xr.Dataset | None) -> list[Row]:
    """One row per channel: how far the posterior of its ROAS moved from the fit's own prior.

    The row over all holds the mean contraction and the mean size of the shift.
    """
    if prior is None:
        return [{"channel": ALL, "note": NO_PRIOR}]
    before, after = flat_draws(prior["roas"]), flat_draws(posterior["roas"])
    centre, width = _centre_and_width(before)
    found, left = _centre_and_width(after)
    contraction = 1.0 - ratio(left, width)
    shift = ratio(found - centre, width)
    measures = {
        "prior_roas": centre,
        "prior_width": width,
        "contraction": contraction,
        "shift": shift,
    }
    rows: list[Row] = [
        {"channel": str(channel), "note": ""} | {name: float(v[i]) for name, v in measures.items()}
        for i, channel in enumerate(prior["channel"].values)
    ]
    over_all = {"contraction": contraction.mean(), "shift": np.abs(shift).mean()}
    return [*rows, {"channel": ALL, "note": ""} | {k: float(v) for k, v in over_all.items()}]


def _centre_and_width(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Median, and half of the central interval of :data:`WITHIN`; draws on the last axis."""
    tail = (1 - WITHIN) / 2
    low, middle, high = np.quantile(draws, (tail, 0.5, 1 - tail), axis=-1)
    return middle, (high - low) / 2
