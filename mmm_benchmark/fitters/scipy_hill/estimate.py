"""From a design to estimates: search, pool, and refit to resampled data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds

from mmm_benchmark.fitters.scipy_hill import bootstrap
from mmm_benchmark.fitters.scipy_hill.design import Design
from mmm_benchmark.fitters.scipy_hill.pooling import Linear, Spread, pooled_linear, shared_linear
from mmm_benchmark.fitters.scipy_hill.projection import Penalty, Projection, transforms
from mmm_benchmark.fitters.scipy_hill.search import Optimum, bounds, polish, search, weak_penalty
from mmm_benchmark.fitters.scipy_hill.solution import Solution

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        DrawGeoDate,
        PerTransform,
    )


@dataclass(frozen=True)
class Estimate:
    """The point estimate and what a refit needs to know of it."""

    solution: Solution
    optimum: Optimum
    penalty: Penalty
    limits: Bounds
    spread: Spread | None  # None: effects are shared by all geos


def point_estimate(
    design: Design, *, starts: int, polished: int, weight: float, pooled: bool, seed: int
) -> Estimate:
    """Fit the transforms with effects shared by geos, then the linear part by geo."""
    penalty, limits = weak_penalty(design, weight), bounds(design)
    optimum = search(design, penalty, limits, starts=starts, polished=polished, seed=seed)
    problem = Projection(design, penalty, optimum.noise_variance)
    linear, spread = _linear(problem, optimum.parameters, None, pooled)
    return Estimate(Solution(design, optimum.parameters, linear), optimum, penalty, limits, spread)


def bootstrap_estimates(
    estimate: Estimate, *, replicates: int, block_length: int | None, seed: int
) -> tuple[list[Solution], DrawGeoDate]:
    """Refit to fitted values plus resampled blocks of residuals.

    Residuals are widened by sqrt(n / (n - p)), as least squares makes them too small. Each refit
    starts at the estimate and keeps its noise variance and its spread between geos.

    Returns
    -------
    tuple
        The solutions, and for each a further draw of residuals (replicate, geo, date) in
        multiples of mean sales, for the predictive distribution.
    """
    solution, optimum = estimate.solution, estimate.optimum
    design = solution.design
    length = block_length or bootstrap.default_block_length(design.sales.shape[1])
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1989]))
    residual = solution.residual()
    fitted = design.sales - residual
    free = max(1, design.sales.size - design.n_linear - 4 * design.live.size)
    wide = residual * np.sqrt(design.sales.size / free)

    solutions, noise = [], []
    for _ in range(replicates):
        sales = fitted + bootstrap.resample_blocks(wide, length, rng)
        again = replace(design, sales=sales)
        problem = Projection(again, estimate.penalty, optimum.noise_variance)
        best = polish(problem, optimum.parameters, estimate.limits).x
        linear, _ = _linear(problem, best, estimate.spread, estimate.spread is not None)
        solutions.append(Solution(again, best, linear))
        noise.append(bootstrap.resample_blocks(wide, length, rng))
    return solutions, np.stack(noise)


def _linear(
    problem: Projection, parameters: PerTransform, spread: Spread | None, pooled: bool
) -> tuple[Linear, Spread | None]:
    design = problem.design
    saturation = transforms(design.spend, parameters).saturation
    if pooled and design.sales.shape[0] > 1:
        return pooled_linear(design, saturation, problem.ridge, problem.noise_variance, spread)
    effects, _ = problem.solve(saturation)
    return shared_linear(design, saturation, effects), None
