"""``meridian`` and ``meridian-aks`` on the command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import PRIOR_SETS, Budget, Fit
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
        ``"neutral"`` or ``"spend-share"``, see ``prior_scale.media_prior_scale``.
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
        spend = observed["spend"].sum(("geo", "date"))
        silent = [str(name) for name in observed["channel"].values if spend.sel(channel=name) <= 0]
        return f"channel '{silent[0]}' never spends; leave it out" if silent else None

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Build, sample, summarise; a refusal by the library's data checks is an error."""
        self._check_settings()
        with phase("import"):
            os.environ["MERIDIAN_BACKEND"] = "jax"
            from mmm_benchmark.fitters.meridian import answer as summary
            from mmm_benchmark.fitters.meridian import model, sampling
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
            return summary.summarise(observed, built, posterior, stats, seed)

    def _check_settings(self) -> None:
        if self.priors not in PRIOR_SETS:
            raise UserError(f"priors = {self.priors!r}; allowed: {', '.join(PRIOR_SETS)}")
        if self.media_effects not in MEDIA_EFFECTS:
            raise UserError(
                f"media_effects = {self.media_effects!r}; allowed: {', '.join(MEDIA_EFFECTS)}"
            )
        if self.slope not in SLOPES:
            raise UserError(f"slope = {self.slope!r}; allowed: {', '.join(SLOPES)}")
