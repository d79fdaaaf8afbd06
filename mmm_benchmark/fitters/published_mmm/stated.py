"""The joint law of ``published`` worlds as a prior that anyone may state.

The reference's own density, for a company that need not come from it: returns, the share of media,
curves, carry-over, controls, trend, season and R² hold jointly, with the values of
``PublishedPrior``. One geo and weeks; for other data the prior stands by its marginals.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.phases import phase
from mmm_benchmark.priors.prior import Prior, prior_of

if TYPE_CHECKING:
    import xarray as xr

    from mmm_benchmark.fitters.jax_inference.mixed import Mixed

NOTE: Final = (
    "prior 'published', jointly: curves of several laws, one share of media, one R²; a straight"
    " trend and one wave a year"
)
#: A round of short chains, and their least acceptance rate.
TUNE, DRAWS, STEADY = 200, 500, 0.9
#: Checks that more draws can meet.
ENOUGH = ("r_hat_below_1_01", "ess_above_400")


def settings(given: dict[str, Any]) -> dict[str, Any]:
    """A fitter's keywords: a prior that is not stated is left out, ``joint`` where it says nothing.

    So the keys of fits that neither concerns stay as they are.
    """
    said = dict(given)
    if said["prior"] is None:
        del said["prior"]
    if said.get("prior") is None or prior_of(said["prior"]).curve != "published":
        del said["joint"]
    return said


def holds(observed: xr.Dataset, prior: Prior) -> bool:
    """Whether the prior is this law and the data are ones that it speaks of."""
    steps = np.diff(observed["date"].to_numpy())
    weekly = bool((steps == np.timedelta64(7, "D")).all())
    return prior.curve == "published" and observed.sizes["geo"] == 1 and weekly


def fit(observed: xr.Dataset, budget: Budget, seed: int, *, short: bool = False) -> Fit:
    """Markov chains; ``short`` ones go on until they agree, or give up."""
    with phase("import"):
        from mmm_benchmark.fitters.jax_inference.report import nuts_report
        from mmm_benchmark.fitters.published_mmm import answer, density, sampling
        from mmm_benchmark.plan.published_law import published_law
        from mmm_data_generator.presets.cells import CELLS
    with phase("build"):
        family = published_law(CELLS["published"], observed.sizes["channel"])
        data = density.prepare(observed, family)

    def enough(drawn: Mixed) -> bool:
        rows = answer.Joined(drawn.sample.z, drawn.kinds).rows()
        with phase("summarise"):
            free = answer.parameters(rows, data)
            series = answer.contribution_series(rows, data)
            checks: dict[str, bool] = nuts_report(free, series, drawn.sample)["checks"]
        return all(checks[name] for name in ENOUGH)

    if short:
        few = replace(
            budget,
            tune=min(budget.tune, TUNE),
            draws=min(budget.draws, DRAWS),
            target_accept=max(budget.target_accept, STEADY),
        )
        drawn = sampling.sample_until(data, few, seed, enough)
    else:
        drawn = sampling.sample(data, budget, seed)
    with phase("summarise"):
        found = answer.as_fit(observed, family, data, drawn, seed, nuts_report)
    return replace(found, notes=(*found.notes, NOTE))
