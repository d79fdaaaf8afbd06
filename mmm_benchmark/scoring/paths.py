"""The measures every path gets: of the posterior mean, of each draw, and of the spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm_benchmark.metrics import calibration, recovery
from mmm_benchmark.metrics.arrays import FloatArray, ratio


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


def errors(estimate: FloatArray, truth: FloatArray, axis: int = -1) -> dict[str, FloatArray]:
    """Every measure of recovery of a path, by column name."""
    mape, skipped = recovery.mape(estimate, truth, axis)
    return {
        "r2": recovery.r2(estimate, truth, axis),
        "mape": mape,
        "mape_skipped": np.broadcast_to(skipped, mape.shape),
        "wmape": recovery.wmape(estimate, truth, axis),
        "bias": recovery.bias(estimate, truth, axis),
        "srmse": recovery.srmse(estimate, truth, axis),
        "correlation": recovery.correlation(estimate, truth, axis),
        "variation_ratio": recovery.variation_ratio(estimate, truth, axis),
        "total_error": recovery.total_error(estimate, truth, axis),
    }


def errors_by_draw(paths: Paths) -> dict[str, FloatArray]:
    """The same for every draw: each measure ``(n, draw)``. Counts are not repeated."""
    found = errors(paths.draws, paths.truth[..., None], axis=-2)
    del found["mape_skipped"]
    return found


def spread_measures(
    paths: Paths,
) -> tuple[dict[str, FloatArray], dict[float, FloatArray], FloatArray]:
    """CRPS of each path, then points covered at each level, then points that count.

    ``crps_currency`` is the mean over dates; ``crps`` divides it by the mean absolute truth, so
    that for a point estimate it equals WMAPE.
    """
    ordered = calibration.sort_draws(paths.draws)
    score = calibration.crps(ordered, paths.truth).mean(axis=-1)
    size = np.abs(paths.truth).mean(axis=-1)
    n = paths.truth.shape[0]
    covered = {level: np.zeros(n) for level in calibration.LEVELS}
    counted = np.zeros(n)
    for i in range(n):
        for level in calibration.LEVELS:
            covered[level][i], counted[i] = calibration.coverage(ordered[i], paths.truth[i], level)
    return {"crps": ratio(score, size), "crps_currency": score}, covered, counted
