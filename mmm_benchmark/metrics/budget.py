"""Budgets of the same size, planned on response curves: what a planner would do with a fit.

A plan multiplies each channel's whole spend path. It may move a channel by :data:`REACH` at most,
since further out every curve is extrapolated, and it spends what is spent today.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics.arrays import FloatArray

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        ChannelRest,
        LastMultiplier,
        Multipliers,
        PerChannel,
    )

#: How far a channel may move from today.
REACH = 0.3
STARTS = 6  # of the optimiser, today's plan among them

type Value = Callable[[FloatArray], float]  # of a plan (channel,), currency
type Slope = Callable[[FloatArray], FloatArray]  # its gradient (channel,)


class Curves:
    """Monotone cubic interpolation of response curves (Fritsch & Carlson 1980).

    Parameters
    ----------
    multipliers
        Where the curves are known, rising, shape ``(multiplier,)``.
    values
        Currency, shape ``(..., multiplier)``; leading axes are often (channel, draw).
    """

    def __init__(self, multipliers: Multipliers, values: LastMultiplier) -> None:
        from scipy.interpolate import PchipInterpolator

        self._of = [PchipInterpolator(multipliers, curve, axis=-1) for curve in values]
        self._slope_of = [curve.derivative() for curve in self._of]

    def __call__(self, plan: PerChannel) -> ChannelRest:
        """Response of each channel at its own multiplier: (channel, ...), currency."""
        return np.stack([curve(m) for curve, m in zip(self._of, plan, strict=True)])

    def slope(self, plan: PerChannel) -> ChannelRest:
        """Derivative of each channel's response by its multiplier, (channel, ...)."""
        return np.stack([curve(m) for curve, m in zip(self._slope_of, plan, strict=True)])


def best_plan(
    value: Value, spend: PerChannel, slope: Slope | None = None, starts: int = STARTS
) -> PerChannel:
    """Multipliers (channel,) that earn most at today's budget, each within :data:`REACH` of 1.

    Sequential quadratic programming (Kraft 1988, ``scipy.optimize``) from several starts: today,
    everything moved to the channels that return most, and plans at random; the best end counts,
    and today's plan where none is better.

    Parameters
    ----------
    value
        What a plan earns, currency.
    spend
        Today's spend of each channel, currency; one that spends nothing stays where it is.
    slope
        Gradient of ``value``; by differences where it is not known.
    """
    from scipy.optimize import minimize

    today = np.ones(len(spend))
    share = spend / spend.sum()
    unit = max(abs(value(today)), 1e-300)
    bounds = [(1 - REACH, 1 + REACH) if money > 0 else (1.0, 1.0) for money in spend]
    low, high = np.array(bounds).T
    best, most = today, value(today)
    for start in _starts(share, low, high, starts, None if slope is None else slope(today)):
        found = minimize(
            lambda plan: -value(plan) / unit,
            start,
            jac=None if slope is None else lambda plan: -slope(plan) / unit,
            method="SLSQP",
            bounds=bounds,
            constraints={
                "type": "eq",
                "fun": lambda plan: share @ plan - 1.0,
                "jac": lambda plan: share,
            },
            options={"ftol": 1e-12, "maxiter": 200},
        )
        plan = within(found.x, share, low, high)
        if (earned := value(plan)) > most:
            best, most = plan, earned
    return best


def within(plan: PerChannel, share: PerChannel, low: PerChannel, high: PerChannel) -> PerChannel:
    """The plan moved back into its bounds and to the same budget, where rounding left them."""
    plan = np.clip(plan, low, high)
    for _ in range(3):
        gap = 1.0 - share @ plan
        room = np.where(gap > 0, high - plan, plan - low) * share
        if gap == 0 or room.sum() == 0:
            break
        plan = np.clip(plan + gap * room / room.sum() / np.where(share > 0, share, 1.0), low, high)
    return plan


def _starts(
    share: PerChannel, low: PerChannel, high: PerChannel, count: int, slope: PerChannel | None
) -> list[PerChannel]:
    rng = np.random.default_rng(0)  # the same starts for every fit
    starts = [np.ones(len(share))]
    if slope is not None:  # buy where the next unit of money returns most
        order = np.argsort(-slope / np.where(share > 0, share, np.inf))
        plan, left = low.copy(), 1.0 - share @ low
        for channel in order:
            bought = min(left, share[channel] * (high - low)[channel])
            plan[channel] += bought / share[channel] if share[channel] > 0 else 0.0
            left -= bought
        starts.append(plan)
    while len(starts) < count:
        starts.append(within(rng.uniform(low, high), share, low, high))
    return starts
