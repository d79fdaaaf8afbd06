"""The posterior with the means of sigma's laws integrated out: one dimension less a channel.

Given the rest, the mean mu of each channel's law of sigma is known from that channel's sigmas and
s alone, so the integral is one of a line a channel. In the coordinate of :func:`.density.means` it
is near a normal one, which the trapezium rule integrates to all digits (Trefethen and Weideman
2014). Its value is drawn afterwards from the same line.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from numpy.typing import NDArray

from mmm_benchmark.fitters.jax_inference.laws import log_inverse_gamma
from mmm_benchmark.fitters.numpyro_mmm import density
from mmm_benchmark.shapes.jax import PerChannel, Scalar, Vector

REACH = 8.0
POINTS = 65  # of the integral
FINER = 4  # times as many, to draw from


def start(data: density.Data) -> NDArray[np.float64]:
    """Where a search for the mode begins."""
    c = len(data.prior_scale)
    full = density.start(data)
    return np.concatenate([full[: 3 * c], full[4 * c :]])


def log_density(z: Vector, data: density.Data) -> Scalar:
    """Log posterior density of all coordinates but those of the means."""
    full = _with_means(z, jnp.zeros(len(data.prior_scale), z.dtype))
    params, _ = density.constrain(full, data)
    step = 2 * REACH / (POINTS - 1)
    line = jax.vmap(lambda x: _line(x, params, data))(jnp.linspace(-REACH, REACH, POINTS))
    integrated = jnp.sum(logsumexp(line, axis=0) + jnp.log(step))
    return density.log_density(full, data) - jnp.sum(_line(0.0, params, data)) + integrated


def _with_means(z: Vector, at: PerChannel) -> Vector:
    first = 3 * len(at)
    return jnp.concatenate([z[:first], at, z[first:]])


def _line(x: Scalar | float, params: density.Params, data: density.Data) -> PerChannel:
    """What depends on the coordinate ``x`` of a channel's mean, the same for all, (channel,)."""
    centre = jnp.mean(params.log_sigma, axis=1)
    log_mu, log_width = density.means(x + jnp.zeros_like(centre), centre, params.s, data)
    sigmas = log_inverse_gamma(params.log_sigma, log_mu[:, None], params.s)
    half_normal = -0.5 * (jnp.exp(log_mu) / data.prior_scale) ** 2
    return log_width + half_normal + log_mu + jnp.sum(sigmas, axis=1)


def with_means(
    z: NDArray[np.floating], data: density.Data, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draws (..., dimension) with the means drawn from their exact law given the rest."""
    grid = np.linspace(-REACH, REACH, FINER * (POINTS - 1) + 1)
    zeros = jnp.zeros(len(data.prior_scale))

    def line(row: Vector) -> jax.Array:
        params, _ = density.constrain(_with_means(row, zeros), data)
        return jax.vmap(lambda x: _line(x, params, data))(jnp.asarray(grid))

    rows = z.reshape(-1, z.shape[-1])
    heights = np.asarray(jax.jit(lambda all_: jax.lax.map(line, all_))(jnp.asarray(rows)))
    p = np.exp(heights - heights.max(axis=1, keepdims=True))  # (draw, point, channel)
    total = np.cumsum((p[:, 1:] + p[:, :-1]) / 2, axis=1)
    u = rng.random((len(rows), 1, p.shape[2])) * total[:, -1:]
    cell = np.minimum((total < u).sum(axis=1), len(grid) - 2)  # (draw, channel)
    at = grid[cell] + rng.random(cell.shape) * (grid[1] - grid[0])
    first = 3 * p.shape[2]
    full = np.concatenate([rows[:, :first], at, rows[:, first:]], axis=1)
    return full.reshape(*z.shape[:-1], -1)
