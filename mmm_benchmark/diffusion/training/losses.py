"""The MMM-Diffusion model card's seven losses, in forms whose minimiser is the posterior mean.

Only forms quadratic in ``x0_hat - x0`` aim at E[x_0 | x_t, data]; a log-magnitude spectrum, or
sales compared with noisy sales, aims elsewhere. With ``gated`` off, the model
card's own forms are used.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import relu

from mmm_benchmark.diffusion.config import LossWeights
from mmm_benchmark.diffusion.network.denoiser import Denoised
from mmm_benchmark.diffusion.physics.response import response
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    CONTROL_SCALE,
    MEDIA_MEAN,
    PATH_SCALE,
    State,
    log_share,
)
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_data_generator.fields.parts import REVERSION

TYPICAL_VOLATILITY = 0.06  # weekly, log units: sets which frequencies a noisy state can show
NAMES = ("campaign", "channel", "spectral", "temporal", "sales", "contribution", "sign")


def spectrum(path: Tensor, truth: Tensor, alpha: Tensor, sigma: Tensor, gated: bool) -> Tensor:
    """Spectral loss (B,), high frequencies weighted up; gated by each frequency's SNR in x_t."""
    p, q = (torch.fft.rfft(x, dim=-1, norm="ortho") for x in (path, truth))
    f = torch.linspace(0, 1, p.shape[-1], device=path.device)
    if not gated:
        log_p, log_q = (x.abs().clamp(min=1e-4).log() for x in (p, q))
        return ((1 + f) * (log_p - log_q).square()).mean((1, 2))
    # the prior's spectrum, an AR(1)'s: a gate that saw the truth would not be proper
    power = (TYPICAL_VOLATILITY / PATH_SCALE) ** 2 / (
        1 - 2 * (1 - REVERSION) * torch.cos(torch.pi * f) + (1 - REVERSION) ** 2
    )
    signal = alpha.square()[:, None] * power
    gate = signal / (signal + sigma.square()[:, None] + 1e-6)
    return ((1 + f) * gate[:, None] * (p - q).abs().square()).mean((1, 2))


def temporal(path: Tensor, truth: Tensor) -> Tensor:
    """First differences, and half as much second differences (B,)."""
    error = path - truth
    first, second = error.diff(dim=-1), error.diff(n=2, dim=-1)
    return first.square().mean((1, 2)) + 0.5 * second.square().mean((1, 2))


def _decoded(state: State, observed: Observed) -> Tensor:
    relative, _, _ = response(observed, state.shape.clamp(-4, 4))
    share = log_share(state.path, state.level, observed.channels).clamp(max=1.5).exp()
    return (relative * share.mT[:, None]).mean(1)


def losses(
    guess: Denoised,
    truth: Truth,
    observed: Observed,
    alpha: Tensor,
    sigma: Tensor,
    weights: LossWeights,
) -> dict[str, Tensor]:
    """Each of ``NAMES`` as a scalar, unweighted by the model card's weights.

    Worlds at low noise count for more, since their errors are smaller: any weight that depends on
    ``t`` alone leaves the minimiser where it is.
    """
    x, y = guess.state, truth.state
    late = 1 / (0.1 + 0.9 * sigma.square()) if weights.gated else torch.ones_like(sigma)

    def mse(a: Tensor, b: Tensor) -> Tensor:
        error = (a - b).square()
        return error.flatten(1).mean(1) if error.numel() else torch.zeros_like(sigma)

    controls = torch.einsum("bgtk,bk->bt", observed.controls, CONTROL_SCALE * x.control)
    other = BASE_MEAN + BASE_SCALE * x.base + controls / observed.sales.shape[1]
    if weights.gated:
        contribution, target = guess.contribution, truth.expected
    else:
        contribution, target = _decoded(x, observed), observed.sales.mean(1)
    c = observed.channels
    level = log_share(x.path, x.level, c)
    terms = {
        "campaign": mse(x.base, y.base)
        + mse(x.control, y.control)
        + mse(x.hyper, y.hyper)
        + mse(guess.media, truth.contribution.sum(-1)) / BASE_SCALE**2,
        "channel": mse(x.path, y.path) + mse(x.level, y.level) + mse(x.shape, y.shape),
        "spectral": spectrum(x.path, y.path, alpha, sigma, weights.gated),
        "temporal": temporal(x.path, y.path),
        "sales": mse(contribution.sum(-1) + other, target) / BASE_SCALE**2,
        "contribution": mse(contribution, truth.contribution) * (c / MEDIA_MEAN) ** 2,
        "sign": relu(-level - 5 - c.log()[:, None, None]).flatten(1).mean(1),
    }
    return {name: (late * terms[name]).mean() for name in NAMES}


def total(terms: dict[str, Tensor], weights: LossWeights, progress: float) -> Tensor:
    """Weighted sum; sales and contribution ramp from 0 to 1 after ``ramp_from`` of training."""
    ramp = min(max((progress - weights.ramp_from) / (1 - weights.ramp_from), 0.0), 1.0)
    loss = terms["campaign"].new_zeros(())
    for name in NAMES:
        factor = ramp if name in ("sales", "contribution") else 1.0
        loss = loss + getattr(weights, name) * factor * terms[name]
    return loss
