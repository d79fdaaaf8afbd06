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
from mmm_benchmark.fitters.jax_inference.nuts import Sample, nuts, nuts_near_mode
from mmm_benchmark.fitters.oracle import constant, time_varying
from mmm_benchmark.fitters.oracle.jumps import exchange_weeks
from mmm_benchmark.phases import phase
from mmm_benchmark.shapes.jax import Vector

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
