"""NUTS from NumPyro, compiled once for one chain, run for all chains on two threads.

A compiled XLA program gives up Python's interpreter lock, so threads run chains side by side.
Measured on two cores (one geo, 104 weeks, four channels, 4 x (1000 + 1000)): threads 2.6 s plus
4.7 s of compilation; four chains in lockstep (``vmap``) 6.8 s plus 10.9 s, because every step
waits for the chain with the deepest tree and a batched program takes longer to compile.

On small data compiling is most of the work, and every copy of the density's gradient is a third
of it. The program holds one: a transition at rest (:data:`AT_REST`) is one evaluation, so the
same program finds the mode, its curvature and the energies at which chains start.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from numpyro.infer.hmc import HMCState, hmc
from numpyro.infer.util import ParamInfo

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common.report import MAX_TREE_DEPTH
from mmm_benchmark.fitters.jax_inference.curvature import (
    AnyFrame,
    Density,
    Framed,
    Look,
    blank_frame,
    in_frame,
)
from mmm_benchmark.phases import phase
from mmm_benchmark.shapes.jax import Scalar, Vector

type Array = NDArray[np.float64]
type Told = tuple[jax.Array, ...]  # place, divergence, steps, energy and acceptance
type Kept = tuple[Told, jax.Array, jax.Array]  # of every draw; the last energy and its slope
type Move[D] = Callable[[jax.Array, Vector, D], Vector]  # of a key, a vector, and data

MAX_THREADS = 2

#: Stands for the energy of a point where it is not known; every real one is lower.
UNKNOWN = 1e30

#: JAX's generator on XLA's own random bits: a quarter of a second less to compile.
GENERATOR = "rbg"


class Sample(NamedTuple):
    """Draws of the unconstrained vector and the sampler's statistics, (chain, draw, ...)."""

    z: NDArray[np.floating]
    diverging: NDArray[np.bool_]
    tree_depth: NDArray[np.int64]
    energy: NDArray[np.floating]
    acceptance: NDArray[np.floating]


class Control(NamedTuple):
    """What a compiled chain is told when it runs."""

    transitions: int
    step_size: float  # of the first transition
    target_accept: float
    motion: float  # 1; or 0, to stay where it is


#: One leapfrog step of no length without momentum. A trajectory that stands still counts as one
#: that turned back, so it ends there, and any energy is below an unknown one, so it is accepted.
AT_REST = Control(transitions=1, step_size=0.0, target_accept=0.5, motion=0.0)


def nuts_near_mode[D](
    log_density: Density[D],
    data: D,
    find: Callable[[Look], AnyFrame],
    dimension: int,
    budget: Budget,
    seed: int,
    *,
    known: int | None = None,
) -> Sample:
    """Sample ``exp(log_density(z, data))`` in coordinates of its curvature.

    ``find`` is given the negative log density and its slope, in the precision that JAX runs in,
    and answers with the coordinates. Chains start at draws of N(0, I) there. Where it finds the
    curvature of some first dimensions only, ``known`` says of how many.
    """
    framed = in_frame(log_density)
    with phase("compile"):
        blank = Framed(blank_frame(dimension, known or dimension), data)
        chain = compiled_chain(Plan(framed, budget.tune, budget.draws), blank, dimension)
        frame = find(partial(chain.look, blank)).cast()
    u = np.random.default_rng(seed).standard_normal((budget.chains, dimension))
    drawn = _sample(chain, Framed(frame, data), u, budget, seed)
    return drawn._replace(z=frame.rows(drawn.z))


def nuts[D](
    log_density: Density[D],
    data: D,
    starts: Array,
    budget: Budget,
    seed: int,
    *,
    step_size: float = 0.1,
    move: Move[D] | None = None,
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
        plan = Plan(log_density, budget.tune, budget.draws, move)
        chain = compiled_chain(plan, data, starts.shape[1])
    return _sample(chain, data, starts, budget, seed, step_size)


def _sample[D](
    chain: Chain[D], data: D, starts: Array, budget: Budget, seed: int, step_size: float = 0.1
) -> Sample:
    """Run the program from every start, two at a time."""
    how = Control(budget.tune + budget.draws, step_size, budget.target_accept, 1.0)
    keys = jax.random.split(jax.random.key(seed, impl=GENERATOR), len(starts))
    with phase("sample"), ThreadPoolExecutor(threads()) as pool:
        # arguments are made here: JAX's precision is a thread's own
        arguments = [
            (key, _start(z, *chain.look(data, z)), data, _typed(how))
            for key, z in zip(keys, starts, strict=True)
        ]
        jobs = [pool.submit(_wait, chain.program, *each) for each in arguments]
        every = [job.result() for job in jobs]
    z, diverging, steps, energy, acceptance = (np.stack(each) for each in zip(*every, strict=True))
    depth = np.ceil(np.log2(steps + 1)).astype(np.int64)
    return Sample(z, diverging, depth, energy, acceptance)


class Plan[D](NamedTuple):
    """What a compiled chain depends on, besides the shapes of its arguments."""

    log_density: Density[D]
    tune: int
    draws: int
    move: Move[D] | None = None


class Chain[D](NamedTuple):
    """A compiled chain."""

    program: Callable[[jax.Array, ParamInfo, D, Control], Kept]
    key: jax.Array  # any will do for a look

    def look(self, data: D, z: Array) -> tuple[float, Array]:
        """Negative log density at ``z`` and its slope; :data:`UNKNOWN` where it is not finite."""
        start = _start(z, UNKNOWN, np.zeros_like(z))
        _, energy, slope = self.program(self.key, start, data, _typed(AT_REST))
        return float(energy), np.asarray(slope, np.float64)


def _start(z: Array, energy: float, slope: Array) -> ParamInfo:
    dtype = jnp.result_type(float)
    return ParamInfo(*(jnp.asarray(part, dtype) for part in (z, energy, slope)))


def _typed(how: Control) -> Control:
    dtype = jnp.result_type(float)
    return Control(jnp.int32(how.transitions), *(jnp.asarray(part, dtype) for part in how[1:]))


#: Programs of this process, so that many datasets of one shape are compiled for once.
_programs: dict[Hashable, Chain[Any]] = {}


def compiled_chain[D](plan: Plan[D], data: D, dimension: int) -> Chain[D]:
    """Compile one chain for data of these shapes.

    XLA leaves the interpreter idle: meanwhile it imports what the summary will need. (Not for
    another compilation: XLA does one at a time.)
    """
    leaves, tree = jax.tree.flatten(data)
    shapes = tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
    known = (plan, shapes, tree, dimension)
    if known not in _programs:
        key, z = jax.random.key(0, impl=GENERATOR), np.zeros(dimension)
        arguments = key, _start(z, UNKNOWN, z), data, _typed(AT_REST)
        lowered = jax.jit(partial(_chain, plan)).lower(*arguments)
        with ThreadPoolExecutor(1) as pool:
            program = pool.submit(lowered.compile)
            import_module("scipy.stats")
            _programs[known] = Chain(program.result(), key)
    return _programs[known]


def _chain[D](plan: Plan[D], key: jax.Array, start: ParamInfo, data: D, how: Control) -> Kept:
    def potential(z: Vector) -> Scalar:
        return -plan.log_density(z, data)

    init, nuts_step = hmc(potential, algo="NUTS")

    def step(state: HMCState) -> HMCState:
        state = nuts_step(state)
        if plan.move is None:
            return state
        moved = plan.move(jax.random.fold_in(state.rng_key, 1), state.z, data)
        z = jnp.where(how.motion > 0, moved, state.z)
        energy, slope = jax.value_and_grad(potential)(z)
        return state._replace(z=z, potential_energy=energy, z_grad=slope)

    state = init(
        start,
        plan.tune,
        step_size=how.step_size,
        dense_mass=False,
        target_accept_prob=how.target_accept,
        trajectory_length=None,
        max_tree_depth=MAX_TREE_DEPTH,
        rng_key=key,
    )
    adapted = state.adapt_state
    momentum = how.motion * adapted.mass_matrix_sqrt
    state = state._replace(adapt_state=adapted._replace(mass_matrix_sqrt=momentum))

    def told(state: HMCState) -> Told:
        return state.z, state.diverging, state.num_steps, state.energy, state.accept_prob

    def draw(i: Scalar, carried: tuple[HMCState, Told]) -> tuple[HMCState, Told]:
        state, kept = carried
        state = step(state)
        # while it adapts, the first place is written over and over
        at = jnp.maximum(i - plan.tune, 0)
        return state, jax.tree.map(lambda all_, new: all_.at[at].set(new), kept, told(state))

    # one loop for adaptation and sampling: a second one would be compiled all over again
    kept = jax.tree.map(lambda part: jnp.zeros((plan.draws, *part.shape), part.dtype), told(state))
    state, kept = jax.lax.fori_loop(0, how.transitions, draw, (state, kept))
    return kept, state.potential_energy, state.z_grad


def threads() -> int:
    """Chains that run at a time: two, or one where there is but one core."""
    return min(MAX_THREADS, os.cpu_count() or 1)


def _wait[*Arguments](
    program: Callable[[*Arguments], Kept], *arguments: *Arguments
) -> list[NDArray[np.generic]]:
    return [np.asarray(value) for value in program(*arguments)[0]]
