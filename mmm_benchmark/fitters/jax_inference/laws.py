"""Log densities and paths that several models are made of."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.shapes.jax import Broadcast, Scalar


def half_normal(x: Broadcast, scale: Broadcast | float) -> Scalar:
    """Log density of positive ``x``, summed, up to a constant."""
    return -0.5 * jnp.sum((x / scale) ** 2)


def log_inverse_gamma(log_x: Broadcast, log_mean: Broadcast, sd: Broadcast | float) -> Broadcast:
    r"""Log density of log x, where x is inverse gamma with given mean and standard deviation.

    With shape a = 2 + (mean / sd)^2, scale b and t = log(b / (a x)) it is
    ``a log a - a - log Gamma(a) - a (e^t - 1 - t)``. The first three terms are Stirling's series,
    to 5e-6 for every a >= 2, because their plain difference drowns in single precision as sd goes
    to zero and a grows without bound.
    """
    ratio = jnp.exp(2 * (log_mean - jnp.log(sd)))
    a = 2 + ratio
    t = log_mean - log_x - jnp.log1p(1 / (1 + ratio))
    w = 1 / a
    series = w * (1 / 12 - w**2 * (1 / 360 - w**2 * (1 / 1260 - w**2 / 1680)))
    return 0.5 * jnp.log(a / (2 * jnp.pi)) - series - a * (jnp.expm1(t) - t)


def ou_filter(dates: int, reversion: float) -> NDArray[np.float64]:
    """Lower-triangular F with u = F e for u[t] = (1 - reversion) u[t-1] + e[t], u stationary.

    (Uhlenbeck and Ornstein 1930, on a weekly grid.)
    """
    phi = 1 - reversion
    lag = np.subtract.outer(np.arange(dates), np.arange(dates))
    out = np.where(lag >= 0, phi ** np.maximum(lag, 0), 0.0)
    out[:, 0] /= np.sqrt(1 - phi**2)
    return out
