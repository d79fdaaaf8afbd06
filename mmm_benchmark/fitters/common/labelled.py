"""Estimands of kept draws, as plain arrays, in the words of a ``Fit``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mmm_benchmark import estimands, schema
from mmm_benchmark.fit import Fit
from mmm_benchmark.fitters.common.report import noisy_sales

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

#: Multiples of a channel's spend at which a response curve is asked for, and one step at today's.
MULTIPLIERS: Final = (*schema.SPEND_MULTIPLIERS, 1.0 + schema.MARGINAL_STEP)


def as_fit(
    observed: xr.Dataset, found: Mapping[str, NDArray[np.floating]], seed: int, **rest: Any
) -> Fit:
    """Label estimands of kept draws and add the posterior predictive."""
    arrays: dict[str, Any] = dict(found)
    noise, totals = arrays.pop("noise"), arrays.pop("totals").astype(np.float64)
    curves = dict(zip(MULTIPLIERS, np.moveaxis(totals, 2, 0), strict=True))
    total_spend = observed["spend"].sum(("geo", "date")).to_numpy()
    arrays["response"] = estimands.response(curves.__getitem__, total_spend)
    posterior = estimands.posterior(observed, **arrays)
    predictive = noisy_sales(observed, posterior, noise, seed)
    return Fit(posterior=posterior, posterior_predictive=predictive, **rest)
