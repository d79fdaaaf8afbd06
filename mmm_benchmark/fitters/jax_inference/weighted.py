"""From a density to draws: weights where they can be trusted, short warm chains where not.

A proposal that bends (:mod:`mmm_benchmark.fitters.common.triangular`) is adapted to the posterior
and its draws are weighted. Where k-hat says that weights will not do, NUTS starts at resampled
draws, in coordinates whitened by the covariance already known: what is left to adapt is little
(the amortised workflow of Schmitt et al. 2024, arXiv:2409.04332). Then the proposal is fitted to
the chains' draws and weighed once more; only where that fails too do the chains answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common import importance, triangular
from mmm_benchmark.fitters.jax_inference.curvature import (
    Density,
    Frame,
    Framed,
    Located,
    around,
    double_look,
    in_frame,
    locate,
)
from mmm_benchmark.fitters.jax_inference.nuts import Sample, nuts
from mmm_benchmark.phases import phase

type Array = NDArray[np.float64]

BATCH = 250  # points whose density is taken at once
ROUND = 2000  # draws proposed at a time, while the mixture adapts
#: Rounds without a trustworthy k-hat after which chains are the shorter way.
MOST_ROUNDS = 6
KEPT = 2000  # draws resampled from the weighted ones
#: Adaptation that a chain needs in coordinates it is given, and draws that follow.
WARM = 200
LEAST_ESS = 400  # effective draws, below which weights are not enough either


class Drawn(NamedTuple):
    """Draws of the unconstrained vector and how they came about."""

    z: NDArray[np.floating]  # (chain, draw, dimension)
    k_hat: float
    ess: float  # of the weights
    sample: Sample | None  # where chains took over


class Target[D](NamedTuple):
    """A posterior: its log density, data, and where a search for the mode begins."""

    log_density: Density[D]
    data: D
    start: Array


def draw[D](target: Target[D], budget: Budget, seed: int) -> Drawn:
    """Weighted draws, resampled; or warm-started chains."""
    rng = np.random.default_rng(seed)
    with phase("compile"):
        heights = batched(target)
    with phase("sample"):
        look = double_look(target.log_density, target.data)
        located = locate(look, around(target.start))
        first = proposal(located)
        weighted = importance.sample(
            heights, first, rng, ROUND, MOST_ROUNDS, LEAST_ESS, importance.bent
        )
    if good(weighted):
        return resampled(weighted, budget, rng)
    sample = warm_chains(target, weighted, budget, seed)
    with phase("sample"):  # a proposal fitted to the chains' draws, and weighed in turn
        rows = sample.z.reshape(-1, sample.z.shape[-1]).astype(float)
        told = triangular.fitted(rows, np.ones(len(rows)))
        again = importance.weighed(heights, told, rng, importance.LAST * ROUND, LEAST_ESS)
    if good(again):
        return resampled(again, budget, rng)
    return Drawn(sample.z, again.k_hat, again.ess, sample)


def good(weighted: importance.Weighted) -> bool:
    """Whether weights will do."""
    return weighted.k_hat <= importance.LARGEST_K and weighted.ess >= LEAST_ESS


def resampled(weighted: importance.Weighted, budget: Budget, rng: np.random.Generator) -> Drawn:
    """Draws that count alike, as chains of independent ones."""
    each = max(min(KEPT, budget.chains * budget.draws) // budget.chains, 1)
    z = weighted.resampled(rng, each * budget.chains)
    return Drawn(z.reshape(budget.chains, each, -1), weighted.k_hat, weighted.ess, None)


def batched[D](target: Target[D]) -> Callable[[Array], Array]:
    """The log density of many points, compiled once for :data:`BATCH` of them."""
    size = target.start.size
    over = jax.jit(jax.vmap(target.log_density, (0, None)))
    blank = jnp.asarray(np.tile(target.start, (BATCH, 1)))
    program = over.lower(blank, target.data).compile()

    def heights(z: Array) -> Array:
        rows = -(-len(z) // BATCH) * BATCH
        padded = np.concatenate([z, np.tile(target.start, (rows - len(z), 1))])
        parts = [
            np.asarray(program(jnp.asarray(part), target.data), np.float64)
            for part in padded.reshape(-1, BATCH, size)
        ]
        found = np.concatenate(parts)[: len(z)]
        return np.where(np.isnan(found), -np.inf, found)

    return heights


def proposal(located: Located) -> importance.Mixture:
    """One law at the mode, a little wider than the curvature has it."""
    eigenvalues, vectors = np.linalg.eigh(located.hessian)
    axes = vectors / np.sqrt(np.maximum(eigenvalues, 1 / 9))
    return importance.from_modes([located.mode], [1.2 * axes @ axes.T], [0.0])


def warm_chains[D](
    target: Target[D], weighted: importance.Weighted, budget: Budget, seed: int
) -> Sample:
    """NUTS from resampled draws, in coordinates of the covariance already known."""
    rng = np.random.default_rng(seed + 1)
    known = weighted.proposal.draw(rng, 100 * target.start.size)
    centre, covariance = known.mean(axis=0), np.cov(known.T)
    frame = Frame(centre, np.linalg.cholesky(covariance))
    starts = weighted.resampled(rng, budget.chains)
    u = np.linalg.solve(np.asarray(frame.axes), (starts - centre).T).T
    short = replace(budget, tune=min(budget.tune, WARM), draws=min(budget.draws, 2 * WARM))
    framed = Framed(frame.cast(), target.data)
    drawn = nuts(in_frame(target.log_density), framed, u, short, seed, step_size=0.3)
    return drawn._replace(z=frame.rows(drawn.z))
