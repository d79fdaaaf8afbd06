"""``oracle``: what as good as the data allow means."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.common.report import parameter_counts, silent_channel
from mmm_benchmark.phases import phase
from mmm_benchmark.schema import REFERENCE_KIND

if TYPE_CHECKING:
    import xarray as xr

    from mmm_benchmark.fitters.jax_inference.nuts import Sample
    from mmm_benchmark.fitters.jax_inference.over_draws import Array, Draws

OPTIMAL = "Bayes-optimal: the exact prior that every value of this world was drawn from"
WELL_SPECIFIED = "well-specified: the right functional forms under a broad prior"

#: Draws of a time_varying posterior for each one asked for: where and when a path jumped has
#: several answers, and chains take their time between them.
LONGER = 4

#: Draws of a ``published`` posterior for each one asked for: a channel's curve goes back and forth
#: between laws.
TWICE = 2

#: Least acceptance rate of a time_varying posterior: an effect is the exponential of its path, and
#: at 0.9 a few draws in ten thousand break off where a path jumps high.
STEADY = 0.95

#: Least acceptance rate of a ``published`` posterior of several geos, where at 0.9 two draws in a
#: hundred broke off (one world).
STEADY_GEOS = 0.97

#: Least acceptance rates of a well-specified posterior, one after another until none of the
#: draws diverges: far out, a channel of no effect leaves its curve to bend as it likes.
CAREFUL = (0.98, 0.995, 0.999)

TIME_VARYING_ROLES = {
    "decay": "adstock",
    "half_saturation": "saturation",
    "slope": "saturation",
    "sales": "baseline",
    "share": "effects",
    "weight": "effects",
    "path": "time",
    "control_level": "controls",
    "control_path": "time",
}
CONSTANT_ROLES = {
    "decay": "adstock",
    "half_saturation": "saturation",
    "slope": "saturation",
    "effect": "effects",
    "noise": "noise",
    "linear": "baseline",
    "control": "controls",
}


class Oracle:
    """The posterior under the generating family, which ``observed.attrs["family"]`` names."""

    name: ClassVar[str] = "oracle"
    extra: ClassVar[str | None] = "numpyro"
    version: ClassVar[str] = "4"

    def settings(self) -> dict[str, Any]:
        """Nothing to set."""
        return {}

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline data whose family is unknown, and channels that never spend."""
        if "family" not in observed.attrs:
            return "the generating family of this dataset is not known to the oracle"
        return silent_channel(observed)

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Sample the posterior of the family's kind."""
        family = json.loads(observed.attrs["family"])
        if family["kind"] == "time_varying":
            return fit_time_varying(observed, family, budget, seed)
        with phase("import"):
            import jax
        with jax.enable_x64(True):  # in single precision a few in ten thousand draws diverge
            if family["kind"] == "published":
                return fit_published(observed, family, budget, seed)
            return fit_constant(observed, family, budget, seed)


def fit_time_varying(
    observed: xr.Dataset, family: dict[str, Any], budget: Budget, seed: int
) -> Fit:
    """Everything is drawn from the family's prior: the answer is Bayes-optimal."""
    with phase("import"):
        from mmm_benchmark.estimands import kept_draws
        from mmm_benchmark.fitters.common.labelled import as_fit
        from mmm_benchmark.fitters.oracle import answer, sampling, time_varying
    with phase("build"):
        data = time_varying.prepare(observed, family)
    steady = max(budget.target_accept, STEADY)
    longer = replace(budget, draws=LONGER * budget.draws, target_accept=steady)
    drawn = sampling.sample_time_varying(data, longer, seed)
    with phase("summarise"):
        free = answer.time_varying_parameters(drawn.z, data)
        kept = kept_draws(*drawn.z.shape[:2])
        found = answer.time_varying_estimands(drawn.z[:, kept], data, observed)
        series = answer.contribution_series(drawn.z, data)
        return as_fit(
            observed,
            found,
            seed,
            parameter_counts=parameter_counts(free, TIME_VARYING_ROLES),
            **_report(free, series, drawn, OPTIMAL, optimal=True),
        )


def fit_published(observed: xr.Dataset, family: dict[str, Any], budget: Budget, seed: int) -> Fit:
    """A world of a cell whose law has a density: the answer is Bayes-optimal."""
    with phase("import"):
        from mmm_benchmark.fitters.published_mmm import answer, model, sampling
    with phase("build"):
        data = model.prepare(observed, family)
    least = STEADY_GEOS if observed.sizes["geo"] > 1 else 0.0
    accept = max(budget.target_accept, least)
    twice = replace(budget, draws=TWICE * budget.draws, target_accept=accept)
    drawn = sampling.sample(data, twice, seed)
    with phase("summarise"):
        report = partial(_report, note=OPTIMAL, optimal=True)
        return answer.as_fit(observed, family, data, drawn, seed, report)


def fit_constant(observed: xr.Dataset, family: dict[str, Any], budget: Budget, seed: int) -> Fit:
    """Values are fixed, the prior is broad: the answer is well-specified."""
    with phase("import"):
        from mmm_benchmark.estimands import kept_draws
        from mmm_benchmark.fitters.common.labelled import as_fit
        from mmm_benchmark.fitters.oracle import answer, constant, sampling
    with phase("build"):
        plain = constant.design(observed, family)
        data = constant.prepare(observed, family, plain)
    for least in CAREFUL:
        careful = replace(budget, target_accept=max(budget.target_accept, least))
        drawn = sampling.sample_constant(data, careful, seed)
        if not drawn.diverging.any():
            break
    with phase("summarise"):
        free = answer.constant_parameters(drawn.z, data, plain, observed, seed)
        kept = kept_draws(*drawn.z.shape[:2])
        series = answer.contribution_series(drawn.z, data)
        few = {name: values[:, kept] for name, values in free.items()}
        found = answer.constant_estimands(drawn.z[:, kept], few, data, plain, observed)
        return as_fit(
            observed,
            found,
            seed,
            parameter_counts=parameter_counts(free, CONSTANT_ROLES),
            **_report(free, series, drawn, WELL_SPECIFIED, optimal=False),
        )


def _report(
    free: Draws, series: Array, drawn: Sample, note: str, *, optimal: bool
) -> dict[str, Any]:
    """Diagnostics, the checks a reference must meet, statistics of the sampler."""
    from mmm_benchmark.fitters.jax_inference.report import nuts_report

    found = nuts_report(free, series, drawn)
    found["checks"][REFERENCE_KIND] = optimal
    return {**found, "notes": (note,)}
