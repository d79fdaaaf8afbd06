"""Lift tests on simulated worlds, and what a fit believes once it is told one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm_benchmark.priors.beliefs import ELSEWHERE
from mmm_benchmark.recoverability.history import Array
from mmm_benchmark.recoverability.worlds import Drawn
from mmm_data_generator import lift_test
from mmm_data_generator.fields.periods import PER_YEAR, WEEKS_PER_YEAR

WEEKS, COOLDOWN = 4, 8  # of a test, and of what is counted after it
TINY = 1e-4  # of the median: a return below it counts as it, in logs


@dataclass(frozen=True)
class Belief:
    """Returns as log-normal: means and covariance of their logs, (channel,) and square."""

    mean: Array
    cov: Array

    @classmethod
    def of(cls, roas: Array) -> Belief:
        """That of draws (draw, channel)."""
        middle = np.maximum(np.abs(np.median(roas, 0)), 1e-12)
        logs = np.log(np.maximum(roas, TINY * middle))
        cov = np.atleast_2d(np.cov(logs.T)) if len(logs) > 1 else np.zeros((logs.shape[1],) * 2)
        return cls(np.median(logs, 0), cov)

    def told(self, channel: int, value: float, error: float) -> Belief:
        """The same once a test has found a channel's return, ``value``, with a normal error.

        The channel's own law is the one with the mean and variance of the product of its
        log-normal law and the test's likelihood (Minka 2001, arXiv:1301.2294); the other channels
        follow by regression.
        """
        m, v = float(self.mean[channel]), float(self.cov[channel, channel])
        if v <= 0:
            return self
        reach = max(8 * np.sqrt(v), 4.0)
        x = np.linspace(m - reach, m + reach, 8001)
        log_p = -0.5 * (x - m) ** 2 / v - 0.5 * ((np.exp(x) - value) / error) ** 2
        p = np.exp(log_p - log_p.max())
        p /= p.sum()
        mean = float(p @ x)
        variance = float(p @ (x - mean) ** 2)
        gain = self.cov[:, channel] / v
        return Belief(
            self.mean + gain * (mean - m),
            self.cov - np.outer(gain, gain) * (v - min(variance, v)),
        )

    @property
    def roas(self) -> Array:
        """Median of each channel's return."""
        return np.exp(self.mean)

    def width(self) -> Array:
        """Log width of each channel's central 90% interval."""
        return 2 * 1.6449 * np.sqrt(np.clip(np.diag(self.cov), 0, None))


@dataclass(frozen=True)
class Found:
    """What a test found of a channel's return: a value and its standard error."""

    value: float
    error: float

    def contradicts(self, belief: Belief, channel: int) -> bool:
        """Whether test and belief lie further apart than both their 90% intervals allow."""
        guess = belief.roas[channel]
        spread = guess * np.sqrt(max(belief.cov[channel, channel], 0.0))
        return bool(abs(self.value - guess) > 1.6449 * np.hypot(self.error, spread))


def off_test(drawn: Drawn, channel: str, treated: int | None, seed: int) -> Found | None:
    """Switch a channel off for four weeks in a simulated world, and measure.

    Parameters
    ----------
    treated
        How many geos; None is every other one. Where none stays untreated, the error is that of a
        comparison before and after, season and other channels included.

    Returns
    -------
    Found or None
        None where the channel never runs in all those geos for that long.
    """
    data = drawn.dataset
    observed = data.observed
    names = [str(geo) for geo in observed["geo"].values]
    geos = names[::2] if treated is None else names[:treated]
    per_week = PER_YEAR[data.frequency or "weekly"] / WEEKS_PER_YEAR
    length, after = max(round(WEEKS * per_week), 1), max(round(COOLDOWN * per_week), 1)
    spend = observed["spend"].sel(channel=channel, geo=geos).values  # geo, date
    windows = np.lib.stride_tricks.sliding_window_view(spend, length, axis=1).sum(-1)
    running = (windows > 0).all(0)
    running[max(len(running) - after, 1) :] = False
    if not running.any():
        return None
    usual = np.median(windows.sum(0)[running])
    starts = np.flatnonzero(running & (windows.sum(0) >= usual))
    rng = np.random.default_rng([seed, drawn.law.place, len(geos)])
    test = lift_test(
        data,
        channel,
        start=int(rng.choice(starts)),
        weeks=length,
        change=-1.0,
        geos=geos,
        cooldown=after,
        seed=seed + drawn.law.place,
    )
    moved = float(test["spend_change"].sum())
    value = float(test["lift"].sum()) / moved
    error = float(np.sqrt(np.square(test["lift_se"]).sum())) / abs(moved)
    return Found(value, float(np.hypot(error, ELSEWHERE * value)))
