"""Weeks that a fit has not seen: their spend is known, their sales are to be said.

A fitter that can do this has the class attribute ``forecasts = True`` and fills ``Fit.forecast``
whenever :func:`asked` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    type Array = NDArray[np.floating[Any]]


def asked(observed: xr.Dataset) -> bool:
    """Whether weeks to come are to be forecast."""
    return "future_spend" in observed


def weeks_to_come(observed: xr.Dataset) -> int:
    """How many."""
    return observed.sizes["future_date"]


def whole_window(observed: xr.Dataset) -> xr.Dataset:
    """Spend and controls of the weeks that were seen and of those to come, in one row of dates."""
    import xarray as xr

    seen = observed[["spend", "controls"]]
    to_come = observed[["future_spend", "future_controls"]].rename(
        future_date="date", future_spend="spend", future_controls="controls"
    )
    return xr.concat([seen, to_come.transpose(*seen["spend"].dims, ...)], dim="date")


def forecast(
    observed: xr.Dataset, expected: Array, noise: Array | None = None, seed: int = 0
) -> xr.Dataset:
    """Label draws of sales in the weeks to come.

    Parameters
    ----------
    expected
        Sales without noise, ``(chain, draw, geo, week)``, currency per week; of a longer window
        the last weeks count.
    noise
        Standard deviation of independent normal noise, broadcasts against
        ``(chain, draw, geo)``; None for a point estimate.
    """
    import xarray as xr

    expected = np.asarray(expected, np.float64)[..., -weeks_to_come(observed) :]
    if noise is not None:
        shocks = np.random.default_rng([seed, 1]).standard_normal(expected.shape)
        expected = expected + np.asarray(noise)[..., None] * shocks
    coords = {
        "chain": np.arange(expected.shape[0]),
        "draw": np.arange(expected.shape[1]),
        "geo": observed["geo"].values,
        "future_date": observed["future_date"].values,
    }
    variable = (tuple(coords), expected.astype(np.float32), {"units": "currency/week"})
    return xr.Dataset({"sales": variable}, coords=coords)
