"""Posterior draws from a trained denoiser, and what they mean in currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor

from mmm_benchmark.diffusion.inference import samplers
from mmm_benchmark.diffusion.inference.projection import project
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.diffusion.physics.geos import geo_deviations
from mmm_benchmark.diffusion.physics.response import adstock, hill, response
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.schedule import Schedule
from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    CONTROL_SCALE,
    State,
    log_share,
    natural_hyper,
    natural_shape,
)
from mmm_benchmark.errors import UserError
from mmm_benchmark.shapes.torch import (
    PerWorld,
    WorldChannel,
    WorldGeoDate,
    WorldGeoDateChannel,
    WorldGeoDateControl,
    WorldState,
)

CHUNK = 64  # draws denoised at once: keeps memory flat


@dataclass(frozen=True)
class Plan:
    """How to sample: which sampler, how many network evaluations, projection every so many."""

    sampler: samplers.SamplerName = "ddim"
    steps: int = 50
    project_every: int = 10


def sampler_name(name: str) -> samplers.SamplerName:
    """Check a sampler's name."""
    known = get_args(samplers.SamplerName)
    if name not in known:
        raise UserError(f"diffusion: sampler = {name!r}; allowed: {', '.join(known)}")
    return name  # type: ignore[return-value]


def run_sampler(
    plan: Plan,
    denoise: samplers.Denoise,
    x: WorldState,
    schedule: Schedule,
    generator: torch.Generator,
) -> WorldState:
    """Walk ``x`` from noise to a draw by the plan's sampler."""
    if plan.sampler == "ddpm":
        times = samplers.grid(schedule.steps, plan.steps)
        return samplers.ddpm(denoise, x, schedule, times, generator)
    times = samplers.signal_grid(schedule, plan.steps)
    walk = {"ddim": samplers.ddim, "dpm": samplers.dpm}[plan.sampler]
    return walk(denoise, x, schedule, times)


def sample(
    network: Denoiser, schedule: Schedule, observed: Observed, draws: int, plan: Plan, seed: int
) -> State:
    """Draw ``draws`` states for each world of the batch: leading axis worlds x draws.

    The sales enter through the denoiser alone, so they count once.
    """
    device = observed.sales.device
    size = observed.sizes
    worlds = torch.arange(len(observed.sales), device=device).repeat_interleave(draws)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(worlds), size.total, generator=generator).to(device)
    out = [
        _walk(network, schedule, observed.take(index), x, plan, generator)
        for index, x in zip(worlds.split(CHUNK), noise.split(CHUNK), strict=True)
    ]
    return size.unflatten(torch.cat(out))


def _walk(
    network: Denoiser,
    schedule: Schedule,
    observed: Observed,
    x: Tensor,
    plan: Plan,
    generator: torch.Generator,
) -> Tensor:
    size = observed.sizes
    calls = 0

    def denoise(x: Tensor, t: int) -> Tensor:
        nonlocal calls
        calls += 1
        when = torch.full((len(x),), t)
        alpha, sigma = (v.to(x.device) for v in schedule.at(when))
        with torch.no_grad():
            state = network(size.unflatten(x), alpha, sigma, observed).state
        if calls % plan.project_every == 0 or calls == plan.steps:
            state = project(state, observed.channels, observed.active)
        return state.flat()

    return run_sampler(plan, denoise, x, schedule, generator)


@dataclass(frozen=True)
class Decoded:
    """Draws in units of each geo's mean sales; leading axis worlds x draws."""

    contribution: WorldGeoDateChannel
    baseline: WorldGeoDate
    control_contribution: WorldGeoDateControl
    coefficient: WorldGeoDateChannel  # at full saturation
    decay: WorldChannel
    half_saturation: WorldChannel  # multiples of mean spend while active
    slope: WorldChannel
    noise: PerWorld

    @property
    def expected(self) -> WorldGeoDate:
        """(B, G, T) expected sales: the sum of the parts."""
        return self.contribution.sum(-1) + self.baseline + self.control_contribution.sum(-1)


def decode(state: State, observed: Observed, generator: torch.Generator) -> Decoded:
    """Paths and parameters to contributions; ``observed`` has one world for each state.

    With several geos, how far each strays from the common shares and baseline is drawn from its
    exact Gaussian conditional given the state.
    """
    relative, _, mean = response(observed, state.shape)
    share = log_share(state.path, state.level, observed.channels).exp()
    share = (share * observed.active[..., None]).mT[:, None]  # (B, 1, T, C)
    baseline = (BASE_MEAN + BASE_SCALE * state.base)[:, None].expand_as(observed.sales)
    effect = CONTROL_SCALE * state.control
    control = observed.controls * effect[:, None, None]
    noise, _ = natural_hyper(state.hyper)
    if observed.sales.shape[1] > 1:
        residual = observed.sales - (share * relative).sum(-1) - baseline - control.sum(-1)
        share_shift, base_shift = geo_deviations(
            residual, share * relative, noise, observed.wanders, generator
        )
        share, baseline = share * share_shift.exp()[:, :, None], baseline + base_shift
    shape = natural_shape(state.shape)
    return Decoded(
        contribution=share * relative,
        baseline=baseline,
        control_contribution=control,
        coefficient=share / mean[:, :, None],
        decay=torch.sigmoid(shape[..., 0]),
        half_saturation=shape[..., 1].exp(),
        slope=shape[..., 2].exp(),
        noise=noise,
    )


def contribution_at(
    state: State, decoded: Decoded, observed: Observed, multiplier: float
) -> WorldGeoDateChannel:
    """Contributions (B, G, T, C) if every channel's spend path were multiplied."""
    return decoded.coefficient * saturation(state, observed, multiplier)


def saturation(state: State, observed: Observed, multiplier: float = 1.0) -> WorldGeoDateChannel:
    """Media response (B, G, T, C) to a multiple of the spend, 1 at full saturation."""
    logit_decay, log_half, log_slope = natural_shape(state.shape).unbind(-1)
    stock, _ = adstock(observed.lagged, logit_decay)
    s, _ = hill(multiplier * stock, log_half, log_slope)
    live = (multiplier * stock > 0) & observed.active[:, None, None]
    return s * live
