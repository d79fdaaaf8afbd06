"""What the published comparison fixes of every MMM: weeks of carry-over, the shape of a year."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.periods import DAYS_PER_YEAR

L_MAX: Final = 8  # weeks of the adstock kernel
N_FOURIER: Final = 2  # modes of the yearly seasonality


def fourier(day: NDArray[Any]) -> NDArray[np.float64]:
    """Yearly sine and cosine modes of the day of the year, (date, 2 * N_FOURIER)."""
    angle = 2 * np.pi * np.outer(day, np.arange(1, N_FOURIER + 1)) / DAYS_PER_YEAR
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
