"""Flighting patterns of channels and controls.

A weekly series is ``level * shape[t] * noise[t]``: the shape has mean 1 over its active weeks and
the noise has mean 1, so the level is the mean while active. Shapes belong to the channel and are
the same in every geo (one national plan); noise is drawn for each geo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.periods import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from mmm_data_generator.fields.parts import PatternConfig

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def shape(
    config: PatternConfig,
    trend: float,
    n_periods: int,
    rng: np.random.Generator | None,
    year: float = WEEKS_PER_YEAR,
    weekday: Array | float = 1.0,
) -> Array:
    """Return the multiplier of each period, mean 1 over active ones, 0 in the others.

    ``rng`` is needed by ``on_off`` alone; ``year`` is its length in periods, ``weekday`` the
    factor of each day (date,) in a daily world.
    """
    t = np.arange(n_periods, dtype=float)
    match config.pattern:
        case "linear_trend":
            # a falling line stops at zero, it does not turn negative
            weekly = np.maximum(1 + trend * t, 0.0)
        case "seasonal":
            weekly = seasonal(t, config.seasonal_amplitude, config.seasonal_phase, year)
        case "delayed_start":
            weekly = ramp(t, config.start_period, config.ramp_up_periods, config.end_period)
        case "on_off":
            if rng is None:
                raise ValueError("pattern 'on_off' needs a random generator")
            lo, hi = config.min_active_periods, config.max_active_periods
            p = np.array([config.activation_probability])
            weekly = bursts(
                rng, p, np.array([lo], dtype=np.int64), np.array([hi], dtype=np.int64), n_periods
            )[0]
        case _:
            weekly = np.asarray(config.custom_pattern, dtype=float)
    return unit_mean(weekly * weekday)


def unit_mean(weekly: Array) -> Array:
    """Divide by the mean over weeks above zero, along the last axis."""
    active = np.maximum((weekly > 0).sum(-1, keepdims=True), 1)
    total = weekly.sum(-1, keepdims=True)
    return weekly * active / np.where(total > 0, total, 1.0)


def seasonal(
    t: Array, amplitude: Array | float, phase: Array | float, year: float = WEEKS_PER_YEAR
) -> Array:
    """Return one sine wave a year around 1."""
    return 1 + amplitude * np.sin(2 * np.pi * t / year + phase)


def ramp(t: Array, start: Ints | int, weeks: Ints | int, end: Ints | int | None) -> Array:
    """Return 0 before ``start``, then equal steps up to 1 in ``weeks`` weeks, 0 from ``end`` on."""
    up = np.clip((t - start + 1) / np.maximum(weeks, 1), 0.0, 1.0)
    return up if end is None else np.where(t < end, up, 0.0)


def bursts(
    rng: np.random.Generator,
    p: Array,
    shortest: Ints,
    longest: Ints,
    n_periods: int,
) -> Array:
    """Return 0/1 series (n, week) of bursts of activity.

    In each week outside a burst one starts with probability ``p``; its length is uniform on
    ``shortest`` to ``longest`` weeks. A series without any gets one, so that no channel is empty.
    All arguments have shape (n,).
    """
    size = (len(p), n_periods)
    # a gap longer than the window is as good as the window
    gap = np.minimum(rng.geometric(np.broadcast_to(p[:, None], size)) - 1, n_periods)
    length = rng.integers(shortest[:, None], longest[:, None], size=size, endpoint=True)
    place = rng.random(len(p))

    end = np.cumsum(gap + length, axis=1)
    start = np.minimum(end - length, n_periods)
    end = np.minimum(end, n_periods)
    empty = start[:, 0] >= n_periods
    room = np.maximum(n_periods - length[:, 0], 0) + 1
    start[:, 0] = np.where(empty, (place * room).astype(int), start[:, 0])
    end[:, 0] = np.where(empty, np.minimum(start[:, 0] + length[:, 0], n_periods), end[:, 0])

    step = np.zeros((len(p), n_periods + 1))
    row = np.repeat(np.arange(len(p)), n_periods)
    np.add.at(step, (row, start.ravel()), 1.0)
    np.add.at(step, (row, end.ravel()), -1.0)
    return np.cumsum(step, axis=1)[:, :n_periods]


def noise(z: Array, variation: Array | float, law: str = "lognormal") -> Array:
    """Turn standard normals into positive noise of mean 1 and the given coefficient of variation.

    ``lognormal``, or ``uniform`` on 1 - sqrt(3) cv to 1 + sqrt(3) cv.
    """
    if law == "uniform":
        return 1 + np.sqrt(3.0) * np.asarray(variation) * (2 * _normal_cdf(z) - 1)
    log_variance = np.log1p(np.square(variation))
    return np.exp(np.sqrt(log_variance) * z - log_variance / 2)


def _normal_cdf(z: Array) -> Array:
    from math import erf

    return 0.5 * (1 + np.vectorize(erf, otypes=[float])(z / np.sqrt(2.0)))
