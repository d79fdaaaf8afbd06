"""What is observed, scaled: sales over their mean, spend over its mean while active, by lag."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from mmm_benchmark.diffusion.problem.state import LAGS, Sizes
from mmm_benchmark.shapes.torch import (
    ActiveChannel,
    PerWorld,
    WorldChannelBelief,
    WorldChannelLaw,
    WorldChannelSaid,
    WorldGeoDate,
    WorldGeoDateChannel,
    WorldGeoDateChannelLag,
    WorldGeoDateControl,
)

UNSAID = 0.5  # of what is neither known to be so nor not to be
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)  # quantiles that tell a stated prior


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
    law, said
        (B, C, 4, Q) quantiles of the prior stated of each, and (B, C, 5) whether one is stated:
        0 where there is none (``laws.py``).
    moves, wanders
        (B,) whether effects move, and whether the baseline wanders about level, trend and season
        (``structure.py``): 1, 0, or ``UNSAID``.
    """

    sales: WorldGeoDate
    lagged: WorldGeoDateChannelLag
    controls: WorldGeoDateControl
    active: ActiveChannel
    belief: WorldChannelBelief
    certainty: WorldChannelBelief
    law: WorldChannelLaw
    said: WorldChannelSaid
    moves: PerWorld
    wanders: PerWorld

    @property
    def channels(self) -> PerWorld:
        """(B,) number of active channels, at least 1."""
        return self.active.sum(-1).clamp(min=1).to(self.sales.dtype)

    @property
    def sizes(self) -> Sizes:
        """How many channels, controls and weeks; padding counts."""
        return Sizes(self.active.shape[1], self.controls.shape[-1], self.sales.shape[-1])

    def to(self, device: torch.device | str) -> Observed:
        """Move every tensor."""
        return Observed(*(getattr(self, name).to(device) for name in _FIELDS))

    def take(self, index: Tensor | slice) -> Observed:
        """Select worlds of the batch."""
        return Observed(*(getattr(self, name)[index] for name in _FIELDS))


_FIELDS = tuple(field.name for field in fields(Observed))


def lags(spend: Tensor) -> Tensor:
    """Stack ``spend`` (..., T, C) at lags 0 to LAGS-1 on a last axis; nothing before week 0."""
    padded = torch.nn.functional.pad(spend, (0, 0, LAGS - 1, 0))
    return padded.unfold(-2, LAGS, 1).flip(-1)


def spend_unit(spend: Tensor) -> Tensor:
    """Mean spend (B, G, 1, C) while active, of spend (B, G, T, C); 1 where there is none."""
    unit = spend.sum(2, keepdim=True) / (spend > 0).sum(2, keepdim=True).clamp(min=1)
    return torch.where(unit > 0, unit, torch.ones_like(unit))


def control_unit(controls: Tensor) -> Tensor:
    """Root mean square (B, 1, 1, K) of controls (B, G, T, K); 1 where they are all zero."""
    rms = controls.square().mean((1, 2), keepdim=True).sqrt()
    return torch.where(rms > 0, rms, torch.ones_like(rms))


def scale_observed(
    sales: WorldGeoDate, spend: WorldGeoDateChannel, controls: WorldGeoDateControl
) -> Observed:
    """Scale raw ``sales`` (B, G, T), ``spend`` (B, G, T, C) and ``controls`` (B, G, T, K)."""
    scaled = spend / spend_unit(spend)
    each = spend.shape[0], spend.shape[-1]
    nothing = torch.zeros(*each, 4)
    return Observed(
        sales=(sales / sales.mean(2, keepdim=True)).float(),
        lagged=lags(scaled.float()).contiguous(),
        controls=(controls / control_unit(controls)).float(),
        active=(spend > 0).any(2).any(1),
        belief=nothing,
        certainty=nothing,
        law=torch.zeros(*each, 4, len(LEVELS)),
        said=torch.zeros(*each, 5),
        moves=torch.full(each[:1], UNSAID),
        wanders=torch.full(each[:1], UNSAID),
    )
