"""Solutions, one or many, as a :class:`~mmm_benchmark.fit.Fit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from mmm_benchmark import estimands
from mmm_benchmark.fit import Fit
from mmm_benchmark.fitters.scipy_hill.estimate import Estimate
from mmm_benchmark.fitters.scipy_hill.solution import Solution

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        DrawGeoDate,
    )

type Array = NDArray[np.float64]


def summarise(
    observed: xr.Dataset, estimate: Estimate, solutions: list[Solution], noise: DrawGeoDate | None
) -> Fit:
    """Answer in the schema's estimands; each solution is one draw of one chain.

    ``noise`` are residuals (draw, geo, date) for the predictive distribution of a bootstrap.
    """
    adstocks = [solution.adstock() for solution in solutions]
    pairs = list(zip(solutions, adstocks, strict=True))
    controls = observed.sizes["control"]

    def stack(value: Callable[[Solution], Array]) -> Array:
        return np.stack([value(solution) for solution in solutions])[None]

    coefficient = stack(lambda s: s.coefficient())[..., None, :]
    weeks = (*coefficient.shape[:3], observed.sizes["date"], coefficient.shape[-1])
    posterior = estimands.posterior(
        observed,
        contribution=np.stack([s.contribution(a) for s, a in pairs])[None],
        baseline=stack(lambda s: s.baseline()),
        control_contribution=stack(lambda s: s.control_contribution(controls)),
        response=estimands.response(
            lambda m: np.stack([s.totals(a, m) for s, a in pairs])[None],
            observed["spend"].sum(("geo", "date")).values,
        ),
        coefficient=np.broadcast_to(coefficient, weeks),
        adstock_decay=stack(lambda s: s.native(s.decay)),
        half_saturation=stack(lambda s: s.native(s.half_saturation)),
        slope=stack(lambda s: s.native(s.slope)),
    )
    optimum, design = estimate.optimum, estimate.solution.design
    diagnostics = {
        "sum_of_squares": float(np.sum((estimate.solution.residual().T * design.sales_scale) ** 2)),
        "function_evaluations": float(optimum.evaluations),
    }
    predictive = None
    if noise is not None:
        expected = posterior["expected_sales"].values
        sales = expected + noise * design.sales_scale[:, None]
        predictive = estimands.predictive(observed, sales)
        diagnostics |= _diagnostics(solutions)
    return Fit(
        posterior=posterior,
        posterior_predictive=predictive,
        diagnostics=diagnostics,
        parameter_counts=_parameter_counts(estimate),
        checks={"optimizer_converged": optimum.converged, "two_starts_agree": optimum.agreed},
        notes=design.notes,
    )


def _parameter_counts(estimate: Estimate) -> dict[str, int]:
    design = estimate.solution.design
    geos = design.sales.shape[0]
    copies = 1 if estimate.spread is None else geos
    return {
        "adstock": design.live.size,
        "saturation": 2 * design.live.size,
        "effects": copies * design.live.size,
        "controls": copies * design.controls.size,
        "baseline": geos + copies * design.n_time,
        "noise": 1,
    }


def _diagnostics(solutions: list[Solution]) -> dict[str, float]:
    """Largest R-hat and smallest ESS over transforms and effects, of two halves as chains.

    Replicates are independent, so these say whether there are enough of them.
    """
    from arviz_stats.base import array_stats

    half = len(solutions) // 2
    free = np.stack([np.concatenate([s.parameters, s.linear.effects.ravel()]) for s in solutions])
    free = free[: 2 * half, np.ptp(free, axis=0) > 0].reshape(2, half, -1)
    axes = {"chain_axis": 0, "draw_axis": 1}
    return {
        "r_hat": float(array_stats.rhat(free, **axes).max()),
        "ess_bulk": float(array_stats.ess(free, method="bulk", **axes).min()),
        "ess_tail": float(array_stats.ess(free, method="tail", prob=(0.05, 0.95), **axes).min()),
    }
