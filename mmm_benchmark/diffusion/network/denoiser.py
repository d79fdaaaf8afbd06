"""The two-stage denoiser: aggregates first, then channels, both correcting the Wiener solve.

Stage 1 (the card's campaign/geo denoiser) reads controls and total sales in patches of weeks and
denoises what is common to all channels: baseline, control effects, noise scale, volatility, total
media. Its tokens are the context of stage 2 (the channel denoiser), an axial transformer: attention
over weeks within a channel, then over channels within a patch of weeks. No embedding tells channels
apart, so permuting them permutes the answer. Diffusion time enters by FiLM (Peebles & Xie 2023,
arXiv:2212.09748). Output layers start at zero: training begins at the Wiener solve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

from mmm_benchmark.diffusion.config import NetworkConfig
from mmm_benchmark.diffusion.physics.kernels import Observed, response
from mmm_benchmark.diffusion.physics.wiener import YEAR, Posterior, solve
from mmm_benchmark.diffusion.problem.state import BASE_MEAN, BASE_SCALE, State, log_share


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
    contribution: Tensor
    media: Tensor


class Attention(nn.Module):  # type: ignore[misc]
    """Multi-head attention over the second-last axis; ``mask`` is True where a key counts."""

    def __init__(self, width: int, heads: int, context: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(context or width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        lead = x.shape[:-2]

        def split(u: Tensor) -> Tensor:  # all leading axes as one: torch's fast kernels want four
            return u.flatten(0, -3).unflatten(-1, (self.heads, -1)).transpose(1, 2)

        k, v = self.key_value(context).chunk(2, -1)
        where = None if mask is None else mask.expand(*lead, -1).flatten(0, -2)[:, None, None]
        y = scaled_dot_product_attention(split(self.query(x)), split(k), split(v), attn_mask=where)
        return self.out(y.transpose(1, 2).flatten(-2).unflatten(0, lead))


class Block(nn.Module):  # type: ignore[misc]
    """Attention over weeks, over channels (stage 2 only), then an MLP; each modulated by FiLM."""

    def __init__(self, width: int, heads: int, axial: bool) -> None:
        super().__init__()
        self.time = Attention(width, heads)
        self.across = Attention(width, heads) if axial else None
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(approximate="tanh"), nn.Linear(2 * width, width)
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(width, elementwise_affine=False) for _ in range(3 if axial else 2)
        )
        self.film = nn.Linear(width, 3 * len(self.norms) * width)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, when: Tensor, active: Tensor | None = None) -> Tensor:
        parts = self.film(when).chunk(3 * len(self.norms), -1)
        parts = [p[(...,) + (None,) * (x.dim() - 2) + (slice(None),)] for p in parts]

        def modulated(i: int) -> Tensor:
            return self.norms[i](x) * (1 + parts[3 * i]) + parts[3 * i + 1]

        h = modulated(0)
        x = x + (1 + parts[2]) * self.time(h, h)
        if self.across is not None:
            h = modulated(1).transpose(1, 2)  # (B, tokens, C, width)
            x = x + (1 + parts[5]) * self.across(h, h, active).transpose(1, 2)
        h = modulated(len(self.norms) - 1)
        return x + (1 + parts[-1]) * self.mlp(h)


def patches(x: Tensor, size: int) -> Tensor:
    """Cut weeks (last axis) into patches: (..., T) -> (..., ceil(T/size), size)."""
    return pad(x, (0, -x.shape[-1] % size)).unflatten(-1, (-1, size))


def waves(x: Tensor, count: int = 16) -> Tensor:
    """Sinusoidal features of a scalar (...,) -> (..., 2 count)."""
    frequency = torch.exp(torch.linspace(math.log(0.05), math.log(20.0), count, device=x.device))
    angle = x[..., None] * frequency
    return torch.cat([angle.sin(), angle.cos()], -1)


class Denoiser(nn.Module):  # type: ignore[misc]
    """``(x_t, t, data) -> E[x_0 | x_t, data]``."""

    GLOBAL = 15  # features of a world
    CONTROL = 6  # features of a control
    SCALAR = 19  # features of a channel as a whole
    BELIEF = 8  # and of what is believed of it
    STAGE_1 = 6  # features of a week, stage 1
    STAGE_2 = 9  # features of a week and channel, stage 2

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        p, d1, d2 = config.patch, config.width_campaign, config.width_channel
        self.when = nn.Sequential(
            nn.Linear(32 + self.GLOBAL, d1), nn.GELU(approximate="tanh"), nn.Linear(d1, d1)
        )
        self.when_channel = nn.Linear(d1, d2)
        self.embed_week = nn.Linear(self.STAGE_1 * p + 4, d1)
        self.embed_control = nn.Linear(self.CONTROL, d1)
        self.embed_global = nn.Linear(self.GLOBAL, d1)
        self.campaign = nn.ModuleList(
            Block(d1, config.heads, axial=False) for _ in range(config.layers_campaign)
        )
        self.norm_campaign = nn.LayerNorm(d1)
        self.out_week = nn.Linear(d1, 2 * p)
        self.out_control = nn.Linear(d1, 1)
        self.out_global = nn.Linear(d1, 2)
        self.embed_path = nn.Linear(self.STAGE_2 * p + 4, d2)
        self.embed_channel = nn.Linear(self.SCALAR + self.BELIEF * config.beliefs, d2)
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

    def forward(self, noisy: State, alpha: Tensor, sigma: Tensor, observed: Observed) -> Denoised:
        wiener = self.reference(noisy, alpha, sigma, observed)
        return self.correct(noisy, alpha, sigma, observed, wiener)

    def reference(
        self, noisy: State, alpha: Tensor, sigma: Tensor, observed: Observed
    ) -> Posterior:
        """The Wiener solve, or without physics the prior mean, which says nothing of the data."""
        with torch.no_grad():
            if self.config.physics:
                return solve(observed, noisy, alpha, sigma)
            return _blind(noisy, observed)

    def correct(
        self, noisy: State, alpha: Tensor, sigma: Tensor, observed: Observed, wiener: Posterior
    ) -> Denoised:
        """Correct ``wiener`` by the two stages."""
        t = observed.sales.shape[-1]
        world = self._world(noisy, sigma, observed, wiener)
        log_snr = 2 * (alpha.clamp(min=1e-4) / sigma.clamp(min=1e-4)).log()
        when = self.when(torch.cat([waves(log_snr / 8), world], -1))
        clock = self._clock(t, observed)
        context, tokens = self._stage_1(noisy, observed, wiener, world, when, clock)
        h_week, h_control, h_global = context.split([tokens, context.shape[1] - tokens - 1, 1], 1)
        base, media = self.out_week(h_week).chunk(2, -1)
        path, contribution, scalars = self._stage_2(
            noisy, observed, wiener, context, h_week, self.when_channel(when), clock
        )
        keep = observed.active.to(sigma.dtype)
        size = sigma if self.config.physics else torch.ones_like(sigma)
        s2, s3 = size[:, None], size[:, None, None]
        path = path * s3
        path = (path - path.mean(-1, keepdim=True)) * keep[..., None]
        scalars = scalars * s3 * keep[..., None]
        mean = wiener.mean
        state = State(
            path=mean.path * keep[..., None] * (1 + scalars[..., 4:]) + path,
            level=mean.level * keep + scalars[..., 0],
            shape=mean.shape * keep[..., None] + scalars[..., 1:4],
            base=mean.base + s2 * base.flatten(1)[:, :t],
            control=mean.control + s2 * self.out_control(h_control)[..., 0],
            hyper=mean.hyper + s2 * self.out_global(h_global)[:, 0],
        )
        fitted = wiener.fitted.mean(1)  # (B, T, C)
        unit = keep[:, None] * 0.4 / observed.channels[:, None, None]
        return Denoised(
            state=state,
            contribution=fitted + unit * contribution.mT * s3,
            media=fitted.sum(-1) + 0.4 * s2 * media.flatten(1)[:, :t],
        )

    def _world(self, noisy: State, sigma: Tensor, observed: Observed, wiener: Posterior) -> Tensor:
        b, g, t, k = observed.controls.shape
        size = sigma.new_tensor([math.log(g), math.log(t / 104), k / 5]).expand(b, 3)
        weight = wiener.weight
        residual_lag = (weight[..., 1:] * weight[..., :-1]).mean((1, 2))
        energy = weight.square().mean((1, 2)).clamp(min=1e-6)
        jumps = observed.sales.diff(dim=-1).square().mean((1, 2)).clamp(min=1e-6).sqrt()
        steps = wiener.mean.path.diff(dim=-1).square().mean(2) * observed.active
        path_rms = (steps.sum(1) / observed.channels).clamp(min=1e-8).sqrt()
        sales_sd = observed.sales.std(-1).mean(-1)
        return torch.cat(
            [
                noisy.hyper,
                wiener.mean.hyper,
                torch.stack(
                    [
                        sigma,
                        wiener.misfit.clamp(max=50).log1p(),
                        energy.log(),
                        residual_lag / energy,
                        jumps.log(),
                        path_rms.log() / 3,
                        sales_sd.clamp(min=1e-4).log(),
                    ],
                    -1,
                ),
                size,
                observed.channels.log()[:, None] - 1.5,
            ],
            -1,
        )

    def _clock(self, t: int, observed: Observed) -> Tensor:
        p = self.config.patch
        centre = torch.arange(0, t, p, dtype=torch.float32, device=observed.sales.device) + p / 2
        angle = 2 * math.pi * centre / YEAR
        return torch.stack([angle.sin(), angle.cos(), centre / 104 - 1, centre / t - 0.5], -1)

    def _stage_1(
        self,
        noisy: State,
        observed: Observed,
        wiener: Posterior,
        world: Tensor,
        when: Tensor,
        clock: Tensor,
    ) -> tuple[Tensor, int]:
        p = self.config.patch
        b = world.shape[0]
        media = wiener.fitted.sum(-1).mean(1)
        weekly = torch.stack(
            [
                noisy.base,
                wiener.mean.base,
                (observed.sales.mean(1) - 1) / 0.25,
                wiener.weight.mean(1) * 0.03,
                (media - 0.4) / 0.25,
                (observed.sales.mean(1) - media - BASE_MEAN) / BASE_SCALE - wiener.mean.base,
            ],
            1,
        )
        week = patches(weekly, p).transpose(1, 2).flatten(2)  # (B, tokens, STAGE_1 p)
        tokens = week.shape[1]
        week = self.embed_week(torch.cat([week, clock.expand(b, -1, -1)], -1))
        c = observed.active.shape[1]
        variance = wiener.scalar_variance[:, 4 * c :]
        u = observed.controls
        control = torch.stack(
            [
                noisy.control,
                wiener.mean.control,
                variance.clamp(min=1e-8).sqrt(),
                (u != 0).float().mean((1, 2)),
                u.std((1, 2)) if u.shape[-1] else noisy.control,
                (u[:, :, 1:] * u[:, :, :-1]).mean((1, 2)),
            ],
            -1,
        )
        x = torch.cat([week, self.embed_control(control), self.embed_global(world)[:, None]], 1)
        for block in self.campaign:
            x = block(x, when)
        return self.norm_campaign(x), tokens

    def _stage_2(
        self,
        noisy: State,
        observed: Observed,
        wiener: Posterior,
        context: Tensor,
        h_week: Tensor,
        when: Tensor,
        clock: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        p, t = self.config.patch, observed.sales.shape[-1]
        b, c = observed.active.shape
        n = observed.channels[:, None, None]
        spend = observed.lagged.mean(1)  # (B, T, C, LAGS)
        now = spend[..., 0].mT
        carried = (spend[..., :4].mean(-1)).mT
        share = wiener.fitted.mean(1).mT * n / 0.4  # (B, C, T)
        pull = torch.einsum("bgtc,bgt->bct", wiener.fitted, wiener.weight) * 0.1
        weekly = torch.stack(
            [
                noisy.path,
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
        path = patches(weekly, p).transpose(2, 3).flatten(3)  # (B, C, tokens, STAGE_2 p)
        path = torch.cat([path, clock.expand(b, c, -1, -1)], -1)
        x = self.embed_path(path) + self.aligned(h_week)[:, None]
        variance = wiener.scalar_variance[:, : 4 * c]
        spread = variance.clamp(min=1e-8).sqrt()
        mean_spend = now.mean(-1)
        scalar = torch.cat(
            [
                torch.stack([noisy.level, wiener.mean.level, spread[:, :c]], -1),
                noisy.shape,
                wiener.mean.shape,
                spread[:, c:].unflatten(1, (c, 3)),
                torch.stack(
                    [
                        (now > 0).float().mean(-1),
                        now.std(-1),
                        (now[..., 1:] * now[..., :-1]).mean(-1).log1p(),
                        mean_spend,
                        wiener.mean.path.square().mean(-1).clamp(max=9),
                        n[:, 0].expand(b, c).log() - 1.5,
                        pull.mean(-1),
                    ],
                    -1,
                ),
            ],
            -1,
        )
        if self.config.beliefs:
            trust = observed.certainty / (1 + observed.certainty)
            scalar = torch.cat([scalar, trust, trust * observed.belief], -1)
        x = torch.cat([x, self.embed_channel(scalar)[:, :, None]], 2)
        x = x + self.cross(x.flatten(1, 2), context).unflatten(1, (c, -1))
        active = None if bool(observed.active.all()) else observed.active[:, None]
        for block in self.channel:
            x = block(x, when, active)
        x = self.norm_channel(x)
        paths = self.out_path(x[:, :, :-1]).unflatten(-1, (2, p))
        paths = paths.transpose(2, 3).flatten(3)[..., :t]  # (B, C, 2, T)
        return paths[:, :, 0], paths[:, :, 1], self.out_channel(x[:, :, -1])


def _blind(noisy: State, observed: Observed) -> Posterior:
    zero = State(*(torch.zeros_like(getattr(noisy, name)) for name in State.__annotations__))
    relative, _, _ = response(observed, zero.shape)
    share = log_share(zero.path, zero.level, observed.channels).exp()
    c, k = observed.active.shape[1], noisy.control.shape[1]
    fitted = relative * share.mT[:, None]
    return Posterior(
        mean=zero,
        scalar_variance=noisy.level.new_ones(len(noisy.level), 4 * c + k),
        relative=relative,
        fitted=fitted,
        weight=observed.sales - 1,
        misfit=noisy.level.new_ones(len(noisy.level)),
    )
