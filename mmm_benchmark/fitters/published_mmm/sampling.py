"""Chains under the joint law of ``published`` worlds: modes to start from, NUTS and exchanges."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.jax_inference.curvature import Framed, ThinFrame
from mmm_benchmark.fitters.jax_inference.gauss_newton import descend, gauss_newton
from mmm_benchmark.fitters.jax_inference.mixed import Mixed, Plan, mixed_nuts
from mmm_benchmark.fitters.jax_inference.nuts import Sample
from mmm_benchmark.fitters.published_mmm.kinds import exchange_kinds
from mmm_benchmark.fitters.published_mmm.model import Data, model_of
from mmm_benchmark.phases import phase
from mmm_benchmark.shapes.jax import Broadcast, Scalar, Vector

type Array = NDArray[np.float64]
type Places = tuple[Array, NDArray[np.int64]]  # positions and kinds of every chain

#: Rounds of short chains, after which their sample is what it is.
MOST_ROUNDS = 4

type Given = Framed[ThinFrame, Data]


def log_density(u: Vector, kinds: Broadcast, given: Given) -> Scalar:
    """The density of a ``published`` world in the coordinates of a frame."""
    return model_of(given.data).log_density(given.frame(u), kinds, given.data)


def exchange_curves(
    key: jax.Array, u: Vector, kinds: Broadcast, given: Given
) -> tuple[Vector, Broadcast]:
    """Exchange the laws of curves, in the coordinates of a frame."""
    z, kinds = exchange_kinds(key, given.frame(u), kinds, given.data)
    return given.frame.inverse(z), kinds


def sample(data: Data, budget: Budget, seed: int) -> Mixed:
    """Draws of the posterior of a ``published`` world: of its vector, and of its curves' laws."""
    return _chains(data, budget, seed, *_starts(data, budget, seed))


def sample_until(data: Data, budget: Budget, seed: int, enough: Callable[[Mixed], bool]) -> Mixed:
    """The same in rounds of ``budget``, each from where the last ended, until ``enough``.

    Where the first is not, it counts as warm-up; after :data:`MOST_ROUNDS` the sample is what it
    is.
    """
    frame, starts = _starts(data, budget, seed)
    drawn = _chains(data, budget, seed, frame, starts)
    for later in range(1, MOST_ROUNDS):
        if enough(drawn):
            break
        last = drawn.sample.z[:, -1].astype(np.float64), drawn.kinds[:, -1]
        more = _chains(data, budget, seed + 7919 * later, frame, last)
        drawn = more if later == 1 else _joined(drawn, more)
    return drawn


def _joined(first: Mixed, then: Mixed) -> Mixed:
    pairs = zip(first.sample, then.sample, strict=True)
    kinds = np.concatenate([first.kinds, then.kinds], axis=1)
    return Mixed(Sample(*(np.concatenate(pair, axis=1) for pair in pairs)), kinds)


def _starts(data: Data, budget: Budget, seed: int) -> tuple[ThinFrame, Places]:
    with phase("sample"):
        points, kinds = modes(data, budget.chains, np.random.default_rng(seed))
        # the curvature of any one mode: the laws of curves differ, and chains change them
        frame = gauss_newton(model_of(data).standard_residual, points[:1], (kinds[0], data))
    return frame, (points, kinds)


def _chains(
    data: Data,
    budget: Budget,
    seed: int,
    frame: ThinFrame,
    starts: Places,
) -> Mixed:
    points, kinds = starts
    u = np.stack([frame.inverse(point) for point in points])
    plan = Plan(log_density, exchange_curves, budget.tune, budget.draws)
    drawn = mixed_nuts(plan, Framed(frame.cast(), data), (u, kinds), budget, seed)
    sample = drawn.sample
    return drawn._replace(sample=sample._replace(z=frame.rows(sample.z)))


def modes(data: Data, chains: int, rng: np.random.Generator) -> Places:
    """For each chain laws of its curves and who sells, from the prior, and the mode under them."""
    chances = np.exp(np.asarray(data.curves.log_chance))
    model, channels = model_of(data), len(data.spend)
    size = model.dimension(data)
    kinds = rng.choice(len(chances), (chains, channels), p=chances / chances.sum())
    if without := len(data.without):
        silent = rng.permuted(np.tile(np.arange(channels), (chains, 1)), axis=1) < without
        kinds = kinds + len(chances) * silent
    points, heights = np.empty((chains, size)), np.empty(chains)
    for i, kind in enumerate(kinds.astype(np.int64)):
        points[i], heights[i] = descend(
            model.of_kinds,
            model.standard_residual,
            0.3 * rng.standard_normal(size),
            (kind, data),
        )
    return points, kinds.astype(np.int64)
