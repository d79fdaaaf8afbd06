"""What fixes a batch of worlds up to its noise, and the law of ``WorldPrior`` for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

PATTERNS = ("linear_trend", "seasonal", "on_off", "delayed_start")
LINE, WAVE, BURSTS, LAUNCH = range(4)
#: What a half-saturation is a multiple of.
SPEND_FIGURES = ("mean_active", "max", "median_active")


@dataclass(frozen=True)
class Series:
    """Weekly patterns of channels or controls; every array is (world, series)."""

    level: Array
    pattern: Ints
    variation: Array
    uniform: NDArray[np.bool_]
    trend: Array  # per week
    amplitude: Array
    phase: Array
    chance: Array
    shortest: Ints
    longest: Ints
    start: Ints
    ramp: Ints
    end: Ints


@dataclass(frozen=True)
class Parameters:
    """What fixes a batch of worlds up to its noise; arrays are (world,) or (world, channel)."""

    spend: Series
    controls: Series
    alpha: Array
    slope: Array
    half_saturation: Array  # times the figure of spend
    figure: Ints  # index of SPEND_FIGURES
    l_max: Ints
    effect: Array  # times base sales rate
    process: Ints
    volatility: Array
    reversion: Array
    control_effect: Array  # currency per unit of the control
    base: Array  # currency per week
    trend: Array  # per week, share of base
    amplitude: Array
    phase: Array
    noise: Array  # share of base
    size_variation: Array
    effect_variation: Array
    transform_variation: Array


class Effects(Protocol):
    """The fields of a prior that the law asks for."""

    @property
    def effect_median(self) -> float:
        """Median of the sum of effects, times base sales."""

    @property
    def effect_sd(self) -> float:
        """Its log standard deviation."""

    @property
    def long_share(self) -> float:
        """Chance of a world with long carry-over."""

    @property
    def long_l_max(self) -> int:
        """Lags of such a world."""


def ln(rng: np.random.Generator, median: float, sd: float, size: tuple[int, ...]) -> Array:
    """Draw from the log-normal law of the given median and log standard deviation."""
    return median * np.exp(sd * rng.standard_normal(size))


def parameters(
    rng: np.random.Generator, prior: Effects, n: int, channels: int, controls: int, weeks: int
) -> Parameters:
    """Draw the parameters of ``n`` worlds of one shape."""
    each = (n, channels)
    base = ln(rng, 10_000, 1.0, (n,))
    spend = _series(rng, each, weeks, 1000, (0.4, 0.25, 0.25, 0.1), (0.05, 1.3))
    values = _series(rng, (n, controls), weeks, 50, (0.25, 0.15, 0.6, 0.0), (0.0, 1.0))
    alpha = np.where(rng.random(each) < 0.1, 0.0, rng.beta(1.2, 2.5, each))
    split = rng.gamma(3.0, size=each)
    effect = ln(rng, prior.effect_median, prior.effect_sd, (n, 1)) * split
    process = rng.choice(4, n, p=(0.5, 0.2, 0.2, 0.1))
    volatility = ln(rng, 0.08, 0.5, (n,))
    control = ln(rng, 0.04, 1.2, (n, controls))
    # a harmful control must not turn the baseline negative
    control = np.where(rng.random((n, controls)) < 0.3, -np.minimum(control, 0.1), control)
    return Parameters(
        spend=spend,
        controls=values,
        alpha=alpha,
        slope=ln(rng, 1.0, 0.25, (n, 1)) * ln(rng, 1.0, 0.45, each),
        half_saturation=ln(rng, 1.2, 0.8, (n, 1)) * ln(rng, 1.0, 0.7, each),
        figure=np.zeros(each, dtype=np.int64),
        l_max=np.where(rng.random(n) < prior.long_share, prior.long_l_max, 8),
        effect=effect / split.sum(1, keepdims=True),
        process=process,
        volatility=np.where(process == 3, volatility / 3, volatility),
        reversion=rng.uniform(0.03, 0.2, n),
        control_effect=control * base[:, None] / values.level,
        base=base,
        trend=0.2 * rng.standard_normal(n) / weeks,
        amplitude=rng.uniform(0, 1, n),
        phase=rng.uniform(0, 2 * np.pi, n),
        noise=np.minimum(ln(rng, 0.05, 0.9, (n,)), 0.4),
        size_variation=rng.uniform(0, 0.5, n),
        effect_variation=rng.uniform(0, 0.3, n),
        transform_variation=rng.uniform(0, 0.3, n),
    )


def _series(
    rng: np.random.Generator,
    size: tuple[int, int],
    weeks: int,
    median: float,
    chances: tuple[float, ...],
    variation: tuple[float, float],
) -> Series:
    uniform = rng.random(size) < 0.1
    steep = rng.random(size) < 0.15
    growth = np.where(steep, rng.uniform(-2.5, 10, size), rng.uniform(-0.9, 3, size))
    spread = rng.uniform(*variation, size)
    shortest = rng.integers(1, 6, size)
    start = np.floor(rng.uniform(0.05, 0.6, size) * weeks).astype(np.int64)
    ends = rng.random(size) < 0.3
    end = start + np.ceil(rng.uniform(0.1, 1.0, size) * (weeks - start)).astype(np.int64)
    return Series(
        level=ln(rng, median, 1.0, size),
        pattern=rng.choice(4, size, p=chances),
        variation=np.where(uniform, np.minimum(spread, 0.55), spread),
        uniform=uniform,
        trend=growth / weeks,
        amplitude=rng.uniform(0.1, 1, size),
        phase=rng.uniform(0, 2 * np.pi, size),
        chance=rng.uniform(0.04, 0.5, size),
        shortest=shortest,
        longest=shortest + rng.integers(0, 7, size),
        start=start,
        ramp=rng.integers(1, 27, size),
        end=np.where(ends, end, weeks),
    )
