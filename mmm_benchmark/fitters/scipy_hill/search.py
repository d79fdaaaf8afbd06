"""Many starts from a Sobol design, then L-BFGS-B from the best few."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, OptimizeResult, minimize
from scipy.stats import qmc

from mmm_benchmark.fitters.scipy_hill.design import Design
from mmm_benchmark.fitters.scipy_hill.projection import Penalty, Projection

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        PerChannel,
        PerTransform,
        StartTransforms,
    )


DECAY = (1e-4, 0.98)  # carry-over half-life from nothing to 34 weeks
SLOPE = (0.25, 6.0)
#: Multiples of mean spend by which half-saturation may lie beyond the spend that was seen.
BEYOND = 4.0
AGREE = 0.5  # objective units (log density): two optima closer than this say the same


@dataclass(frozen=True)
class Optimum:
    """Where the search ended."""

    parameters: PerTransform  # flattened (3, channel)
    noise_variance: float  # squared multiples of mean sales
    sum_of_squares: float  # in the same unit
    converged: bool
    agreed: bool  # another start found the same optimum
    evaluations: int


def on_spend(design: Design) -> PerChannel:
    """Mean spend over the weeks with spend, in multiples of mean spend, shape (channel,)."""
    on = design.spend > 0.0
    return design.spend.sum((1, 2)) / np.maximum(on.sum((1, 2)), 1)


def weak_penalty(design: Design, weight: float) -> Penalty:
    """Centre the pull where media usually lie, and wide: a factor of 3 in half-saturation."""
    typical = on_spend(design)
    logit_decay = np.full_like(typical, -1.0)  # decay 0.27; sd 1.5 spans 0.08 to 0.62
    log_slope = np.full_like(typical, 0.2)  # slope 1.2; sd 0.6 spans 0.7 to 2.2
    centre = np.stack([logit_decay, np.log(typical), log_slope])
    return Penalty(centre=centre, sd=np.array([[1.5], [1.1], [0.6]]), weight=weight)


def bounds(design: Design) -> Bounds:
    """Limits from the data: half-saturation within a factor of the spend that was seen."""
    typical = on_spend(design)
    highest = design.spend.max((1, 2))
    ones = np.ones_like(typical)
    low = [np.log(DECAY[0] / (1 - DECAY[0])) * ones, np.log(typical / 20), np.log(SLOPE[0]) * ones]
    high = [
        np.log(DECAY[1] / (1 - DECAY[1])) * ones,
        np.log(BEYOND * highest),
        np.log(SLOPE[1]) * ones,
    ]
    return Bounds(np.concatenate(low), np.concatenate(high))


def sobol_starts(design: Design, count: int, seed: int) -> StartTransforms:
    """Scrambled Sobol points (Sobol, 1967; Owen, 1998) over the plausible middle of the bounds."""
    typical = on_spend(design)
    ones = np.ones_like(typical)
    low = np.concatenate([-3.5 * ones, np.log(0.3 * typical), np.log(0.6) * ones])
    high = np.concatenate([2.2 * ones, np.log(3.0 * typical), np.log(4.0) * ones])
    sobol = qmc.Sobol(low.size, rng=np.random.default_rng(seed))
    unit = sobol.random_base2(int(np.ceil(np.log2(count))))[:count]
    return low + unit * (high - low)


def search(
    design: Design, penalty: Penalty, limits: Bounds, *, starts: int, polished: int, seed: int
) -> Optimum:
    """Find the best transforms.

    ``starts`` points are tried; the best ``polished`` of them are improved by L-BFGS-B (Byrd et
    al., 1995, doi:10.1137/0916069) at the noise variance of the best trial; then the winner and
    the noise variance are refined in turn until the variance settles.
    """
    freedom = max(1, design.sales.size - design.n_linear - 4 * design.live.size)

    trial = Projection(design, replace(penalty, weight=0.0), noise_variance=1.0)
    trials = sobol_starts(design, starts, seed)
    squares = np.array([trial.sum_of_squares(point) for point in trials])
    order = np.argsort(squares, kind="stable")[:polished]
    variance = _variance(squares[order[0]], freedom)

    problem = Projection(design, penalty, variance)
    results = [polish(problem, trials[i], limits) for i in order]
    results.sort(key=lambda result: result.fun)
    evaluations = starts + sum(result.nfev for result in results)
    agreed = len(results) > 1 and results[1].fun - results[0].fun < AGREE

    best = results[0]
    for _ in range(10):
        previous = problem.noise_variance
        problem = Projection(design, penalty, _variance(problem.sum_of_squares(best.x), freedom))
        best = polish(problem, best.x, limits)
        evaluations += best.nfev
        if abs(problem.noise_variance / previous - 1.0) < 0.02:
            break
    return Optimum(
        parameters=best.x,
        noise_variance=problem.noise_variance,
        sum_of_squares=problem.sum_of_squares(best.x),
        converged=bool(best.success),
        agreed=agreed,
        evaluations=evaluations,
    )


def polish(problem: Projection, start: PerTransform, limits: Bounds) -> OptimizeResult:
    """Improve one start by L-BFGS-B with exact gradients."""
    return minimize(
        problem,
        start,
        jac=True,
        bounds=limits,
        method="L-BFGS-B",
        options={"maxiter": 500, "maxcor": 20, "ftol": 1e-8, "gtol": 1e-4},
    )


def _variance(sum_of_squares: float, freedom: int) -> float:
    """Noise variance, kept above rounding so that noise-free data stay solvable."""
    return max(sum_of_squares / freedom, 1e-14)
