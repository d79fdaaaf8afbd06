"""What is left of sales once the model has spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics.arrays import ratio

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        Counts,
        Reduced,
    )


def durbin_watson(residual: Counts, axis: int = -1) -> Reduced:
    """Sum of squared steps over sum of squares (Durbin & Watson 1950), in [0, 4].

    2 when residuals are uncorrelated from week to week, towards 0 when they drift, towards 4 when
    they alternate. Residuals are sales minus *expected* sales: the noise of a posterior
    predictive would pull any model towards 2.
    """
    residual = np.asarray(residual, np.float64)
    steps = (np.diff(residual, axis=axis) ** 2).sum(axis=axis)
    return ratio(steps, (residual**2).sum(axis=axis))


def folded_durbin_watson(values: Reduced) -> float:
    """One figure for several series that cannot cancel: 2 - mean |DW - 2|, in [0, 2]."""
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    return float(2.0 - np.abs(values - 2.0).mean()) if values.size else float("nan")
