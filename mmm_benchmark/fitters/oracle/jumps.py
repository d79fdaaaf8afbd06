"""A Metropolis move for the week and the series of a jump.

Whether a path jumped this week or the next, this channel or that one, is often open, and between
the two lie paths that are nearly impossible, so NUTS seldom crosses. The move exchanges two
innovations: of one path in near weeks, or of two paths in one week. The first is picked with
weight ``innovation^4``, its partner uniformly among its possible ones; an exchange permutes the
innovations, so the sum of weights stays and the chance of the way back is the same: acceptance is
the ratio of densities alone (Metropolis et al. 1953).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from mmm_benchmark.fitters.oracle import time_varying
from mmm_benchmark.shapes.jax import Scalar, Vector

type State = tuple[Vector, Scalar, jax.Array]  # a place, its log density, a key

#: For each draw. Sixty cost as much as the transition of NUTS between them; with ten the slowest
#: coordinate had 117 to 535 effective draws of 16,000, with forty 1,280 (one world, three seeds).
PROPOSALS = 60
REACH = 3  # weeks


def exchange_weeks(key: jax.Array, z: Vector, data: time_varying.Data) -> Vector:
    """Propose exchanges one after another; return the vector after the last."""
    place = jnp.asarray(time_varying.paths(data)[:, 1:])  # the first week has another law
    series, weeks = place.shape
    flat = place.ravel()

    def propose(_: Scalar, state: State) -> State:
        z, height, key = state
        key, pick, shift, side, kind, coin = jax.random.split(key, 6)
        e = z[flat]
        one = jax.random.categorical(pick, 4 * jnp.log(jnp.abs(e) + 1e-6))
        step = jax.random.randint(shift, (), 1, REACH + 1)
        step = jnp.where(jax.random.bernoulli(side), step, -step)
        week = one % weeks + step
        later = jnp.where((week >= 0) & (week < weeks), one + step, one)
        turn = jax.random.randint(shift, (), 1, max(series, 2))
        elsewhere = (one + turn * weeks) % (series * weeks)
        other = jnp.where(jax.random.bernoulli(kind), later, elsewhere)
        new = z.at[flat[one]].set(e[other]).at[flat[other]].set(e[one])
        there = time_varying.log_density(new, data)
        accepted = jnp.log(jax.random.uniform(coin, dtype=z.dtype)) < there - height
        return jnp.where(accepted, new, z), jnp.where(accepted, there, height), key

    start = (z, time_varying.log_density(z, data), key)
    return jax.lax.fori_loop(0, PROPOSALS, propose, start)[0]
