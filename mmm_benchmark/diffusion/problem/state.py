"""What is diffused: every unknown of a marketing-mix world, in units in which it is about N(0, 1).

Sales are divided by their mean in each geo, spend by its mean while active in each geo and channel,
so currency and units of spend drop out. In these units

    sales(g, t) = base(t) + sum_c exp(z_c(t)) s_c(g, t) / mean_t s_c(g, t)
                  + sum_k gamma_k u_k(g, t) + noise(g, t)

where ``s_c`` is Hill(adstock(spend)). ``exp(z_c)`` is then the channel's share of mean sales, which
the data fix far better than the coefficient (sales at full saturation): the coefficient trades off
against the transform, the share does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch

from mmm_benchmark.shapes.torch import (
    Curves,
    PerWorld,
    WorldChannel,
    WorldChannelCurve,
    WorldChannelDate,
    WorldControl,
    WorldDate,
    WorldHyper,
    WorldState,
)

LAGS = 8  # weeks of carry-over in the model (l_max)

PATH_SCALE = 0.45  # log units of one unit of `path`
MEDIA_MEAN = 0.4  # typical share of media in mean sales
LEVEL_MEAN, LEVEL_SCALE = math.log(MEDIA_MEAN), 0.9  # of log(share x number of channels)
SHAPE_MEAN = (-0.6, 0.2, 0.15)  # logit decay, log half-saturation, log slope
SHAPE_SCALE = (1.2, 0.7, 0.45)
BASE_MEAN, BASE_SCALE = 0.6, 0.25  # multiples of mean sales
CONTROL_SCALE = 0.15  # multiples of mean sales, per root mean square of the control
HYPER_MEAN = (math.log(0.04), math.log(0.06))  # log noise sd (of mean sales), log weekly volatility
HYPER_SCALE = (0.7, 1.3)
MIN_VOLATILITY = 0.005  # a constant coefficient counts as this weekly volatility
LIMIT = 5.0  # standardised truths are cut here: channels that do next to nothing


@dataclass(frozen=True)
class State:
    """The unknowns of a batch of ``B`` worlds, standardised.

    Attributes
    ----------
    path
        (B, C, T) deviation of the log share from its mean over weeks.
    level
        (B, C) mean log share.
    shape
        (B, C, 3) logit adstock decay, log half-saturation, log slope.
    base
        (B, T) baseline, averaged over geos.
    control
        (B, K) effect of one root mean square of each control.
    hyper
        (B, 2) log noise scale, log weekly volatility of the paths.
    """

    path: WorldChannelDate
    level: WorldChannel
    shape: WorldChannelCurve
    base: WorldDate
    control: WorldControl
    hyper: WorldHyper

    def flat(self) -> WorldState:
        """(B, D): all tokens side by side, the vector the samplers move."""
        return torch.cat([getattr(self, f.name).flatten(1) for f in fields(self)], dim=1)

    def to(self, device: torch.device | str) -> State:
        """Move every tensor."""
        return State(*(getattr(self, f.name).to(device) for f in fields(self)))


@dataclass(frozen=True)
class Sizes:
    """How many of each; enough to cut a flat vector back into a :class:`State`."""

    channels: int
    controls: int
    weeks: int

    @property
    def total(self) -> int:
        """Length of the flat vector."""
        c, k, t = self.channels, self.controls, self.weeks
        return c * t + c + 3 * c + t + k + 2

    def unflatten(self, flat: WorldState) -> State:
        """Cut ``(B, D)`` into a state."""
        c, k, t = self.channels, self.controls, self.weeks
        path, level, shape, base, control, hyper = flat.split([c * t, c, 3 * c, t, k, 2], dim=1)
        return State(
            path.unflatten(1, (c, t)), level, shape.unflatten(1, (c, 3)), base, control, hyper
        )


def log_share(path: WorldChannelDate, level: WorldChannel, channels: PerWorld) -> WorldChannelDate:
    """``z`` (B, C, T) from standardised path and level; ``channels`` (B,) counts active ones."""
    centre = LEVEL_MEAN - channels.log()[:, None]
    return (centre + LEVEL_SCALE * level)[..., None] + PATH_SCALE * path


def natural_shape(shape: Curves) -> Curves:
    """Logit decay, log half-saturation, log slope from standardised values (..., 3)."""
    mean, scale = shape.new_tensor(SHAPE_MEAN), shape.new_tensor(SHAPE_SCALE)
    return mean + scale * shape


def natural_hyper(hyper: WorldHyper) -> tuple[PerWorld, PerWorld]:
    """Noise sd (of mean sales) and weekly volatility, each (B,)."""
    mean, scale = hyper.new_tensor(HYPER_MEAN), hyper.new_tensor(HYPER_SCALE)
    sigma, volatility = (mean + scale * hyper).exp().unbind(-1)
    return sigma, volatility
