"""What a fitter is, what it is given and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

if TYPE_CHECKING:
    import xarray as xr

#: The sets of priors that a Bayesian baseline may be asked for (docs/fairness.md).
PRIOR_SETS: Final = ("neutral", "spend-share")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much work a fit may do. Fitters use what applies to them and ignore the rest.

    Every field here determines the answer, so every field is part of a job's key.
    """

    chains: int = 4
    draws: int = 1000  # kept draws per chain
    tune: int = 1000  # adaptation steps per chain
    target_accept: float = 0.9


@dataclass(kw_only=True)
class Fit:
    """The answer of one fitter on one dataset, in the estimands of ``mmm_benchmark.schema``.

    Attributes
    ----------
    posterior
        Variables of ``schema.POSTERIOR`` (and any of ``OPTIONAL_POSTERIOR``), at most 500 draws.
        A point estimate is a posterior with one chain of one draw.
    posterior_predictive
        ``sales(chain, draw, geo, date)`` with observation noise, or None for a point estimate.
    forecast
        ``sales(chain, draw, geo, future_date)`` of the weeks that ``observed`` holds as
        ``schema.FUTURE``, noise included where the fit has any; None where none are asked for.
        A fitter that fills it says so by a class attribute ``forecasts = True``.
    prior
        ``roas(chain, draw, channel)`` drawn from the fit's own prior, before any sales are seen,
        or None: then nobody can tell whether the data spoke or the prior.
    sample_stats
        Per-draw sampler statistics, thinned like the posterior, or None.
    diagnostics
        Numbers computed on the full sample before thinning, for example ``r_hat`` (largest),
        ``ess_bulk`` and ``ess_tail`` (smallest), all over free parameters, and ``divergences``.
    parameter_counts
        Free parameters by role: adstock, saturation, effects, controls, baseline, time, noise.
    checks
        Conditions the fit met or failed, for example ``{"r_hat_below_1_01": True}``.
    notes
        Sentences a reader of the tables must know, for example a prior the library did not allow.
    """

    posterior: xr.Dataset
    posterior_predictive: xr.Dataset | None = None
    forecast: xr.Dataset | None = None
    prior: xr.Dataset | None = None
    sample_stats: xr.Dataset | None = None
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    parameter_counts: Mapping[str, int] = field(default_factory=dict)
    checks: Mapping[str, bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@runtime_checkable
class Fitter(Protocol):
    """A fitter: the constructor only stores keyword settings; all work happens in ``fit``.

    ``observed`` is an ``xarray.Dataset`` that satisfies ``schema.OBSERVED``; truth is never in it.
    """

    name: str
    extra: ClassVar[str | None]
    version: ClassVar[str]  # raise it when the answer changes: it is part of the job's key

    def skip(self, observed: xr.Dataset) -> str | None:
        """Say why this dataset cannot be fitted, or None when it can."""
        ...

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Fit the dataset; the same arguments give the same answer."""
        ...

    def settings(self) -> dict[str, Any]:
        """The keyword settings that, with ``version``, determine the answer (JSON types)."""
        ...
