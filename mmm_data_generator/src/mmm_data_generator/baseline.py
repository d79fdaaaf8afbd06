"""Sales without media: intercept, trend, seasonality, and the noise around all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmm_data_generator.config import RegionConfig

Array = NDArray[np.float64]


def parts(config: RegionConfig, base: Array, n_periods: int) -> tuple[Array, Array, Array]:
    """Return intercept, trend and seasonality, each (geo, date), in currency per week.

    ``base`` (geo,) is each geo's base sales rate; all three are shares of it.
    """
    t = np.arange(n_periods, dtype=float)
    wave = np.sin(2 * np.pi * t / config.seasonal_period + config.seasonal_phase)
    intercept = np.repeat(base[:, None], n_periods, axis=1)
    return (
        intercept,
        base[:, None] * config.sales_trend * t,
        base[:, None] * config.seasonal_amplitude * wave,
    )
