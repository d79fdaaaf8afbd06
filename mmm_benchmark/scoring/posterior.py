"""Reading a stored posterior: in the order of the observed labels, one geo at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.errors import ContractError
from mmm_benchmark.metrics.arrays import FloatArray

if TYPE_CHECKING:
    import xarray as xr


def aligned(fitted: xr.Dataset, observed: xr.Dataset, what: str) -> xr.Dataset:
    """Put every shared dimension of ``fitted`` in the order of ``observed``.

    Raises
    ------
    ContractError
        When labels differ as sets: the fit belongs to other data.
    """
    for dim in ("geo", "date", "channel", "control"):
        if dim not in fitted.dims or dim not in observed.indexes:
            continue
        if dim not in fitted.indexes:
            raise ContractError(f"{what}: dimension '{dim}' has no labels")
        have, want = fitted.indexes[dim], observed.indexes[dim]
        if have.equals(want):
            continue
        if set(have) != set(want):
            stray = sorted(map(str, set(have) ^ set(want)))[:3]
            raise ContractError(f"{what}: labels of '{dim}' differ from the data's: {stray}")
        fitted = fitted.sel({dim: want})
    return fitted


def geo_draws(variable: xr.DataArray, geo: int) -> FloatArray:
    """Draws of one geo with the sample last: ``(date, draw)`` or ``(channel, date, draw)``.

    One geo at a time bounds the memory of scoring, however many there are.
    """
    values = variable.isel(geo=geo).values  # chain, draw, date[, channel]
    sample = values.reshape(-1, *values.shape[2:])
    return np.ascontiguousarray(sample.transpose())


def flat_draws(variable: xr.DataArray) -> FloatArray:
    """All draws with the sample last: ``(chain, draw, ...)`` to ``(..., chain * draw)``."""
    values = variable.values.astype(np.float64)
    return np.moveaxis(values.reshape(-1, *values.shape[2:]), 0, -1)
