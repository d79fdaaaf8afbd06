"""What the denoiser reads: of a world, its weeks, its controls, its channels and their weeks.

Each function answers with one column a feature; :func:`widths` counts them, so that a feature is
added in one place. Everything is of the order of one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from mmm_benchmark.diffusion.physics.response import response
from mmm_benchmark.diffusion.physics.wiener import Posterior
from mmm_benchmark.diffusion.problem.observed import Observed, scale_observed
from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    MEDIA_MEAN,
    State,
    log_share,
)
from mmm_benchmark.shapes.torch import (
    PerWorld,
    WorldChannelDate,
    WorldChannelFeature,
    WorldChannelFeatureDate,
    WorldControlFeature,
    WorldDate,
    WorldDateChannelLag,
    WorldFeature,
    WorldFeatureDate,
)
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR

TYPICAL_WEEKS = 104
TYPICAL_CONTROLS = 5
TYPICAL_LOG_CHANNELS = 1.5
CARRIED = 4  # weeks whose mean spend stands for what is carried over


@dataclass(frozen=True)
class Given:
    """All that a denoising step knows: the noisy state, its noise, the data, the Wiener solve."""

    noisy: State
    sigma: PerWorld
    observed: Observed
    wiener: Posterior

    @property
    def media(self) -> WorldDate:
        """(B, T) total media of the Wiener solve, averaged over geos, in mean sales."""
        return self.wiener.fitted.sum(-1).mean(1)

    @cached_property
    def lagged(self) -> WorldDateChannelLag:
        """(B, T, C, LAGS) spend at each lag, averaged over geos."""
        return self.observed.lagged.mean(1)

    @property
    def spend(self) -> WorldChannelDate:
        """(B, C, T) spend of the week, averaged over geos."""
        return self.lagged[..., 0].mT

    @cached_property
    def pull(self) -> WorldChannelDate:
        """(B, C, T) how sales ask each channel's week to move: the residual times its effect."""
        return torch.einsum("bgtc,bgt->bct", self.wiener.fitted, self.wiener.weight) * 0.1


def of_world(given: Given) -> WorldFeature:
    """(B, n) features of a world."""
    noisy, sigma, observed, wiener = given.noisy, given.sigma, given.observed, given.wiener
    b, g, t, k = observed.controls.shape
    size = [math.log(g), math.log(t / TYPICAL_WEEKS), k / TYPICAL_CONTROLS]
    weight = wiener.weight
    residual_lag = (weight[..., 1:] * weight[..., :-1]).mean((1, 2))
    energy = weight.square().mean((1, 2)).clamp(min=1e-6)
    jumps = observed.sales.diff(dim=-1).square().mean((1, 2)).clamp(min=1e-6).sqrt()
    steps = wiener.mean.path.diff(dim=-1).square().mean(2) * observed.active
    path_rms = (steps.sum(1) / observed.channels).clamp(min=1e-8).sqrt()
    sales_sd = observed.sales.std(-1).mean(-1)
    figures = [
        sigma,
        wiener.misfit.clamp(max=50).log1p(),
        energy.log(),
        residual_lag / energy,
        jumps.log(),
        path_rms.log() / 3,
        sales_sd.clamp(min=1e-4).log(),
    ]
    return torch.cat(
        [
            noisy.hyper,
            wiener.mean.hyper,
            torch.stack(figures, -1),
            sigma.new_tensor(size).expand(b, len(size)),
            observed.channels.log()[:, None] - TYPICAL_LOG_CHANNELS,
        ],
        -1,
    )


def of_weeks(given: Given) -> WorldFeatureDate:
    """(B, n, T) features of a week, all channels together."""
    observed, wiener = given.observed, given.wiener
    sales, media = observed.sales.mean(1), given.media
    return torch.stack(
        [
            given.noisy.base,
            wiener.mean.base,
            (sales - 1) / BASE_SCALE,
            wiener.weight.mean(1) * 0.03,
            (media - MEDIA_MEAN) / BASE_SCALE,
            (sales - media - BASE_MEAN) / BASE_SCALE - wiener.mean.base,
        ],
        1,
    )


def of_controls(given: Given) -> WorldControlFeature:
    """(B, K, n) features of a control."""
    c = given.observed.active.shape[1]
    u = given.observed.controls
    return torch.stack(
        [
            given.noisy.control,
            given.wiener.mean.control,
            given.wiener.scalar_variance[:, 4 * c :].clamp(min=1e-8).sqrt(),
            (u != 0).float().mean((1, 2)),
            u.std((1, 2)) if u.shape[-1] else given.noisy.control,
            (u[:, :, 1:] * u[:, :, :-1]).mean((1, 2)),
        ],
        -1,
    )


def of_channel_weeks(given: Given) -> WorldChannelFeatureDate:
    """(B, C, n, T) features of a channel's week."""
    observed, wiener = given.observed, given.wiener
    now, pull = given.spend, given.pull
    carried = given.lagged[..., :CARRIED].mean(-1).mT
    share = wiener.fitted.mean(1).mT * observed.channels[:, None, None] / MEDIA_MEAN
    return torch.stack(
        [
            given.noisy.path,
            wiener.mean.path,
            wiener.relative.mean(1).mT - 1,
            now.log1p(),
            carried.log1p(),
            (now > 0).float(),
            share.clamp(min=1e-3).log() / 2,
            pull,
            pull * (now - carried),
        ],
        2,
    )


def of_channels(given: Given) -> WorldChannelFeature:
    """(B, C, n) features of a channel as a whole."""
    noisy, observed, wiener = given.noisy, given.observed, given.wiener
    b, c = observed.active.shape
    now = given.spend
    spread = wiener.scalar_variance[:, : 4 * c].clamp(min=1e-8).sqrt()
    figures = [
        (now > 0).float().mean(-1),
        now.std(-1),
        (now[..., 1:] * now[..., :-1]).mean(-1).log1p(),
        now.mean(-1),
        wiener.mean.path.square().mean(-1).clamp(max=9),
        observed.channels[:, None].expand(b, c).log() - TYPICAL_LOG_CHANNELS,
        given.pull.mean(-1),
    ]
    return torch.cat(
        [
            torch.stack([noisy.level, wiener.mean.level, spread[:, :c]], -1),
            noisy.shape,
            wiener.mean.shape,
            spread[:, c:].unflatten(1, (c, 3)),
            torch.stack(figures, -1),
        ],
        -1,
    )


def of_beliefs(given: Given) -> WorldChannelFeature:
    """(B, C, n) what is believed of a channel, and how far."""
    observed = given.observed
    trust = observed.certainty / (1 + observed.certainty)
    return torch.cat([trust, trust * observed.belief], -1)


def of_laws(given: Given) -> WorldChannelFeature:
    """(B, C, n) what prior is stated of a channel: flags, and quantiles at ``LEVELS``."""
    observed = given.observed
    return torch.cat([observed.said, observed.law.flatten(2)], -1)


def of_time(weeks: int, patch: int, like: Tensor) -> Tensor:
    """(patch, n) features of the middle of each patch of weeks."""
    centre = torch.arange(0, weeks, patch, dtype=torch.float32, device=like.device) + patch / 2
    angle = 2 * math.pi * centre / WEEKS_PER_YEAR
    features = [angle.sin(), angle.cos(), centre / TYPICAL_WEEKS - 1, centre / weeks - 0.5]
    return torch.stack(features, -1)


def waves(x: Tensor, count: int = 16) -> Tensor:
    """Sinusoidal features of a scalar (...,) -> (..., 2 count)."""
    frequency = torch.exp(torch.linspace(math.log(0.05), math.log(20.0), count, device=x.device))
    angle = x[..., None] * frequency
    return torch.cat([angle.sin(), angle.cos()], -1)


def prior_mean(noisy: State, observed: Observed) -> Posterior:
    """What stands for the Wiener solve where there is none: it says nothing of the data."""
    zero = State(*(torch.zeros_like(getattr(noisy, name)) for name in State.__annotations__))
    relative, _, _ = response(observed, zero.shape)
    share = log_share(zero.path, zero.level, observed.channels).exp()
    c, k = observed.active.shape[1], noisy.control.shape[1]
    return Posterior(
        mean=zero,
        scalar_variance=noisy.level.new_ones(len(noisy.level), 4 * c + k),
        relative=relative,
        fitted=relative * share.mT[:, None],
        weight=observed.sales - 1,
        misfit=noisy.level.new_ones(len(noisy.level)),
    )


class Widths(NamedTuple):
    """How many features there are of each kind."""

    world: int
    week: int
    control: int
    channel_week: int
    channel: int
    belief: int
    law: int
    time: int
    noise: int


@cache
def widths() -> Widths:
    """Count the features on an example: one world of one geo, two weeks, a channel, a control."""
    two_weeks = torch.ones(1, 1, 2, 1)
    observed = scale_observed(two_weeks[..., 0], two_weeks, two_weeks)
    size = observed.sizes
    noisy = size.unflatten(torch.zeros(1, size.total))
    given = Given(noisy, torch.ones(1), observed, prior_mean(noisy, observed))
    return Widths(
        world=of_world(given).shape[-1],
        week=of_weeks(given).shape[1],
        control=of_controls(given).shape[-1],
        channel_week=of_channel_weeks(given).shape[2],
        channel=of_channels(given).shape[-1],
        belief=of_beliefs(given).shape[-1],
        law=of_laws(given).shape[-1],
        time=of_time(2, 2, given.sigma).shape[-1],
        noise=waves(given.sigma).shape[-1],
    )
