"""``meridian`` and ``meridian-aks`` on the command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.fit import PRIOR_SETS, Budget, Fit
from mmm_benchmark.fitters.common.report import one_of, silent_channel
from mmm_benchmark.phases import phase

if TYPE_CHECKING:
    import xarray as xr

MEDIA_EFFECTS = ("normal", "log_normal")
SLOPES = ("gamma", "one")


class Meridian:
    """Google's Meridian with the priors of the published comparison.

    Parameters
    ----------
    automatic_knots
        Let the library select the knots of the baseline; otherwise one every 26 weeks.
    priors
        ``"neutral"`` or ``"spend-share"``, see ``common.media_priors``.
    media_effects
        How a channel's effects spread over geos. ``"normal"``: around a mean with the stated
        log-normal prior. ``"log_normal"``: that prior is on the mean of the logarithm, so every
        effect at full saturation is above one standard deviation of sales.
    slope
        ``"gamma"``: the stated Gamma(2, 1) prior of the Hill slope, as far as the library can;
        ``"one"``: fixed at 1, the library's default and what the published code ran.
    """

    extra: ClassVar[str | None] = "meridian"
    version: ClassVar[str] = "1"

    def __init__(
        self,
        *,
        automatic_knots: bool = False,
        priors: str = "neutral",
        media_effects: str = "normal",
        slope: str = "gamma",
    ) -> None:
        self.automatic_knots = automatic_knots
        self.priors = priors
        self.media_effects = media_effects
        self.slope = slope

    @property
    def name(self) -> str:
        """The name on the command line."""
        return "meridian-aks" if self.automatic_knots else "meridian"

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords."""
        return dict(vars(self))

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline channels that never spend: the library divides by their median."""
        return silent_channel(observed)

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Build, sample, summarise; a refusal by the library's data checks is an error."""
        self._check_settings()
        with phase("import"):
            os.environ["MERIDIAN_BACKEND"] = "jax"
            from mmm_benchmark.fitters.meridian import answer, model, sampling
        with phase("build"):
            built = model.build(
                observed,
                priors=self.priors,
                automatic_knots=self.automatic_knots,
                media_effects=self.media_effects,
                slope=self.slope,
            )
        with phase("sample"):
            posterior, stats = sampling.sample(built, budget, seed)
        with phase("summarise"):
            return answer.summarise(observed, built, posterior, stats, seed)

    def _check_settings(self) -> None:
        one_of("priors", self.priors, PRIOR_SETS)
        one_of("media_effects", self.media_effects, MEDIA_EFFECTS)
        one_of("slope", self.slope, SLOPES)
