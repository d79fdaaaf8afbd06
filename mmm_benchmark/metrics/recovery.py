"""How close an estimated path is to the true one: fit, error, level and movement.

``estimate`` and ``truth`` broadcast against each other; ``axis`` is time. Except where a unit is
named, results are free of unit, so that changing the currency changes nothing. Errors that are
divided by the size of their own truth may be divided by something else, ``over``: by 1 to keep
their unit, so that a truth of zero still counts once they are pooled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics.arrays import is_constant, ratio

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        Broadcast,
        Counts,
        Marked,
        PerSeries,
        Reduced,
    )

#: MAPE leaves out points whose truth is smaller than this share of the mean absolute truth.
NEAR_ZERO = 0.01


def r2(estimate: Broadcast, truth: Broadcast, axis: int = -1) -> Reduced:
    """Coefficient of determination, 1 - SSE / SST (Wright 1921); NaN for a constant truth.

    At most 1; 0 is as good as the true mean; negative is worse. ``sqrt(1 - r2)`` is the RMSE in
    standard deviations of the truth.
    """
    truth = np.asarray(truth, np.float64)
    residual = ((estimate - truth) ** 2).sum(axis=axis)
    total = ((truth - truth.mean(axis=axis, keepdims=True)) ** 2).sum(axis=axis)
    return 1.0 - ratio(residual, np.where(is_constant(truth, axis), 0.0, total))


def near_zero(truth: Counts, axis: int = -1) -> Marked:
    """Mark the points MAPE leaves out: ``|truth| < NEAR_ZERO * mean(|truth|)``, and zeros."""
    size = np.abs(np.asarray(truth, np.float64))
    return (size < NEAR_ZERO * size.mean(axis=axis, keepdims=True)) | (size == 0)


def mape(estimate: Broadcast, truth: Broadcast, axis: int = -1) -> tuple[Reduced, Counts]:
    """Mean absolute percentage error, as a fraction, and how many points it left out.

    Points near zero (:func:`near_zero`) would each weigh without bound, so they are skipped and
    counted (Hyndman & Koehler 2006 on why). NaN when nothing is left.
    """
    truth = np.asarray(truth, np.float64)
    skipped = near_zero(truth, axis)
    error = np.abs(estimate - truth) / np.where(skipped, 1.0, np.abs(truth))
    kept = (~skipped).sum(axis=axis)
    return ratio(np.where(skipped, 0.0, error).sum(axis=axis), kept), skipped.sum(axis=axis)


def size(truth: Counts, axis: int = -1) -> Reduced:
    """Mean absolute truth: what errors of a path are set over."""
    return np.abs(np.asarray(truth, np.float64)).mean(axis=axis)


def wmape(
    estimate: Broadcast, truth: Broadcast, axis: int = -1, over: Counts | None = None
) -> Reduced:
    """Weighted MAPE, mean |error| / mean |truth| (Kolassa & Schütz 2007), as a fraction."""
    truth = np.asarray(truth, np.float64)
    return ratio(np.abs(estimate - truth).mean(axis=axis), _over(truth, axis, over))


def bias(
    estimate: Broadcast, truth: Broadcast, axis: int = -1, over: Counts | None = None
) -> Reduced:
    """Mean error over mean absolute truth: +0.1 is ten per cent too much.

    Signed, so it may be read for one series only; over several series take the mean of its
    absolute values, or errors cancel.
    """
    truth = np.asarray(truth, np.float64)
    return ratio((estimate - truth).mean(axis=axis), _over(truth, axis, over))


def srmse(
    estimate: Broadcast, truth: Broadcast, axis: int = -1, over: Counts | None = None
) -> Reduced:
    """Standardised root mean squared error, RMSE / |mean truth| (Knudsen & Fotheringham 1986)."""
    truth = np.asarray(truth, np.float64)
    rmse = np.sqrt(((estimate - truth) ** 2).mean(axis=axis))
    return ratio(rmse, np.abs(truth.mean(axis=axis)) if over is None else over)


def correlation(estimate: Broadcast, truth: Broadcast, axis: int = -1) -> Reduced:
    """Pearson correlation over time; 0 for a flat estimate, NaN for a flat truth.

    A flat estimate explains none of the movement; leaving it undefined would drop exactly the
    failures from an average over series.
    """
    x, y = np.broadcast_arrays(np.asarray(estimate, np.float64), np.asarray(truth, np.float64))
    dx = x - x.mean(axis=axis, keepdims=True)
    dy = y - y.mean(axis=axis, keepdims=True)
    size = np.sqrt((dx**2).sum(axis=axis) * (dy**2).sum(axis=axis))
    value = np.clip(ratio((dx * dy).sum(axis=axis), size), -1.0, 1.0)
    value = np.where(is_constant(x, axis), 0.0, value)
    return np.where(is_constant(y, axis), np.nan, value)


def variation_ratio(estimate: Broadcast, truth: Broadcast, axis: int = -1) -> Reduced:
    """Standard deviation over time of the estimate over that of the truth; NaN for a flat truth.

    A posterior mean that shrinks lies below 1, rightly; draws of a calibrated posterior average
    about 1.
    """
    truth = np.asarray(truth, np.float64)
    true_sd = np.where(is_constant(truth, axis), 0.0, truth.std(axis=axis))
    return ratio(np.asarray(estimate, np.float64).std(axis=axis), true_sd)


def total_error(
    estimate: Broadcast, truth: Broadcast, axis: int = -1, over: Counts | None = None
) -> Reduced:
    """Absolute error of the summed path over the sum of absolute truth, as a fraction."""
    truth = np.asarray(truth, np.float64)
    return ratio(np.abs((estimate - truth).mean(axis=axis)), _over(truth, axis, over))


def level_error(
    estimate: Broadcast, truth: Broadcast, axis: int = -1, over: Counts | None = None
) -> Reduced:
    """Relative error of the mean over time, signed: mean(estimate) / mean(truth) - 1."""
    estimate, truth = np.asarray(estimate, np.float64), np.asarray(truth, np.float64)
    level = truth.mean(axis=axis)
    return ratio(estimate.mean(axis=axis) - level, level if over is None else over)


def log_rmse(estimate: Broadcast, truth: Broadcast, axis: int = -1) -> Reduced:
    """RMSE of the logarithm: 0.1 is about ten per cent; NaN unless both are positive."""
    estimate, truth = np.broadcast_arrays(
        np.asarray(estimate, np.float64), np.asarray(truth, np.float64)
    )
    positive = ((estimate > 0) & (truth > 0)).all(axis=axis)
    usable = np.expand_dims(positive, axis)
    gap = np.log(np.where(usable, estimate, 1.0)) - np.log(np.where(usable, truth, 1.0))
    return np.where(positive, np.sqrt((gap**2).mean(axis=axis)), np.nan)


def level_correlation(estimate: PerSeries, truth: PerSeries) -> float:
    """Pearson correlation, over series, of the logarithms of mean levels.

    Parameters
    ----------
    estimate, truth
        Mean over time of each series, shape ``(series,)``; series that are not positive in both
        are left out, and NaN is returned when fewer than three remain.
    """
    estimate, truth = np.asarray(estimate, np.float64), np.asarray(truth, np.float64)
    usable = (estimate > 0) & (truth > 0)
    if usable.sum() < 3:
        return float("nan")
    return float(correlation(np.log(estimate[usable]), np.log(truth[usable])))


def _over(truth: Counts, axis: int, over: Counts | None) -> Counts:
    return size(truth, axis) if over is None else over
