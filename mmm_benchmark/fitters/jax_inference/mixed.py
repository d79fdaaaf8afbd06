"""Chains over a vector and a few whole numbers: NUTS moves the one, a move of one's own the other.

After every transition of NUTS, which holds the whole numbers still, ``move`` may change both and
must keep the density (Metropolis et al. 1953 within Gibbs).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from numpyro.infer.hmc import hmc
from numpyro.infer.util import ParamInfo

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common.report import MAX_TREE_DEPTH
from mmm_benchmark.fitters.jax_inference.nuts import GENERATOR, Sample, threads
from mmm_benchmark.phases import phase
from mmm_benchmark.shapes.jax import Broadcast, Scalar, Vector

type Array = NDArray[np.float64]
type Density[D] = Callable[[Vector, Broadcast, D], Scalar]
type Move[D] = Callable[[jax.Array, Vector, Broadcast, D], tuple[Vector, Broadcast]]


class Plan[D](NamedTuple):
    """What a compiled chain depends on, besides the shapes of its arguments."""

    log_density: Density[D]
    move: Move[D]
    tune: int
    draws: int


class Mixed(NamedTuple):
    """Draws of both parts, (chain, draw, ...)."""

    sample: Sample
    kinds: NDArray[np.int64]


_programs: dict[Any, Any] = {}


def mixed_nuts[D](
    plan: Plan[D], data: D, starts: tuple[Array, Any], how: Budget, seed: int
) -> Mixed:
    """Sample ``exp(log_density(z, kinds, data))``.

    Parameters
    ----------
    starts
        First positions (chain, dimension) and kinds (chain, kind).
    how
        Chains and least acceptance rate; ``plan`` holds draws and transitions that adapt.
    """
    z, kinds = starts
    with phase("compile"):
        program = _compiled(plan, data, z[0], kinds[0])
    keys = jax.random.split(jax.random.key(seed, impl=GENERATOR), len(z))
    with phase("sample"), ThreadPoolExecutor(threads()) as pool:
        given = [
            (key, *_typed(*each), data, jnp.asarray(how.target_accept))
            for key, *each in zip(keys, z, kinds, strict=True)
        ]
        jobs = [pool.submit(_wait, program, *each) for each in given]
        every = [job.result() for job in jobs]
    drawn, steps, *rest = (np.stack(each) for each in zip(*every, strict=True))
    diverging, energy, acceptance, kept = rest
    depth = np.ceil(np.log2(steps + 1)).astype(np.int64)
    return Mixed(Sample(drawn, diverging, depth, energy, acceptance), kept.astype(np.int64))


def _typed(z: Any, kinds: Any) -> tuple[Any, Any]:
    return jnp.asarray(z, jnp.result_type(float)), jnp.asarray(kinds, jnp.result_type(int))


def _compiled[D](plan: Plan[D], data: D, z: Any, kinds: Any) -> Any:
    leaves, tree = jax.tree.flatten(data)
    shapes = tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
    known = (plan, shapes, tree, len(z), len(kinds))
    if known not in _programs:
        key = jax.random.key(0, impl=GENERATOR)
        arguments = key, *_typed(z, kinds), data, jnp.asarray(0.9)
        _programs[known] = jax.jit(partial(_chain, plan)).lower(*arguments).compile()
    return _programs[known]


def _chain[D](plan: Plan[D], key: Any, z: Vector, kinds: Broadcast, data: D, accept: Scalar) -> Any:
    def potential_of(kinds: Broadcast) -> Callable[[Vector], Scalar]:
        return lambda z: -plan.log_density(z, kinds, data)

    def looked(z: Vector, kinds: Broadcast) -> tuple[Scalar, Vector]:
        return jax.value_and_grad(potential_of(kinds))(z)

    init, nuts_step = hmc(potential_fn_gen=potential_of, algo="NUTS")

    def step(state: Any, kinds: Broadcast) -> tuple[Any, Broadcast]:
        state = nuts_step(state, (kinds,))
        z, kinds = plan.move(jax.random.fold_in(state.rng_key, 1), state.z, kinds, data)
        energy, slope = looked(z, kinds)
        return state._replace(z=z, potential_energy=energy, z_grad=slope), kinds

    state = init(
        ParamInfo(z, *looked(z, kinds)),
        plan.tune,
        step_size=0.3,
        dense_mass=False,
        target_accept_prob=accept,
        trajectory_length=None,
        max_tree_depth=MAX_TREE_DEPTH,
        model_args=(kinds,),
        rng_key=key,
    )

    def told(state: Any, kinds: Broadcast) -> Any:
        return (
            state.z,
            state.num_steps,
            state.diverging,
            state.energy,
            state.accept_prob,
            kinds,
        )

    def draw(i: Any, carried: Any) -> Any:
        state, kinds, kept = carried
        state, kinds = step(state, kinds)
        at = jnp.maximum(i - plan.tune, 0)
        now = told(state, kinds)
        return state, kinds, jax.tree.map(lambda all_, new: all_.at[at].set(new), kept, now)

    blank = jax.tree.map(
        lambda part: jnp.zeros((plan.draws, *part.shape), part.dtype), told(state, kinds)
    )
    return jax.lax.fori_loop(0, plan.tune + plan.draws, draw, (state, kinds, blank))[2]


def _wait(function: Any, *arguments: Any) -> list[NDArray[Any]]:
    return [np.asarray(value) for value in function(*arguments)]
