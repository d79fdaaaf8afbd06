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
from numpyro.infer.util import ParamInfo

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.numpyro_mmm.curvature import (
    Density,
    Frame,
    Framed,
    blank_frame,
    in_frame,
)
from mmm_benchmark.phases import phase

type Array = NDArray[np.float64]
type Move = Callable[[Any, Any, Any], Any]
#: Energies and slopes at rows of z.
type Potential = Callable[[NDArray[np.floating]], tuple[Array, Array]]

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
    log_density: Density,
    data: Any,
    find: Callable[[], Frame],
    dimension: int,
    budget: Budget,
    seed: int,
    *,
    potential: Potential | None = None,
) -> Sample:
    """Sample ``exp(log_density(z, data))`` in coordinates of its curvature.

    ``find`` looks for them while the sampler is compiled. Chains start at draws of N(0, I) there;
    where ``potential`` tells their energies and slopes, the program holds the gradient once
    instead of twice, and there is that much less to compile.
    """
    framed = in_frame(log_density)
    u = np.random.default_rng(seed).standard_normal((budget.chains, dimension))
    blank = u if potential is None else ParamInfo(u, u[:, 0], u)
    with phase("compile"):
        empty = Framed(blank_frame(dimension), data)
        frame = _compiled(framed, empty, _start(blank), budget, meanwhile=find)[1]
    starts = u if potential is None else _framed_starts(potential, frame, u)
    drawn = nuts(framed, Framed(frame.cast(), data), starts, budget, seed)
    return drawn._replace(z=frame.cast().rows(drawn.z))


def _framed_starts(potential: Potential, frame: Frame, u: Array) -> ParamInfo:
    energy, slope = potential(frame.rows(u))
    return ParamInfo(u, energy, slope @ frame.axes)


def nuts(
    log_density: Density,
    data: Any,
    starts: Array | ParamInfo,
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
        First positions, (chain, dimension), or these with their energies and slopes.
    move
        ``move(key, z, data)``: another transition that keeps the density, after each of NUTS.
    """

    with phase("compile"):
        compiled = _compiled(
            log_density, data, _start(starts), budget, step_size, move, meanwhile=lambda: None
        )[0]
    chains = len(jax.tree.leaves(starts)[0])
    keys = jax.random.split(jax.random.key(seed), chains)
    with phase("sample"), ThreadPoolExecutor(threads()) as pool:
        jobs = [
            pool.submit(_wait, compiled, keys[i], _start(starts, i), data) for i in range(chains)
        ]
        drawn = [job.result() for job in jobs]
    z, diverging, steps, energy, acceptance = (np.stack(each) for each in zip(*drawn, strict=True))
    depth = np.ceil(np.log2(steps + 1)).astype(np.int64)
    return Sample(z, diverging, depth, energy, acceptance)


def _start(starts: Array | ParamInfo, chain: int = 0) -> Any:
    """Where one chain starts, on the device."""
    return jax.tree.map(lambda part: jnp.asarray(part[chain], jnp.result_type(float)), starts)


def _compiled[T](
    log_density: Density,
    data: Any,
    start: Any,
    budget: Budget,
    step_size: float = 0.1,
    move: Move | None = None,
    *,
    meanwhile: Callable[[], T],
) -> tuple[Any, T]:
    """The program of one chain for arguments of these shapes, and what ``meanwhile`` answers."""
    plan = Plan(log_density, budget.tune, budget.draws, budget.target_accept, step_size, move)
    return compile_chain(plan, jax.random.key(0), start, data, meanwhile)


class Plan(NamedTuple):
    """What a compiled chain depends on, besides the shapes of its arguments."""

    log_density: Density
    tune: int
    draws: int
    target_accept: float
    step_size: float
    move: Move | None


#: Programs of this process, so that many datasets of one shape are compiled for once.
_programs: dict[Any, Any] = {}


def compile_chain[T](
    plan: Plan, key: Any, start: Any, data: Any, meanwhile: Callable[[], T]
) -> tuple[Any, T]:
    """Compile one chain: ``(key, start, data)`` to draws and statistics.

    XLA leaves the interpreter idle: meanwhile it does what else must be done, and imports what
    the summary will need. (Not for another compilation: XLA does one at a time.)
    """
    leaves, tree = jax.tree.flatten((start, data))
    shapes = tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
    known = (plan, shapes, tree)
    if known in _programs:
        return _programs[known], meanwhile()
    lowered = jax.jit(partial(_chain, plan)).lower(key, start, data)
    with ThreadPoolExecutor(1) as pool:
        program = pool.submit(lowered.compile)
        found = meanwhile()
        import_module("arviz_stats.base")
        _programs[known] = program.result()
    return _programs[known], found


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
