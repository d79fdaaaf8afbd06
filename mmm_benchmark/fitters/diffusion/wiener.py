"""The physics without the network: a linear-Gaussian posterior, relinearised for each draw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.diffusion.told import told
from mmm_benchmark.phases import phase
from mmm_benchmark.priors.prior import prior_of

if TYPE_CHECKING:
    import xarray as xr

    from mmm_benchmark.priors.beliefs import Stated


class Wiener:
    """Gaussian paths, transforms, baseline and controls, smoothed given sales; nothing is trained.

    Parameters
    ----------
    draws
        Posterior draws, independent of one another.
    beliefs
        What is known of channels beforehand, as ``diffusion`` takes it.
    prior
        A named prior or what a JSON file of one holds (``mmm_benchmark.priors``), in place of the
        model's own law of shares, carry-over and curves.
    """

    name = "wiener"
    extra: ClassVar[str | None] = "diffusion"
    forecasts: ClassVar[bool] = True
    version: ClassVar[str] = "1"

    def __init__(
        self,
        *,
        draws: int = 200,
        beliefs: Stated | str | None = None,
        prior: str | dict[str, Any] | None = None,
    ) -> None:
        self.draws = draws
        self.beliefs = json.loads(json.dumps(beliefs))  # as settings will tell it
        self.prior = prior

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords; a prior that is not stated leaves the key as it was."""
        return told(vars(self))

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline what the model cannot scale or tell apart."""
        from mmm_benchmark.diffusion.config import DiffusionConfig
        from mmm_benchmark.diffusion.inference.limits import reason_to_skip

        return reason_to_skip(observed, DiffusionConfig())

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Draw from the linearised posterior; ``budget`` does not apply."""
        with phase("import"):
            from mmm_benchmark.diffusion.inference import answer, limits, prior, stated
            from mmm_benchmark.diffusion.physics import posterior, volume
            from mmm_benchmark.fitters.diffusion.forecast import forecast_of
            from mmm_benchmark.metrics.judged import judged
        with phase("build"):
            limits.check_draws("wiener", self.draws)
            scaled, order = answer.read(observed)
            notes: tuple[str, ...] = ()
            if self.prior is not None:
                scaled = prior.heed_prior(prior_of(self.prior), observed, scaled)
                notes = prior.left_out(prior_of(self.prior))
            if self.beliefs is not None:
                scaled = stated.heed(self.beliefs, observed, scaled)
        with phase("sample"):
            grid = posterior.solved_grid(scaled)
            state = posterior.posterior_draws(scaled, self.draws, seed, grid)
            gain = volume.evidence_gain(scaled, grid)
        trusted = gain <= volume.MOST_GAIN
        with phase("summarise"):
            found = answer.to_fit(
                observed,
                scaled,
                order,
                state,
                seed,
                diagnostics={"evidence_gain": gain},
                parameter_counts=answer.counts(scaled),
                checks={"solves_hold_the_mass": trusted},
                notes=notes,
                forecast=forecast_of(observed, scaled, state, seed),
            )
            refused = "" if trusted else volume.DO_NOT_USE.format(gain=gain)
            return judged(found, observed, refused=refused)
