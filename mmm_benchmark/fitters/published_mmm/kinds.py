"""Metropolis moves between the laws that a channel's curve may come from, and who sells.

Two kinds of proposal, each of one channel. *Anew*: law and curve from the prior, half of the time
its carry-over too; then the ratio of likelihoods decides. It carries channels of which the data say
little. *The same curve*: another law, chosen evenly, and the deviates at which it has the curve
there is; the ratio of the laws' densities decides, and the determinant of the change of deviates
(Green 1995; a fixed slope has a stand-in with a density of its own, as in Carlin and Chib 1995).
It carries channels whose curve is known; deviations of geos move so that each geo's curve stays.
Where some channels have no effect, one of these and one
that sells change places: the one sells what the other did, each keeps its curve.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from mmm_benchmark.fitters.published_mmm import geos, tables
from mmm_benchmark.fitters.published_mmm.density import Curves, sells
from mmm_benchmark.fitters.published_mmm.model import Data, model_of
from mmm_benchmark.shapes.jax import Broadcast, Vector

PER_CHANNEL = 20  # proposals a draw: they cost about what the transition of NUTS between them does


def exchange_kinds(key: Any, z: Vector, kinds: Broadcast, data: Data) -> tuple[Vector, Broadcast]:
    """Propose one after another; return what stands after the last."""
    channels, laws = len(kinds), len(data.curves.log_chance)
    density = model_of(data)
    place = density.split(jnp.arange(z.size), data)

    def propose(_: Any, state: Any) -> Any:
        z, kinds, height, key = state
        key, pick, fresh, coin = jax.random.split(key, 4)
        which, law, even, about, carry = jax.random.split(pick, 5)
        c = jax.random.randint(which, (), 0, channels)
        at = jnp.stack([place[name][c] for name in ("slope", "half_saturation", "decay")])
        own, law_now = z[at], kinds[c] % laws
        draws = jax.random.normal(fresh, (3,), z.dtype)
        draws = draws.at[2].set(jnp.where(jax.random.bernoulli(carry), draws[2], own[2]))
        anew = jax.random.bernoulli(about)
        kind = jnp.where(
            anew,
            jax.random.categorical(law, data.curves.log_chance),
            jax.random.randint(even, (), 0, laws),
        )
        same, determinant, possible = _same_curve(own[:2], law_now, kind, c, data.curves)
        changed = kinds.at[c].add((kind - law_now).astype(kinds.dtype))
        new = z.at[at].set(jnp.where(anew, draws, jnp.append(same, own[2])))
        if isinstance(data, geos.Data):
            held = geos.hold_curve(new, changed, z, kinds, c, data)
            new = jnp.where(anew, new, held)
        there = density.log_density(new, changed, data)
        prior = data.curves.log_chance
        back = (
            prior[law_now] - prior[kind] - 0.5 * jnp.sum(own**2) + 0.5 * jnp.sum(draws**2)
        )  # what the proposal's own law takes out of the ratio
        ratio = there - height + jnp.where(anew, back, determinant)
        allowed = anew | possible
        accepted = allowed & (jnp.log(jax.random.uniform(coin, dtype=z.dtype)) < ratio)
        keep = jax.tree.map(
            lambda a, b: jnp.where(accepted, a, b), (new, changed, there), (z, kinds, height)
        )
        return *keep, key

    start = (z, kinds, density.log_density(z, kinds, data), key)
    z, kinds, height, key = jax.lax.fori_loop(0, PER_CHANNEL * channels, propose, start)
    if not len(data.without):
        return z, kinds
    return exchange_sellers(key, z, kinds, height, data)


def exchange_sellers(
    key: Any, z: Vector, kinds: Broadcast, height: Any, data: Data
) -> tuple[Vector, Broadcast]:
    """Let a channel without effect and one that sells change places, a few times.

    The sales of the one and the would-be sales of the other are exchanged, which permutes the logs
    of all sales: its determinant is 1, and every pair is as likely on the way back.
    """
    channels, laws = len(kinds), len(data.curves.log_chance)
    density = model_of(data)
    ratios = density.split(jnp.arange(z.size), data)["split"]

    def propose(_: Any, state: Any) -> Any:
        z, kinds, height, key = state
        key, one, other, coin = jax.random.split(key, 4)
        alive = sells(kinds, data.curves)
        a = jax.random.categorical(one, jnp.log(alive))
        b = jax.random.categorical(other, jnp.log1p(-alive))
        place = jnp.arange(channels).at[a].set(b).at[b].set(a)
        sold = jnp.append(z[ratios], 0.0)[place]
        new = z.at[ratios].set(sold[:-1] - sold[-1])
        changed = kinds.at[a].add(laws).at[b].add(-laws)
        there = density.log_density(new, changed, data)
        accepted = jnp.log(jax.random.uniform(coin, dtype=z.dtype)) < there - height
        keep = jax.tree.map(
            lambda x, y: jnp.where(accepted, x, y), (new, changed, there), (z, kinds, height)
        )
        return *keep, key

    return jax.lax.fori_loop(0, PER_CHANNEL * channels, propose, (z, kinds, height, key))[:2]


def _same_curve(u: Broadcast, old: Any, new: Any, c: Any, curves: Curves) -> tuple[Any, ...]:
    """Deviates of the same curve under another law, log determinant, whether there are any."""
    found, determinant, possible = [], 0.0, jnp.asarray(True)
    lines = (curves.slope, 0), (curves.half_saturation[:, c], 1)
    for line, i in lines:
        there, inside = tables.find(line[new], tables.read(line[old], u[i]))
        determinant += tables.log_rise(line[old], u[i]) - tables.log_rise(line[new], there)
        found.append(there)
        possible &= inside
    reach = jnp.abs(jnp.stack([*found, *u])).max() < tables.REACH
    return jnp.stack(found), determinant, possible & reach
