"""Amortised posterior draws from a trained diffusion model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.diffusion.told import told
from mmm_benchmark.phases import phase
from mmm_benchmark.priors.prior import prior_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from mmm_benchmark.diffusion.problem.observed import Observed
    from mmm_benchmark.diffusion.problem.state import State
    from mmm_benchmark.priors.beliefs import Stated

    type Draw = Callable[[int], State]
    type Mixed = tuple[State, dict[str, float], tuple[str, ...]]


TOTALS = ("published", "any")  # laws of what media sell in all, under a stated prior


class Diffusion:
    """The two-stage diffusion model with the physics inside.

    Parameters
    ----------
    sampler, steps
        ``"ddim"`` (deterministic), ``"ddpm"`` (stochastic) or ``"dpm"`` (second order), and how
        many network evaluations a draw takes.
    draws
        Posterior draws, independent of one another.
    project_every
        Project onto what is possible every so many steps.
    checkpoint
        Folder of another checkpoint; None takes the shipped one, or where ``prior`` is given the
        one that was trained to answer under a stated prior.
    weights
        Fingerprint of the weights to insist on; ``settings`` fills it in, so that another
        checkpoint is another fitter. None takes what is there.
    device
        ``"cpu"``, ``"cuda"``, ``"mps"``; None picks the fastest there is.
    beliefs
        What is known of channels beforehand, such as ``{"TV": {"roas": (2.0, 0.5)}}``, or the
        name of a set of beliefs (``mmm_benchmark.diffusion.inference.stated``).
    prior
        A named prior or what a JSON file of one holds (``mmm_benchmark.priors``), in place of the
        law of shares, carry-over and curves that the network was trained with.
    total
        Under a prior, which says nothing of the total of media: ``"published"`` holds it to the
        published law of their share of sales (:mod:`mmm_benchmark.diffusion.inference.total`),
        ``"any"`` takes what the priors of single channels imply. Without one it does not apply.
    """

    name = "diffusion"
    extra: ClassVar[str | None] = "diffusion"
    forecasts: ClassVar[bool] = True
    version: ClassVar[str] = "2"  # 2: time steps even in log signal-to-noise

    def __init__(
        self,
        *,
        sampler: str = "ddim",
        steps: int = 50,
        draws: int = 200,
        project_every: int = 10,
        checkpoint: str | None = None,
        weights: str | None = None,
        device: str | None = None,
        beliefs: Stated | str | None = None,
        prior: str | dict[str, Any] | None = None,
        total: str = "published",
    ) -> None:
        self.sampler = sampler
        self.steps = steps
        self.draws = draws
        self.project_every = project_every
        self.checkpoint = checkpoint
        self.weights = weights
        self.device = device
        self.beliefs = json.loads(json.dumps(beliefs))  # as settings will tell it
        self.prior = prior
        self.total = total

    def settings(self) -> dict[str, Any]:
        """What determines the answer: keywords less the device, and the weights' fingerprint."""
        from mmm_benchmark.diffusion.inference.limits import describe

        _, record = describe(self._folder)
        kept = {name: value for name, value in told(vars(self)).items() if name != "device"}
        return {**kept, "weights": self.weights or record.get("sha256")}

    @property
    def _folder(self) -> Path:
        from mmm_benchmark.diffusion.inference.limits import SHIPPED, SHIPPED_TOLD

        if self.checkpoint is not None:
            return Path(self.checkpoint)
        return SHIPPED if self.prior is None else SHIPPED_TOLD

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline what the model was not trained for."""
        from mmm_benchmark.diffusion.inference.limits import describe, reason_to_skip

        self._check_settings()
        config, _ = describe(self._folder)
        return reason_to_skip(observed, config)

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Draw from the amortised posterior, each draw on its own: ``budget`` does not apply."""
        with phase("import"):
            from mmm_benchmark.diffusion.inference import (
                answer,
                checkpoint,
                limits,
                prior,
                stated,
                total,
            )
            from mmm_benchmark.diffusion.inference import sample as inference
            from mmm_benchmark.diffusion.problem import beliefs
            from mmm_benchmark.diffusion.problem.schedule import cosine_schedule
            from mmm_benchmark.fitters.diffusion.forecast import forecast_of
            from mmm_benchmark.fitters.diffusion.prior_draws import prior_of_roas
            from mmm_benchmark.metrics.judged import judged
        with phase("build"):
            self._check_settings()
            device = checkpoint.pick_device(self.device)
            network, config, record = checkpoint.load(self._folder, device)
            if self.weights not in (None, record.get("sha256")):
                raise UserError(
                    f"diffusion: weights = {self.weights!r}, "
                    f"but the checkpoint's fingerprint is {record.get('sha256')!r}"
                )
            schedule = cosine_schedule(config.diffusion_steps, config.cosine_offset)
            scaled, order = answer.read(observed)
            outside = limits.outside_prior(observed, record)
            notes: tuple[str, ...] = ()
            if self.prior is not None or self.beliefs is not None:
                beliefs.check_heeds(config.network)
            if self.prior is not None:
                scaled = prior.heed_prior(prior_of(self.prior), observed, scaled)
            if self.beliefs is not None:
                scaled = stated.heed(self.beliefs, observed, scaled)
            whole = scaled
            if self.prior is not None or isinstance(self.beliefs, str):
                scaled, cut = beliefs.within_training(scaled, config.network.priors)
                notes = (*notes, *self._left_out(cut, config.network.priors))
        with phase("sample"):
            plan = inference.Plan(
                inference.sampler_name(self.sampler), self.steps, self.project_every
            )

            unsaid = self._total_unsaid and config.network.priors
            notes = (*notes, total.HELD) if unsaid else notes
            effective: dict[str, float] = {}

            def of_network(draws: int) -> State:
                many = draws * total.MORE if unsaid else draws
                found = inference.sample(network, schedule, scaled.to(device), many, plan, seed)
                if not unsaid:
                    return found.to("cpu")
                kept, effective["total_ess"] = total.heeded(found.to("cpu"), scaled, draws, seed)
                return kept

            state, figures, said = self._drawn(of_network, whole, seed)
        with phase("summarise"):
            found = answer.to_fit(
                observed,
                scaled,
                order,
                state,
                seed,
                parameter_counts=answer.counts(scaled),
                diagnostics={"network_evaluations": float(self.steps), **effective, **figures},
                notes=(*outside, *notes, *said),
                forecast=forecast_of(observed, scaled, state, seed),
                prior=prior_of_roas(observed, scaled, order, seed, unsaid_total=unsaid),
            )
            return judged(found, observed, outside)

    def _drawn(self, of_network: Draw, whole: Observed, seed: int) -> Mixed:
        """Draws, what is known of them, and notes; ``whole`` is what was told before any cut."""
        return of_network(self.draws), {}, ()

    @property
    def _total_unsaid(self) -> bool:
        """Whether the stated prior leaves the total to us; ``published`` has its own law of it."""
        stated = self.prior is not None and prior_of(self.prior).curve != "published"
        return stated and self.total == "published"

    def _left_out(self, cut: int, quantiles: bool) -> tuple[str, ...]:
        """What the network could not be told of a prior, or of curves in place of its own."""
        from mmm_benchmark.diffusion.inference.prior import left_out

        if self.prior is not None:
            return left_out(prior_of(self.prior), cut, quantiles)
        told_in_part = f"beliefs '{self.beliefs}': {cut} laws cut to what the network knows"
        return (f"{told_in_part}; check with wiener",) if cut else ()

    def _check_settings(self) -> None:
        from mmm_benchmark.diffusion.inference.limits import check_draws

        if self.total not in TOTALS:
            raise UserError(f"diffusion: total = {self.total!r}; allowed: {', '.join(TOTALS)}")
        if not 1 <= self.steps <= 500:
            raise UserError(f"diffusion: steps = {self.steps}; allowed: 1 to 500")
        check_draws("diffusion", self.draws)
        if self.project_every < 1:
            raise UserError(f"diffusion: project_every = {self.project_every}; must be at least 1")
