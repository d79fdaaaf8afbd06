"""What a half-saturation is a multiple of, in the units of given data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.world.transforms import spend_figure

type Array = NDArray[np.float64]


def units_of_spend(spend: Array) -> dict[str, float]:
    """Each of ``laws.UNITS`` in multiples of mean spend while active, geos averaged.

    Parameters
    ----------
    spend
        (geo, date) of one channel.
    """
    active = spend_figure(spend, "mean_active")
    on = np.where(active > 0, active, 1.0)

    def over(figure: Array) -> float:
        return max(float(np.exp(np.mean(np.log(np.maximum(figure / on, 1e-9))))), 1e-9)

    return {
        "mean": over(spend.mean(axis=1)),
        "mean_active": 1.0,
        "median_active": over(spend_figure(spend, "median_active")),
        "max": over(spend.max(axis=1)),
    }
