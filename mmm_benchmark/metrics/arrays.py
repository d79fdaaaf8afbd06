"""Small helpers the measures share: ratios that may be undefined, and what counts as constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        Broadcast,
        Counts,
        Marked,
        Reduced,
    )

FloatArray = NDArray[np.float64]

#: A series whose standard deviation is below this share of its largest size is constant:
#: float32 storage alone leaves about 1e-7 of relative noise.
CONSTANT = 1e-6


def ratio(numerator: Broadcast, denominator: Broadcast) -> Reduced:
    """Divide, with NaN where the denominator is zero."""
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    )
    out = np.full(top.shape, np.nan)
    return np.divide(top, bottom, out=out, where=bottom != 0)


def is_constant(values: Counts, axis: int = -1) -> Marked:
    """Say whether ``values`` do not move along ``axis``, up to rounding."""
    values = np.asarray(values, np.float64)
    return values.std(axis=axis) <= CONSTANT * np.abs(values).max(axis=axis)
