"""Paths of log coefficients around their level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmm_data_generator.fields.parts import CoefficientConfig

Array = NDArray[np.float64]


def log_path(config: CoefficientConfig, n_periods: int, rng: np.random.Generator) -> Array:
    """Return u (date,) with ``coefficient = level * exp(u)``; constant processes draw nothing."""
    c = config
    match c.process:
        case "constant":
            return np.zeros(n_periods)
        case "random_walk":
            steps = c.volatility * rng.standard_normal(n_periods)
            steps[0] = 0.0
            return np.cumsum(steps)
        case "log_ou":
            return ou_path(rng, (), n_periods, c.volatility, c.reversion)
        case _:
            return ou_path(
                rng, (), n_periods, c.volatility, c.reversion, c.jump_probability, c.jump_sd
            )


def ou_path(
    rng: np.random.Generator,
    size: tuple[int, ...],
    n_periods: int,
    volatility: Array | float,
    reversion: Array | float,
    jump_probability: Array | float = 0.0,
    jump_sd: Array | float = 0.0,
) -> Array:
    """Return Ornstein-Uhlenbeck paths on a weekly grid, shape ``size + (date,)``.

    ``u[t] = (1 - reversion) u[t-1] + e[t]``, with each ``e[t]`` drawn from
    ``(1 - p) N(0, s^2) + p N(0, s^2 + jump_sd^2)``; ``u[0]`` is normal with the variance
    ``(s^2 + p jump_sd^2) / (1 - (1 - reversion)^2)`` that the process keeps for ever.
    (Uhlenbeck, Ornstein 1930; the jumps make the innovation a scale mixture whose density is
    known.)
    """
    phi = 1 - np.asarray(reversion, dtype=float)
    z = rng.standard_normal((*size, n_periods))
    p = np.asarray(jump_probability, dtype=float)[..., None]
    jump = rng.random((*size, n_periods)) < p
    s2 = np.square(np.asarray(volatility, dtype=float))[..., None]
    j2 = np.square(np.asarray(jump_sd, dtype=float))[..., None]
    steps = np.sqrt(s2 + jump * j2) * z
    steps[..., 0] = z[..., 0] * np.sqrt((s2 + p * j2)[..., 0] / (1 - phi**2))
    return autoregress(steps, phi)


def autoregress(steps: Array, phi: Array | float) -> Array:
    """Return ``u[t] = phi u[t-1] + steps[t]`` along the last axis, starting at ``steps[0]``."""
    out = np.moveaxis(steps, -1, 0).copy()
    for t in range(1, len(out)):
        out[t] += phi * out[t - 1]
    return np.moveaxis(out, 0, -1)
