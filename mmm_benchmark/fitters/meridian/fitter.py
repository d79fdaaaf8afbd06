"""The ``meridian`` rows on the command line: the stated model and the three ways."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.fit import PRIOR_SETS, Budget, Fit
from mmm_benchmark.fitters.common.forecast import asked
from mmm_benchmark.fitters.common.report import one_of, silent_channel
from mmm_benchmark.phases import phase

if TYPE_CHECKING:
    import xarray as xr
    from meridian.model.model import Meridian as Model

#: Lift tests, as ``plan.experiments.experiments_on`` gives them.
type Experiments = Sequence[Mapping[str, Any]]

CHOICES = {
    "priors": PRIOR_SETS,
    "media_effects": ("normal", "log_normal"),
    "half_saturation": ("library", "beta"),
    "slope": ("library", "gamma"),
    "edition": ("first", "follow-up"),
}


class _Row(ABC):
    """What all rows share: what they decline, and the road from data to answer."""

    name: ClassVar[str]
    extra: ClassVar[str | None] = "meridian"
    forecasts: ClassVar[bool] = True
    experiments: Experiments | None = None

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords; what nobody told is no setting."""
        untold = {"experiments"} if self.experiments is None else set()
        return {name: value for name, value in vars(self).items() if name not in untold}

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline channels that never spend: the library divides by their median."""
        return silent_channel(observed)

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Build, sample, summarise; a refusal by the library's data checks is an error."""
        for setting, allowed in CHOICES.items():
            one_of(setting, getattr(self, setting, allowed[0]), allowed)
        with phase("import"):
            os.environ["MERIDIAN_BACKEND"] = "jax"
            from mmm_benchmark import estimands
            from mmm_benchmark.fitters.meridian import (
                answer,
                calibration,
                forecast,
                prior_draws,
                sampling,
            )
        with phase("build"):
            built = self.build(observed)
        with phase("sample"):
            posterior, stats = sampling.sample(built, budget, seed)
        with phase("summarise"):
            found = answer.summarise(observed, built, posterior, stats, seed)
            found.prior = prior_draws.prior_of_roas(observed, built, seed)
            if asked(observed):
                kept = estimands.kept_draws(posterior.sizes["chain"], posterior.sizes["draw"])
                thin = posterior.isel(draw=kept)
                found.forecast = forecast.forecast_of(observed, built, thin, found.posterior, seed)
            if self.experiments is not None:
                refused = calibration.refusals(built.input_data, self.experiments)
                found.notes = (*found.notes, *refused)
            return found

    @abstractmethod
    def build(self, observed: xr.Dataset) -> Model:
        """The library's model of this row, on these data."""


class Meridian(_Row):
    """Google's Meridian with priors on effects, as the counterpart of the stated PyMC model.

    Parameters
    ----------
    automatic_knots
        Let the library select the knots of the baseline.
    knot_every
        Otherwise one every so many weeks, and at the end.
    priors
        ``"neutral"`` or ``"spend-share"``, see ``media_priors.media_prior_scale``.
    media_effects
        How a channel's effects spread over geos. ``"normal"``: around a mean with the stated
        log-normal prior. ``"log_normal"``: that prior is on the mean of the logarithm, so every
        effect at full saturation is above one standard deviation of sales.
    half_saturation
        ``"library"``: the library's default prior; ``"beta"``: Beta(2, 2).
    slope
        ``"library"``: its default, fixed at 1; ``"gamma"``: Gamma(2, 1), as far as it can.
    season_modes
        Yearly Fourier modes handed over as controls.
    experiments
        Lift tests: priors on ROI that the library makes of them take the place of those on effects.
    """

    version: ClassVar[str] = "2"

    def __init__(
        self,
        *,
        automatic_knots: bool = False,
        knot_every: int = 8,
        priors: str = "neutral",
        media_effects: str = "normal",
        half_saturation: str = "library",
        slope: str = "library",
        season_modes: int = 0,
        experiments: Experiments | None = None,
    ) -> None:
        self.automatic_knots = automatic_knots
        self.knot_every = knot_every
        self.priors = priors
        self.media_effects = media_effects
        self.half_saturation = half_saturation
        self.slope = slope
        self.season_modes = season_modes
        self.experiments = experiments

    @property
    def name(self) -> str:  # type: ignore[override]
        """The name on the command line."""
        return "meridian-aks" if self.automatic_knots else "meridian"

    def build(self, observed: xr.Dataset) -> Model:
        """The stated model."""
        from mmm_benchmark.fitters.meridian import model

        return model.stated(observed, **self.settings())


class MeridianDefault(_Row):
    """Meridian as its getting-started guide runs it: every prior is the installed library's.

    Parameters
    ----------
    experiments
        Lift tests: priors on ROI that the library makes of them take the place of its own.
    """

    name: ClassVar[str] = "meridian-default"
    version: ClassVar[str] = "1"

    def __init__(self, *, experiments: Experiments | None = None) -> None:
        self.experiments = experiments

    def build(self, observed: xr.Dataset) -> Model:
        """The library's defaults, read now, and its own knots."""
        from mmm_benchmark.fitters.meridian import model

        return model.default(observed, self.experiments)


class MeridianMatched(_Row):
    """Meridian told the same as ``nutpie-matched``: season, carry-over, curve and priors.

    Parameters
    ----------
    experiments
        Lift tests: priors on ROI that the library makes of them take the place of those on effects.
    """

    name: ClassVar[str] = "meridian-matched"
    version: ClassVar[str] = "1"

    def __init__(self, *, experiments: Experiments | None = None) -> None:
        self.experiments = experiments

    def build(self, observed: xr.Dataset) -> Model:
        """The matched model."""
        from mmm_benchmark.fitters.meridian import model

        return model.matched(observed, self.experiments)


class MeridianPublished(_Row):
    """Meridian as the code of the public comparison ran it; historical.

    Parameters
    ----------
    edition
        ``"first"`` (commit 8a8468f of mmm-param-recovery) or ``"follow-up"`` (44bd70b).
    """

    name: ClassVar[str] = "meridian-published"
    version: ClassVar[str] = "1"

    def __init__(self, *, edition: str = "first") -> None:
        self.edition = edition

    def build(self, observed: xr.Dataset) -> Model:
        """The published model."""
        from mmm_benchmark.fitters.meridian import model

        return model.published(observed, edition=self.edition)
