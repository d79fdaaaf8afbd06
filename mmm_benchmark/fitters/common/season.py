"""Yearly Fourier modes of the day of the year, as PyMC-Marketing has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.periods import DAYS_PER_YEAR

if TYPE_CHECKING:
    import xarray as xr


def fourier(date: xr.DataArray, modes: int) -> dict[str, NDArray[np.float64]]:
    """Columns ``sin_1, cos_1, ...`` of ``modes`` waves a year, each of shape ``(date,)``."""
    day = date.dt.dayofyear.to_numpy()
    angles = {order: 2 * np.pi * order * day / DAYS_PER_YEAR for order in range(1, modes + 1)}
    return {
        f"{wave}_{order}": function(angle)
        for order, angle in angles.items()
        for wave, function in (("sin", np.sin), ("cos", np.cos))
    }
