"""What is observed, scaled, and the media response in those units: lags, Hill, and derivatives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mmm_benchmark.diffusion.problem.state import LAGS, natural_shape


@dataclass(frozen=True)
class Observed:
    """The scaled data of a batch of ``B`` worlds of one size.

    Attributes
    ----------
    sales
        (B, G, T) sales over their mean in the geo.
    lagged
        (B, G, T, C, LAGS) spend over its mean while active in the geo, at lags 0, 1, ...
    controls
        (B, G, T, K) controls over their root mean square.
    active
        (B, C) False where a channel is padding or never spends.
    belief, certainty
        (B, C, 4) what is believed beforehand of each channel's level and shape, standardised,
        and the precision of each belief: 0 where there is none (``beliefs.py``).
    """

    sales: Tensor
    lagged: Tensor
    controls: Tensor
    active: Tensor
    belief: Tensor
    certainty: Tensor

    @property
    def channels(self) -> Tensor:
        """(B,) number of active channels, at least 1."""
        return self.active.sum(-1).clamp(min=1).to(self.sales.dtype)

    def to(self, device: torch.device | str) -> Observed:
        """Move every tensor."""
        return Observed(*(getattr(self, name).to(device) for name in _FIELDS))

    def take(self, index: Tensor | slice) -> Observed:
        """Select worlds of the batch."""
        return Observed(*(getattr(self, name)[index] for name in _FIELDS))


_FIELDS = ("sales", "lagged", "controls", "active", "belief", "certainty")


def lags(spend: Tensor) -> Tensor:
    """Stack ``spend`` (..., T, C) at lags 0 to LAGS-1 on a last axis; nothing before week 0."""
    padded = torch.nn.functional.pad(spend, (0, 0, LAGS - 1, 0))
    return padded.unfold(-2, LAGS, 1).flip(-1)


def scale_observed(sales: Tensor, spend: Tensor, controls: Tensor) -> Observed:
    """Scale raw ``sales`` (B, G, T), ``spend`` (B, G, T, C) and ``controls`` (B, G, T, K)."""
    spending = spend > 0
    unit = spend.sum(2, keepdim=True) / spending.sum(2, keepdim=True).clamp(min=1)
    scaled = spend / torch.where(unit > 0, unit, torch.ones_like(unit))
    rms = controls.square().mean((1, 2), keepdim=True).sqrt()
    nothing = torch.zeros(spend.shape[0], spend.shape[-1], 4)
    return Observed(
        sales=(sales / sales.mean(2, keepdim=True)).float(),
        lagged=lags(scaled.float()).contiguous(),
        controls=(controls / torch.where(rms > 0, rms, torch.ones_like(rms))).float(),
        active=spending.any(2).any(1),
        belief=nothing,
        certainty=nothing,
    )


def without_channels(observed: Observed, keep: Tensor) -> Observed:
    """The same data with channels where ``keep`` (B, C) is False masked out."""
    lagged = observed.lagged * keep[:, None, None, :, None]
    return replace(observed, lagged=lagged, active=observed.active & keep)


def adstock(lagged: Tensor, logit_decay: Tensor) -> tuple[Tensor, Tensor]:
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


def hill(stock: Tensor, log_half: Tensor, log_slope: Tensor) -> tuple[Tensor, Tensor]:
    """``stock^n / (stock^n + half^n)`` and its logit ``n log(stock/half)`` (Hill 1910)."""
    q = log_slope.exp()[:, None, None] * (stock.clamp(min=1e-6).log() - log_half[:, None, None])
    return torch.sigmoid(q), q


def response(observed: Observed, shape: Tensor) -> tuple[Tensor, Tensor, Tensor]:
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
