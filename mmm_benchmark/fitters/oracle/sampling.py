"""Sampling the oracle's posteriors: where to start, in which coordinates, NUTS."""

from __future__ import annotations

import jax
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.jax_inference.curvature import (
    AnyFrame,
    Framed,
    Look,
    ThinFrame,
    around,
    in_frame,
    locate,
)
from mmm_benchmark.fitters.jax_inference.gauss_newton import descend, gauss_newton
from mmm_benchmark.fitters.jax_inference.mixed import Mixed, Plan, mixed_nuts
from mmm_benchmark.fitters.jax_inference.nuts import Sample, nuts, nuts_near_mode
from mmm_benchmark.fitters.oracle import constant, published, time_varying
from mmm_benchmark.fitters.oracle.jumps import exchange_weeks
from mmm_benchmark.fitters.oracle.kinds import exchange_kinds
from mmm_benchmark.phases import phase
from mmm_benchmark.shapes.jax import Broadcast, Scalar, Vector

type Array = NDArray[np.float64]

#: A start whose log density is this far below the best is not where a chain should begin.
WORSE = 50.0


def exchange(key: jax.Array, y: Vector, framed: Framed[ThinFrame, time_varying.Data]) -> Vector:
    """Exchange weeks of jumps, in the coordinates of the frame."""
    return framed.frame.inverse(exchange_weeks(key, framed.frame(y), framed.data))


def sample_time_varying(data: time_varying.Data, budget: Budget, seed: int) -> Sample:
    """Draws of a ``time_varying`` posterior, in the coordinates of its law."""
    with phase("sample"):
        starts = modes(data, budget.chains, seed)
        frame = gauss_newton(time_varying.standard_residual, starts, data)
    rng = np.random.default_rng(seed)
    y = np.stack([frame.inverse(start) for start in starts])
    y += 0.3 * rng.standard_normal(y.shape)
    framed = Framed(frame.cast(), data)
    density = in_frame(time_varying.log_density)
    drawn = nuts(density, framed, y, budget, seed, step_size=0.3, move=exchange)
    return drawn._replace(z=frame.rows(drawn.z))


def modes(data: time_varying.Data, chains: int, seed: int) -> Array:
    """A mode for each chain, found from a draw of the prior with paths at rest."""
    rng = np.random.default_rng(seed)
    sizes = time_varying.lengths(data)
    found, heights = np.empty((chains, sum(sizes))), np.empty(chains)
    for i in range(chains):
        start = 0.5 * rng.standard_normal(sum(sizes))
        parts = np.split(start, np.cumsum(sizes)[:-1])
        parts[0] -= 0.4
        mean = float(np.mean(np.asarray(data.sales)))
        parts[3][:] = np.log(mean / data.law.sales_median) / data.law.sales_sd
        parts[5] = np.log(data.law.split) + 0.2 * parts[5]
        parts[6][:], parts[8][:] = 0.0, 0.0
        found[i], heights[i] = descend(
            time_varying.log_density, time_varying.standard_residual, np.concatenate(parts), data
        )
    found[heights < heights.max() - WORSE] = found[heights.argmax()]
    return found


def sample_constant(data: constant.Data, budget: Budget, seed: int) -> Sample:
    """Draws of a well-specified posterior."""
    first = constant.start(data)

    def find(look: Look) -> AnyFrame:
        return locate(look, around(first)).frame()

    return nuts_near_mode(constant.log_density, data, find, first.size, budget, seed)


type PublishedFramed = Framed[ThinFrame, published.Data]


def published_density(u: Vector, kinds: Broadcast, given: PublishedFramed) -> Scalar:
    """The density of a ``published`` world in the coordinates of a frame."""
    return published.log_density(given.frame(u), kinds, given.data)


def exchange_curves(
    key: jax.Array, u: Vector, kinds: Broadcast, given: PublishedFramed
) -> tuple[Vector, Broadcast]:
    """Exchange the laws of curves, in the coordinates of a frame."""
    z, kinds = exchange_kinds(key, given.frame(u), kinds, given.data)
    return given.frame.inverse(z), kinds


def sample_published(data: published.Data, budget: Budget, seed: int) -> Mixed:
    """Draws of the posterior of a ``published`` world: of its vector, and of its curves' laws."""
    rng = np.random.default_rng(seed)
    with phase("sample"):
        points, kinds = published_modes(data, budget.chains, rng)
        # the curvature of any one mode: the laws of curves differ, and chains change them
        frame = gauss_newton(published.standard_residual, points[:1], (kinds[0], data))
    u = np.stack([frame.inverse(point) for point in points])
    plan = Plan(published_density, exchange_curves, budget.tune, budget.draws)
    drawn = mixed_nuts(plan, Framed(frame.cast(), data), (u, kinds), budget, seed)
    sample = drawn.sample
    return drawn._replace(sample=sample._replace(z=frame.rows(sample.z)))


def published_modes(
    data: published.Data, chains: int, rng: np.random.Generator
) -> tuple[Array, NDArray[np.int64]]:
    """For each chain laws of its curves, drawn from the prior, and the mode under them."""
    chances = np.exp(np.asarray(data.curves.log_chance))
    channels, size = len(data.spend), published.dimension(data)
    kinds = rng.choice(len(chances), (chains, channels), p=chances / chances.sum())
    points, heights = np.empty((chains, size)), np.empty(chains)
    for i, kind in enumerate(kinds.astype(np.int64)):
        points[i], heights[i] = descend(
            published.of_kinds,
            published.standard_residual,
            0.3 * rng.standard_normal(size),
            (kind, data),
        )
    return points, kinds.astype(np.int64)
