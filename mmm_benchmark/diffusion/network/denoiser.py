"""The two-stage denoiser: aggregates first, then channels, both correcting the Wiener solve.

Stage 1 (the campaign/geo denoiser of the MMM-Diffusion model card) reads controls and total sales
in patches of weeks and denoises what is common to all channels: baseline, control effects, noise
scale, volatility, total media. Its tokens are the context of stage 2 (the model card's channel
denoiser), an axial transformer: attention over weeks within a channel, then over channels within a
patch of weeks. No embedding tells channels apart, so permuting them permutes the answer. Diffusion
time enters by FiLM (Peebles & Xie 2023, arXiv:2212.09748). Output layers start at zero: training
begins at the Wiener solve.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmm_benchmark.diffusion.config import NetworkConfig
from mmm_benchmark.diffusion.network import features
from mmm_benchmark.diffusion.network.features import Given
from mmm_benchmark.diffusion.network.layers import Attention, Block, patches
from mmm_benchmark.diffusion.physics.wiener import Posterior, solve
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import MEDIA_MEAN, State
from mmm_benchmark.shapes.torch import (
    PerWorld,
    WorldChannelDate,
    WorldControl,
    WorldDate,
    WorldDateChannel,
    WorldHyper,
)


@dataclass(frozen=True)
class Denoised:
    """The network's answer: the posterior mean of the state, and two linear heads.

    Attributes
    ----------
    state
        E[x_0 | x_t, data], standardised.
    contribution
        (B, T, C) each channel's expected contribution averaged over geos, in mean sales.
    media
        (B, T) expected total media contribution (stage 1's aggregate).
    """

    state: State
    contribution: WorldDateChannel
    media: WorldDate


@dataclass(frozen=True)
class Common:
    """Stage 1's answer, corrections in units of the noise, and its tokens for stage 2."""

    context: Tensor  # (B, token, width)
    week: Tensor  # (B, patch, width), the tokens of weeks
    clock: Tensor  # (patch, n)
    when: Tensor  # (B, width)
    base: WorldDate
    media: WorldDate
    control: WorldControl
    hyper: WorldHyper


@dataclass(frozen=True)
class Channels:
    """Stage 2's answer: corrections in units of the noise."""

    path: WorldChannelDate
    contribution: WorldChannelDate
    scalars: Tensor  # (B, C, 5): level, shape, and how far to trust the path


class Denoiser(nn.Module):  # type: ignore[misc]
    """``(x_t, t, data) -> E[x_0 | x_t, data]``."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        p, d1, d2 = config.patch, config.width_campaign, config.width_channel
        n = features.widths()
        self.when = nn.Sequential(
            nn.Linear(n.noise + n.world, d1), nn.GELU(approximate="tanh"), nn.Linear(d1, d1)
        )
        self.when_channel = nn.Linear(d1, d2)
        self.embed_week = nn.Linear(n.week * p + n.time, d1)
        self.embed_control = nn.Linear(n.control, d1)
        self.embed_global = nn.Linear(n.world, d1)
        self.campaign = nn.ModuleList(
            Block(d1, config.heads, axial=False) for _ in range(config.layers_campaign)
        )
        self.norm_campaign = nn.LayerNorm(d1)
        self.out_week = nn.Linear(d1, 2 * p)
        self.out_control = nn.Linear(d1, 1)
        self.out_global = nn.Linear(d1, 2)
        self.embed_path = nn.Linear(n.channel_week * p + n.time, d2)
        told = n.belief * config.beliefs + n.law * config.priors
        self.embed_channel = nn.Linear(n.channel + told, d2)
        self.aligned = nn.Linear(d1, d2)
        self.cross = Attention(d2, config.heads, context=d1)
        self.channel = nn.ModuleList(
            Block(d2, config.heads, axial=True) for _ in range(config.layers_channel)
        )
        self.norm_channel = nn.LayerNorm(d2)
        self.out_path = nn.Linear(d2, 2 * p)
        self.out_channel = nn.Linear(d2, 5)  # level, shape, and how far to trust the path
        for layer in (
            self.out_week,
            self.out_control,
            self.out_global,
            self.out_path,
            self.out_channel,
        ):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, noisy: State, alpha: PerWorld, sigma: PerWorld, observed: Observed
    ) -> Denoised:
        wiener = self.reference(noisy, alpha, sigma, observed)
        return self.correct(noisy, alpha, sigma, observed, wiener)

    def reference(
        self, noisy: State, alpha: PerWorld, sigma: PerWorld, observed: Observed
    ) -> Posterior:
        """The Wiener solve, or without physics the prior mean, which says nothing of the data."""
        with torch.no_grad():
            if self.config.physics:
                return solve(observed, noisy, alpha, sigma)
            return features.prior_mean(noisy, observed)

    def correct(
        self, noisy: State, alpha: PerWorld, sigma: PerWorld, observed: Observed, wiener: Posterior
    ) -> Denoised:
        """Correct ``wiener`` by the two stages."""
        given = Given(noisy, sigma, observed, wiener)
        common = self._stage_1(given, alpha)
        channels = self._stage_2(given, common)
        keep = observed.active.to(sigma.dtype)
        size = sigma if self.config.physics else torch.ones_like(sigma)
        s2, s3 = size[:, None], size[:, None, None]
        path = channels.path * s3
        may_move = keep * (observed.moves != 0)[:, None]
        path = (path - path.mean(-1, keepdim=True)) * may_move[..., None]
        scalars = channels.scalars * s3 * keep[..., None]
        mean = wiener.mean
        state = State(
            path=mean.path * keep[..., None] * (1 + scalars[..., 4:]) + path,
            level=mean.level * keep + scalars[..., 0],
            shape=mean.shape * keep[..., None] + scalars[..., 1:4],
            base=mean.base + s2 * common.base,
            control=mean.control + s2 * common.control,
            hyper=mean.hyper + s2 * common.hyper,
        )
        fitted = wiener.fitted.mean(1)  # (B, T, C)
        unit = keep[:, None] * MEDIA_MEAN / observed.channels[:, None, None]
        return Denoised(
            state=state,
            contribution=fitted + unit * channels.contribution.mT * s3,
            media=fitted.sum(-1) + MEDIA_MEAN * s2 * common.media,
        )

    def _stage_1(self, given: Given, alpha: Tensor) -> Common:
        """Denoise what channels have in common, from totals, controls and the world as a whole."""
        t, p = given.observed.sales.shape[-1], self.config.patch
        world = features.of_world(given)
        log_snr = 2 * (alpha.clamp(min=1e-4) / given.sigma.clamp(min=1e-4)).log()
        when = self.when(torch.cat([features.waves(log_snr / 8), world], -1))
        clock = features.of_time(t, p, given.observed.sales)
        weeks = patches(features.of_weeks(given), p).transpose(1, 2).flatten(2)
        weeks = torch.cat([weeks, clock.expand(len(weeks), -1, -1)], -1)
        tokens = [
            self.embed_week(weeks),
            self.embed_control(features.of_controls(given)),
            self.embed_global(world)[:, None],
        ]
        x = torch.cat(tokens, 1)
        for block in self.campaign:
            x = block(x, when)
        x = self.norm_campaign(x)
        week, control, whole = x.split([token.shape[1] for token in tokens], 1)
        base, media = self.out_week(week).chunk(2, -1)
        return Common(
            context=x,
            week=week,
            clock=clock,
            when=when,
            base=base.flatten(1)[:, :t],
            media=media.flatten(1)[:, :t],
            control=self.out_control(control)[..., 0],
            hyper=self.out_global(whole)[:, 0],
        )

    def _stage_2(self, given: Given, common: Common) -> Channels:
        """Denoise the channels: a token for each patch of weeks, and one for the channel."""
        observed = given.observed
        (b, c), t, p = observed.active.shape, observed.sales.shape[-1], self.config.patch
        weeks = patches(features.of_channel_weeks(given), p).transpose(2, 3).flatten(3)
        weeks = torch.cat([weeks, common.clock.expand(b, c, -1, -1)], -1)
        whole = features.of_channels(given)
        if self.config.beliefs:
            whole = torch.cat([whole, features.of_beliefs(given)], -1)
        if self.config.priors:
            whole = torch.cat([whole, features.of_laws(given)], -1)
        x = self.embed_path(weeks) + self.aligned(common.week)[:, None]
        x = torch.cat([x, self.embed_channel(whole)[:, :, None]], 2)
        x = x + self.cross(x.flatten(1, 2), common.context).unflatten(1, (c, -1))
        when = self.when_channel(common.when)
        active = None if bool(observed.active.all()) else observed.active[:, None]
        for block in self.channel:
            x = block(x, when, active)
        x = self.norm_channel(x)
        paths = self.out_path(x[:, :, :-1]).unflatten(-1, (2, p))
        path, contribution = paths.transpose(2, 3).flatten(3)[..., :t].unbind(2)
        return Channels(path, contribution, scalars=self.out_channel(x[:, :, -1]))
