"""The media response in scaled units: adstock, Hill, and their derivatives."""

from __future__ import annotations

import torch

from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import LAGS, natural_shape
from mmm_benchmark.shapes.torch import (
    WorldChannel,
    WorldChannelCurve,
    WorldGeoChannel,
    WorldGeoDateChannel,
    WorldGeoDateChannelCurve,
    WorldGeoDateChannelLag,
)


def adstock(
    lagged: WorldGeoDateChannelLag, logit_decay: WorldChannel
) -> tuple[WorldGeoDateChannel, WorldGeoDateChannel]:
    """Normalised geometric adstock (B, G, T, C) and its derivative in the logit of the decay."""
    decay = torch.sigmoid(logit_decay)[..., None]
    lag = torch.arange(LAGS, dtype=lagged.dtype, device=lagged.device)
    power = decay**lag
    weight = power / power.sum(-1, keepdim=True)
    # d log(rho^l) / d logit(rho) = l (1 - rho)
    slope = weight * (1 - decay) * (lag - (weight * lag).sum(-1, keepdim=True))
    both = torch.stack([weight, slope], -1)  # (B, C, LAGS, 2)
    out = torch.einsum("bgtcl,bcls->sbgtc", lagged, both)
    return out[0], out[1]


def hill(
    stock: WorldGeoDateChannel, log_half: WorldChannel, log_slope: WorldChannel
) -> tuple[WorldGeoDateChannel, WorldGeoDateChannel]:
    """``stock^n / (stock^n + half^n)`` and its logit ``n log(stock/half)`` (Hill 1910)."""
    q = log_slope.exp()[:, None, None] * (stock.clamp(min=1e-6).log() - log_half[:, None, None])
    return torch.sigmoid(q), q


def response(
    observed: Observed, shape: WorldChannelCurve
) -> tuple[WorldGeoDateChannel, WorldGeoDateChannelCurve, WorldGeoChannel]:
    """Media response over its mean, its gradient, and the mean itself.

    Parameters
    ----------
    shape
        (B, C, 3) standardised transform parameters.

    Returns
    -------
    relative
        (B, G, T, C) ``s / mean_t s``; 0 where the channel is inactive.
    gradient
        (B, G, T, C, 3) derivative of ``relative`` in the natural transform parameters.
    mean
        (B, G, C) ``mean_t s``: coefficient = share x mean sales / mean.
    """
    logit_decay, log_half, log_slope = natural_shape(shape).unbind(-1)
    stock, d_stock = adstock(observed.lagged, logit_decay)
    s, q = hill(stock, log_half, log_slope)
    active = (stock > 0) & observed.active[:, None, None]
    s = s * active
    n = log_slope.exp()[:, None, None]
    ds_dq = s * (1 - s)
    grad = torch.stack([ds_dq * n * d_stock / stock.clamp(min=1e-6), -n * ds_dq, q * ds_dq], -1)
    mean = s.mean(2).clamp(min=1e-6)
    relative = s / mean[:, :, None]
    gradient = (grad - relative[..., None] * grad.mean(2, keepdim=True)) / mean[:, :, None, :, None]
    return relative, gradient * active[..., None], mean
