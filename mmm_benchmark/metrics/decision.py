"""What a budget owner would act on: credit by channel, order of channels, response curves."""

from __future__ import annotations

import numpy as np

from mmm_benchmark.metrics.arrays import FloatArray, ratio
from mmm_benchmark.metrics.recovery import correlation


def shares(totals: FloatArray) -> FloatArray:
    """Each channel's part of the summed media contribution; channels on the last axis."""
    totals = np.asarray(totals, np.float64)
    return ratio(totals, totals.sum(axis=-1, keepdims=True))


def misallocated_share(estimate: FloatArray, truth: FloatArray) -> FloatArray:
    """Credit given to the wrong channel: half the sum of |share error|, in [0, 1].

    The total variation distance between two divisions of the same credit; channels last.
    """
    return 0.5 * np.abs(np.asarray(estimate) - np.asarray(truth)).sum(axis=-1)


def ranks(values: FloatArray) -> FloatArray:
    """Ranks over the last axis, smallest 0.5; ties share their mean rank."""
    one, other = values[..., :, None], values[..., None, :]
    return (other < one).sum(axis=-1) + 0.5 * (other == one).sum(axis=-1)


def rank_correlation(estimate: FloatArray, truth: FloatArray) -> FloatArray:
    """Spearman correlation over the last axis (Spearman 1904); ties share their mean rank.

    NaN with fewer than two channels or when the truth ranks nothing.
    """
    estimate, truth = np.broadcast_arrays(np.asarray(estimate), np.asarray(truth))
    if truth.shape[-1] < 2:
        return np.full(truth.shape[:-1], np.nan)
    return correlation(ranks(estimate), ranks(truth))


def curve_error(estimate: FloatArray, truth: FloatArray, at_one: FloatArray) -> FloatArray:
    """RMSE of a response curve over its multipliers, over the true contribution at multiplier 1.

    Parameters
    ----------
    estimate, truth
        Curves less their value at zero spend, shape ``(..., multiplier)``, currency.
    at_one
        True curve at multiplier 1, shape ``(...)``.
    """
    rmse = np.sqrt(((np.asarray(estimate) - np.asarray(truth)) ** 2).mean(axis=-1))
    return ratio(rmse, np.abs(np.asarray(at_one)))
