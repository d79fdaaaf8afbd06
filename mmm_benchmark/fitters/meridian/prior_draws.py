"""ROAS under the model's own prior, before any sales are seen: drawn by the library."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from meridian.analysis.analyzer import Analyzer
from meridian.model.model import Meridian

DRAWS: Final = 400


def prior_of_roas(
    observed: xr.Dataset, model: Meridian, seed: int, draws: int = DRAWS
) -> xr.Dataset:
    """Draws of every channel's ROAS, ``roas (chain, draw, channel)``.

    The library's prior of effects is in units that it takes from the data (a standard deviation of
    sales, median spend); of sales it sees no more.
    """
    model.sample_prior(draws, seed=seed)
    analyzer = Analyzer(model_context=model.model_context, inference_data=model.inference_data)
    roas = np.asarray(analyzer.roi(use_posterior=False, use_kpi=True, batch_size=draws))
    coords: dict[str, Any] = {
        "chain": [0],
        "draw": np.arange(draws),
        "channel": observed["channel"].values,
    }
    values = roas.reshape(1, draws, -1).astype(np.float32)
    return xr.Dataset({"roas": (tuple(coords), values)}, coords=coords)
