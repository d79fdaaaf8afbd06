"""NUTS from NumPyro, compiled once for one chain, run for all chains on two threads.

A compiled XLA program gives up Python's interpreter lock, so threads run chains side by side.
Measured on two cores (one geo, 104 weeks, four channels, 4 x (1000 + 1000)): threads 2.6 s plus
4.7 s of compilation; four chains in lockstep (``vmap``) 6.8 s plus 10.9 s, because every step
waits for the chain with the deepest tree and a batched program takes longer to compile.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from numpyro.infer.hmc import hmc

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.numpyro_mmm.curvature import Frame, Framed, blank_frame, in_frame
from mmm_benchmark.phases import phase

type Move = Callable[[Any, Any, Any], Any]

MAX_TREE_DEPTH = 10
MAX_THREADS = 2


class Sample(NamedTuple):
    """Draws of the unconstrained vector and the sampler's statistics, (chain, draw, ...)."""

    z: NDArray[np.floating]
    diverging: NDArray[np.bool_]
    tree_depth: NDArray[np.int64]
    energy: NDArray[np.floating]
    acceptance: NDArray[np.floating]


def nuts_near_mode(
    log_density: Callable[[Any, Any], Any],
    data: Any,
    find: Callable[[], Frame],
    dimension: int,
    budget: Budget,
    seed: int,
) -> Sample:
    """Sample ``exp(log_density(z, data))`` in coordinates of its curvature.

    ``find`` looks for them while the sampler is compiled. Chains start at draws of N(0, I) there.
    """
    framed = in_frame(log_density)
    starts = np.random.default_rng(seed).standard_normal((budget.chains, dimension))
    with phase("compile"), ThreadPoolExecutor(1) as pool:
        found = pool.submit(find)
        _compiled(framed, Framed(blank_frame(dimension), data), starts[0], budget)
        frame = found.result().cast()
    drawn = nuts(framed, Framed(frame, data), starts, budget, seed)
    return drawn._replace(z=frame.rows(drawn.z))


def nuts(
    log_density: Callable[[Any, Any], Any],
    data: Any,
    starts: NDArray[np.floating],
    budget: Budget,
    seed: int,
    *,
    step_size: float = 0.1,
    move: Move | None = None,
) -> Sample:
    """Sample ``exp(log_density(z, data))`` (Hoffman and Gelman 2014; Phan et al. 2019).

    The mass matrix is diagonal: coordinates are the caller's to choose.

    Parameters
    ----------
    log_density
        Of an unconstrained vector; ``data`` is an argument, so that it is not compiled in.
    starts
        First positions, (chain, dimension).
    move
        ``move(key, z, data)``: another transition that keeps the density, after each of NUTS.
    """

    with phase("compile"):
        compiled = _compiled(log_density, data, starts[0], budget, step_size, move)
    keys = jax.random.split(jax.random.key(seed), len(starts))
    starts = jnp.asarray(starts, jnp.result_type(float))
    with phase("sample"), ThreadPoolExecutor(threads()) as pool:
        jobs = [pool.submit(_wait, compiled, keys[i], starts[i], data) for i in range(len(starts))]
        chains = [job.result() for job in jobs]
    z, diverging, steps, energy, acceptance = (np.stack(each) for each in zip(*chains, strict=True))
    depth = np.ceil(np.log2(steps + 1)).astype(np.int64)
    return Sample(z, diverging, depth, energy, acceptance)


def _compiled(
    log_density: Callable[[Any, Any], Any],
    data: Any,
    start: NDArray[np.floating],
    budget: Budget,
    step_size: float = 0.1,
    move: Move | None = None,
) -> Any:
    """The program of one chain for arguments of these shapes."""
    plan = Plan(log_density, budget.tune, budget.draws, budget.target_accept, step_size, move)
    return compile_chain(plan, jax.random.key(0), jnp.asarray(start, jnp.result_type(float)), data)


class Plan(NamedTuple):
    """What a compiled chain depends on, besides the shapes of its arguments."""

    log_density: Callable[[Any, Any], Any]
    tune: int
    draws: int
    target_accept: float
    step_size: float
    move: Move | None


#: Programs of this process, so that many datasets of one shape are compiled for once.
_programs: dict[Any, Any] = {}


def compile_chain(plan: Plan, key: Any, start: Any, data: Any) -> Any:
    """Compile one chain: ``(key, start, data)`` to draws and statistics."""
    leaves, tree = jax.tree.flatten(data)
    shapes = tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
    known = (plan, start.shape, start.dtype, shapes, tree)
    if known not in _programs:
        lowered = jax.jit(partial(_chain, plan)).lower(key, start, data)
        # XLA leaves the interpreter idle: meanwhile it imports what the summary will need
        with ThreadPoolExecutor(1) as pool:
            diagnostics = pool.submit(import_module, "arviz_stats.base")
            _programs[known] = lowered.compile()
            diagnostics.result()
    return _programs[known]


def _chain(plan: Plan, key: Any, start: Any, data: Any) -> Any:
    def potential(z: Any) -> Any:
        return -plan.log_density(z, data)

    init, nuts_step = hmc(potential, algo="NUTS")

    def step(state: Any) -> Any:
        state = nuts_step(state)
        if plan.move is None:
            return state
        z = plan.move(jax.random.fold_in(state.rng_key, 1), state.z, data)
        energy, slope = jax.value_and_grad(potential)(z)
        return state._replace(z=z, potential_energy=energy, z_grad=slope)

    state = init(
        start,
        plan.tune,
        step_size=plan.step_size,
        dense_mass=False,
        target_accept_prob=plan.target_accept,
        trajectory_length=None,
        max_tree_depth=MAX_TREE_DEPTH,
        rng_key=key,
    )

    def draw(state: Any, _: None) -> Any:
        state = step(state)
        return state, (state.z, state.diverging, state.num_steps, state.energy, state.accept_prob)

    # one loop for adaptation and sampling: a second one would be compiled all over again
    _, every = jax.lax.scan(draw, state, None, length=plan.tune + plan.draws)
    return jax.tree.map(lambda values: values[plan.tune :], every)


def threads() -> int:
    """Chains that run at a time: two, or one where there is but one core."""
    return min(MAX_THREADS, os.cpu_count() or 1)


def _wait(function: Any, *arguments: Any) -> list[NDArray[Any]]:
    return [np.asarray(value) for value in function(*arguments)]
