"""The measures every path gets: of the posterior mean, of each draw, and of the spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm_benchmark.metrics import calibration, recovery
from mmm_benchmark.metrics.arrays import FloatArray


@dataclass(frozen=True)
class Paths:
    """Draws of ``n`` paths and their truth.

    Attributes
    ----------
    draws
        ``(n, date, draw)``.
    truth
        ``(n, date)``.
    """

    draws: FloatArray
    truth: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Posterior mean ``(n, date)``; of one draw, that draw."""
        return self.draws.mean(axis=-1, dtype=np.float64)


#: Errors in the unit of the path until they are set over a size of the truth.
SCALED = ("wmape", "bias", "srmse", "total_error", "crps")
UNIT = np.ones(())  # what keeps an error in its unit


def errors(
    estimate: FloatArray, truth: FloatArray, axis: int = -1, over: FloatArray | None = None
) -> dict[str, FloatArray]:
    """Every measure of recovery of a path, by column name; ``over`` as in ``metrics.recovery``."""
    mape, skipped = recovery.mape(estimate, truth, axis)
    return {
        "r2": recovery.r2(estimate, truth, axis),
        "mape": mape,
        "mape_skipped": np.broadcast_to(skipped, mape.shape),
        "wmape": recovery.wmape(estimate, truth, axis, over),
        "bias": recovery.bias(estimate, truth, axis, over),
        "srmse": recovery.srmse(estimate, truth, axis, over),
        "correlation": recovery.correlation(estimate, truth, axis),
        "variation_ratio": recovery.variation_ratio(estimate, truth, axis),
        "total_error": recovery.total_error(estimate, truth, axis, over),
    }


def errors_by_draw(paths: Paths, over: FloatArray | None = None) -> dict[str, FloatArray]:
    """The same for every draw: each measure ``(n, draw)``. Counts are not repeated."""
    found = errors(paths.draws, paths.truth[..., None], axis=-2, over=over)
    del found["mape_skipped"]
    return found


def spread_measures(
    paths: Paths,
) -> tuple[dict[str, FloatArray], dict[float, FloatArray], FloatArray]:
    """CRPS of each path, then points covered at each level, then points that count.

    CRPS is the mean over dates in the unit of the path; over the mean absolute truth it equals,
    for a point estimate, WMAPE.
    """
    ordered = calibration.sort_draws(paths.draws)
    score = calibration.crps(ordered, paths.truth).mean(axis=-1)
    n = paths.truth.shape[0]
    covered = {level: np.zeros(n) for level in calibration.LEVELS}
    counted = np.zeros(n)
    for i in range(n):
        for level in calibration.LEVELS:
            covered[level][i], counted[i] = calibration.coverage(ordered[i], paths.truth[i], level)
    return {"crps": score, "crps_currency": score}, covered, counted
