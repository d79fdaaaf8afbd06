"""Sales without media: intercept, trend, seasonality, and the noise around all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.periods import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from mmm_data_generator.fields.parts import RegionConfig

Array = NDArray[np.float64]


def parts(
    config: RegionConfig, base: Array, n_periods: int, weekday: Array | float = 1.0
) -> tuple[Array, Array, Array]:
    """Return intercept, trend and seasonality, each (geo, date), in currency per period.

    ``base`` (geo,) is each geo's base sales rate; all three are shares of it. ``weekday`` (date,)
    is the factor of each day in a daily world; what it adds is part of the seasonality.
    """
    t = np.arange(n_periods, dtype=float)
    wave = np.sin(
        2 * np.pi * t / (config.seasonal_period or WEEKS_PER_YEAR) + config.seasonal_phase
    )
    intercept = np.repeat(base[:, None], n_periods, axis=1)
    season = base[:, None] * config.seasonal_amplitude * wave
    return (
        intercept,
        base[:, None] * config.sales_trend * t,
        season + base[:, None] * (weekday - 1.0),
    )
