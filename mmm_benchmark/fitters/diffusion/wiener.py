"""The physics without the network: a linear-Gaussian posterior, relinearised for each draw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.diffusion.told import told
from mmm_benchmark.phases import phase
from mmm_benchmark.priors.prior import prior_of

if TYPE_CHECKING:
    import xarray as xr

    from mmm_benchmark.diffusion.physics.volume import Climbed
    from mmm_benchmark.diffusion.problem.observed import Observed
    from mmm_benchmark.diffusion.problem.state import State
    from mmm_benchmark.priors.beliefs import Stated

#: Draws proposed at a time, rounds of adaptation, and effective draws asked of the weights.
ROUND, ROUNDS, LEAST_ESS = 600, 10, 200
#: Weights have no mean above the first, and hang on a few draws below the second.
USELESS_K, USELESS_ESS = 1.0, 20.0


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
    version: ClassVar[str] = "2"  # 2: moving paths integrated out where solves leave the mass

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
            from mmm_benchmark.fitters.diffusion.forecast import forecast_of
            from mmm_benchmark.fitters.diffusion.prior_draws import prior_of_roas
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
            drawn = solved(scaled, self.draws, seed)
        with phase("summarise"):
            found = answer.to_fit(
                observed,
                scaled,
                order,
                drawn.state,
                seed,
                diagnostics=drawn.diagnostics,
                parameter_counts=answer.counts(scaled),
                checks={"solves_hold_the_mass": not drawn.refused},
                notes=(*notes, *drawn.notes),
                forecast=forecast_of(observed, scaled, drawn.state, seed),
                prior=prior_of_roas(observed, scaled, order, seed),
            )
            return judged(found, observed, refused=drawn.refused, doubt=drawn.doubt)


class Drawn(NamedTuple):
    """Draws of the state, and what is known of how they came about."""

    state: State
    diagnostics: dict[str, float]
    notes: tuple[str, ...]
    refused: str  # why not to use them; empty where nothing speaks against it
    doubt: str = ""  # why to check them


def solved(scaled: Observed, draws: int, seed: int) -> Drawn:
    """Perturbed solves; where these leave the mass of the posterior, weights with paths out."""
    from mmm_benchmark.diffusion.physics import posterior, still, volume
    from mmm_benchmark.diffusion.problem.structure import known_calm, known_to_stay

    if known_to_stay(scaled):  # no paths, so nothing that a joint mode could leave out
        draw = still.posterior_draws if known_calm(scaled) else posterior.posterior_draws
        return Drawn(draw(scaled, draws, seed), {}, (), "")
    grid = posterior.solved_grid(scaled)
    climbed = volume.climb(scaled)
    gain = volume.evidence_gain(climbed, grid)
    rows = climbed.system.r.shape[1]
    if gain > volume.MOST_GAIN and rows <= volume.MOST_ROWS:
        return weighed(scaled, draws, seed, climbed, gain)
    state = posterior.posterior_draws(scaled, draws, seed, grid)
    refused = volume.TOO_LARGE.format(gain=gain) if gain > volume.FAR_GAIN else ""
    return Drawn(state, {"evidence_gain": gain}, (), refused)


def weighed(scaled: Observed, draws: int, seed: int, climbed: Climbed, gain: float) -> Drawn:
    """Levels, curves, noise and volatility by weights, paths given them."""
    import numpy as np

    from mmm_benchmark.diffusion.physics import marginal, volume
    from mmm_benchmark.fitters.common import importance

    rng = np.random.default_rng(seed)
    found = importance.sample(
        marginal.log_density(scaled, climbed),
        importance.from_modes(*marginal.start(scaled, climbed)),
        rng,
        ROUND,
        ROUNDS,
        LEAST_ESS,
        importance.bent,
    )
    flat = importance.flattened(np.exp(found.log_weight), LEAST_ESS / 2)
    spread_out = found._replace(log_weight=np.log(np.maximum(flat, 1e-300)))
    state = marginal.draws(scaled, spread_out.resampled(rng, draws), seed)
    figures = {"evidence_gain": gain, "k_hat": min(found.k_hat, 99.0), "weights_ess": found.ess}
    told = {"gain": gain, "k": found.k_hat, "ess": found.ess}
    if found.k_hat > USELESS_K or found.ess < USELESS_ESS:
        return Drawn(state, figures, (), volume.DO_NOT_USE.format(**told))
    sound = found.k_hat <= importance.LARGEST_K and found.ess >= LEAST_ESS / 2
    doubt = "" if sound else volume.IN_DOUBT.format(**told)
    return Drawn(state, figures, (volume.PATHS_OUT.format(**told),), "", doubt)
