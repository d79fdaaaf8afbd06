"""Laws of numbers as rising lines over a standard normal deviate: read, and read backwards."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.priors import laws, numbers
from mmm_benchmark.shapes.jax import Broadcast, Scalar

type Array = NDArray[np.float64]

#: Deviates tabulated: lines between them are within 1e-4 of the quantiles.
REACH, POINTS = 6.0, 2401
STEP = 2 * REACH / (POINTS - 1)
DEVIATES = np.linspace(-REACH, REACH, POINTS)


def quantiles(given: Any, most: float = np.inf, unit: float = 1.0) -> Array:
    """Values of a law, as JSON says it, at :data:`DEVIATES`."""
    from scipy.special import ndtr

    law = laws.read_law("family", given, 0.0, most)
    return unit * numbers.quantile(law, ndtr(DEVIATES))


def control_effects(size: Any, harm: tuple[float, float]) -> Array:
    """Effects of a control: positive, or with a chance negative and then no less than a bound.

    What would lie below the bound lies on it: the line is flat there.
    """
    from scipy.special import ndtr

    chance, bound = harm
    law = laws.read_law("family", size, 0.0, np.inf)
    p = ndtr(DEVIATES)
    tiny = 1e-12
    up = numbers.quantile(law, np.clip((p - chance) / (1 - chance), tiny, 1 - tiny))
    down = np.minimum(numbers.quantile(law, np.clip(1 - p / chance, tiny, 1 - tiny)), bound)
    return np.where(p < chance, -down, up)


def read(line: Broadcast, u: Scalar) -> Scalar:
    """The value at deviate ``u`` of a line (point,)."""
    left, rise, t = _segment(line, u)
    return left + rise * t


def log_rise(line: Broadcast, u: Scalar) -> Scalar:
    """Logarithm of the slope of a line at ``u``."""
    return jnp.log(jnp.maximum(_segment(line, u)[1] / STEP, 1e-300))


def _segment(line: Broadcast, u: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    at = (jnp.clip(u, -REACH, REACH) + REACH) / STEP
    i = jnp.clip(jnp.floor(at), 0, POINTS - 2).astype(int)
    i = jax.lax.stop_gradient(i)
    return line[i], line[i + 1] - line[i], at - i


def find(line: Broadcast, value: Scalar) -> tuple[Scalar, Scalar]:
    """The deviate at which a line has a value, and whether it has it anywhere."""
    i = jnp.clip(jnp.searchsorted(line, value, side="right") - 1, 0, POINTS - 2)
    rise = jnp.maximum(line[i + 1] - line[i], 1e-300)
    inside = (value > line[0]) & (value < line[-1])
    return -REACH + STEP * (i + (value - line[i]) / rise), inside
