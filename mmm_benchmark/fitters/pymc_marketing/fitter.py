"""``pymc``, ``nutpie``, ``numpyro``, ``blackjax`` and ``nutpie-tv`` on the command line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.fit import PRIOR_SETS, Budget, Fit
from mmm_benchmark.fitters.common.report import nothing_to_scale, one_of
from mmm_benchmark.phases import phase

if TYPE_CHECKING:
    import xarray as xr
    from pymc_marketing.mmm import MMM

COMPILE_NOTE = {
    "numpyro": "JAX compiles inside the phase 'sample'",
    "blackjax": "JAX compiles inside the phase 'sample'",
    "pymc": "the phase 'compile' ends when the first draw arrives",
}
SAMPLERS = ("pymc", "nutpie", "numpyro", "blackjax")


class _Row(ABC):
    """What all rows share: what they decline, and the road from data to answer."""

    extra: ClassVar[str | None] = "pymc"
    sampler: str
    experiments: Sequence[Mapping[str, Any]] | None

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords; what nobody told is no setting."""
        untold = {"experiments"} if self.experiments is None else set()
        return {name: value for name, value in vars(self).items() if name not in untold}

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline channels that never spend and geos without sales: no scale to divide by."""
        return nothing_to_scale(observed)

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Build, sample, summarise; a new model instance for every fit."""
        one_of("sampler", self.sampler, SAMPLERS)
        one_of("priors", getattr(self, "priors", PRIOR_SETS[0]), PRIOR_SETS)
        with phase("import"):
            from mmm_benchmark.fitters.pymc_marketing import devices

            devices.prepare(self.sampler, budget.chains)
            from mmm_benchmark.fitters.pymc_marketing import answer, model, sampling
        with phase("build"):
            mmm = self.build(observed)
            if self.experiments is not None:
                model.calibrate(mmm, self.experiments)
            frozen = model.sampling_model(mmm)
        free, stats = sampling.sample(frozen, self.sampler, budget, seed)
        with phase("summarise"):
            notes = tuple(filter(None, (COMPILE_NOTE.get(self.sampler), self.note())))
            fit = answer.summarise(observed, mmm, frozen, free, stats, seed, notes)
            fit.prior = self.prior_of_roas(observed, seed)
            return fit

    @abstractmethod
    def build(self, observed: xr.Dataset) -> MMM:
        """The library's model of this row, on these data."""

    def note(self) -> str | None:
        """What a reader of the tables must know of this row."""
        return None

    def prior_of_roas(self, observed: xr.Dataset, seed: int) -> xr.Dataset | None:
        """Draws of ROAS under the row's own prior, or None where nobody can say."""
        return None


class PyMCMarketing(_Row):
    """PyMC-Marketing's multidimensional MMM, as published in the comparison with Meridian.

    Parameters
    ----------
    sampler
        ``"pymc"``, ``"nutpie"``, ``"numpyro"`` or ``"blackjax"``.
    priors
        ``"neutral"`` or ``"spend-share"``, see ``common.media_priors``.
    time_varying
        Whether media effects move over time (a path per channel, shared by geos).
    experiments
        Lift tests (``plan.experiments.experiments_on``), told to the library as it asks for them.
    """

    version: ClassVar[str] = "1"

    def __init__(
        self,
        *,
        sampler: str = "nutpie",
        priors: str = "neutral",
        time_varying: bool = False,
        experiments: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        self.sampler = sampler
        self.experiments = experiments
        self.priors = priors
        self.time_varying = time_varying

    @property
    def forecasts(self) -> bool:
        """Whether weeks to come can be forecast: where media effects do not move."""
        return not self.time_varying

    @property
    def name(self) -> str:
        """The name on the command line."""
        return f"{self.sampler}-tv" if self.time_varying else self.sampler

    def build(self, observed: xr.Dataset) -> MMM:
        """The stated model."""
        from mmm_benchmark.fitters.pymc_marketing import model

        return model.build(observed, priors=self.priors, time_varying=self.time_varying)

    def prior_of_roas(self, observed: xr.Dataset, seed: int) -> xr.Dataset | None:
        """What the stated priors say, where effects do not move."""
        from mmm_benchmark.fitters.common import stated_prior

        if self.time_varying:
            return None
        return stated_prior.prior_of_roas(observed, self.priors, seed)


class _Unstated(_Row):
    """Rows that take no priors of ours: a sampler, and experiments to be told."""

    version: ClassVar[str] = "1"
    forecasts: ClassVar[bool] = True

    def __init__(
        self,
        *,
        sampler: str = "nutpie",
        experiments: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        self.sampler = sampler
        self.experiments = experiments


class PyMCMarketingDefault(_Unstated):
    """The model of the library's quickstart: every prior is the installed library's."""

    @property
    def name(self) -> str:
        """The name on the command line."""
        return f"{self.sampler}-default"

    def build(self, observed: xr.Dataset) -> MMM:
        """The library's defaults, read now."""
        from mmm_benchmark.fitters.pymc_marketing import model

        return model.default(observed)

    def note(self) -> str | None:
        """The version whose defaults were read."""
        from importlib.metadata import version

        return f"the defaults of pymc-marketing {version('pymc-marketing')}"


class PyMCMarketingMatched(_Unstated):
    """PyMC-Marketing told the same as ``meridian-matched``: season, carry-over, curve, priors."""

    @property
    def name(self) -> str:
        """The name on the command line."""
        return f"{self.sampler}-matched"

    def build(self, observed: xr.Dataset) -> MMM:
        """The matched model."""
        from mmm_benchmark.fitters.pymc_marketing import model

        return model.matched(observed)
