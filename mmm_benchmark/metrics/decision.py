"""What a budget owner would act on: credit by channel, order of channels, response curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics.arrays import ratio
from mmm_benchmark.metrics.recovery import correlation

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        ByCredit,
        ByCreditChannel,
        ByCurve,
        LastChannel,
        LastMultiplier,
    )


def shares(totals: LastChannel) -> ByCreditChannel:
    """Each channel's part of the summed media contribution; channels on the last axis."""
    totals = np.asarray(totals, np.float64)
    return ratio(totals, totals.sum(axis=-1, keepdims=True))


def misallocated_share(estimate: LastChannel, truth: LastChannel) -> ByCredit:
    """Credit in the wrong place over the larger of the two sums of credit, in [0, 1].

    What is credited to channels beyond their truth was taken from other channels or from the
    baseline, and the other way round: the total variation distance between two divisions of
    sales, over the media part. Where both give media the same sum it is half the sum of absolute
    differences of shares; three times every contribution is 2/3.

    Parameters
    ----------
    estimate, truth
        Contribution of each channel, currency; channels on the last axis.
    """
    estimate, truth = np.asarray(estimate, np.float64), np.asarray(truth, np.float64)
    beyond = np.maximum(estimate - truth, 0.0).sum(axis=-1)
    short = np.maximum(truth - estimate, 0.0).sum(axis=-1)
    credit = np.maximum(np.abs(estimate).sum(axis=-1), np.abs(truth).sum(axis=-1))
    return ratio(np.maximum(beyond, short), credit)


def credit_to_null(estimate: LastChannel, truth: LastChannel) -> ByCredit:
    """Part of all media credit that goes to channels without any true effect; channels last.

    NaN where every channel has an effect.
    """
    estimate, null = np.abs(np.asarray(estimate, np.float64)), np.asarray(truth) == 0
    found = ratio((estimate * null).sum(axis=-1), estimate.sum(axis=-1))
    return np.where(null.any(axis=-1), found, np.nan)


def ranks(values: LastChannel) -> ByCreditChannel:
    """Ranks over the last axis, smallest 0.5; ties share their mean rank."""
    one, other = values[..., :, None], values[..., None, :]
    return (other < one).sum(axis=-1) + 0.5 * (other == one).sum(axis=-1)


def rank_correlation(estimate: LastChannel, truth: LastChannel) -> ByCredit:
    """Spearman correlation over the last axis (Spearman 1904); ties share their mean rank.

    NaN with fewer than two channels or when the truth ranks nothing.
    """
    estimate, truth = np.broadcast_arrays(np.asarray(estimate), np.asarray(truth))
    if truth.shape[-1] < 2:
        return np.full(truth.shape[:-1], np.nan)
    return correlation(ranks(estimate), ranks(truth))


def curve_error(estimate: LastMultiplier, truth: LastMultiplier) -> ByCurve:
    """RMSE of a response curve over its multipliers, currency.

    Parameters
    ----------
    estimate, truth
        Curves less their value at zero spend, shape ``(..., multiplier)``, currency.
    """
    return np.sqrt(((np.asarray(estimate) - np.asarray(truth)) ** 2).mean(axis=-1))
