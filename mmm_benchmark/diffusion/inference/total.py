"""How much media sell in all, which a stated prior of channels does not say.

A prior of each channel's effect implies a law of their sum, and seldom one that its owner would
sign: of four channels under ``neutral`` one world in six sells more by media than it sells. The
other fitters put a prior on the baseline beside that of the channels; training only throws away
what has no baseline, so the network knows the stated law alone. Here what is not said keeps the
law of training, as it does for every other quantity: the share that media have of sales is the
Beta law of the published figures (``PublishedPrior``; Meridian states it for total paid media),
by which draws are weighted.
"""

from __future__ import annotations

import torch

from mmm_benchmark.diffusion.physics.response import response
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import State, log_share
from mmm_benchmark.shapes.torch import PerWorld
from mmm_data_generator import PublishedPrior

#: Draws of the network for each that is kept.
MORE = 2
LAW = PublishedPrior()
#: What a reader is told.
HELD = (
    f"the prior says nothing of all media together: held to {LAW.share_mean:.0%} of sales, give or"
    f" take {100 * LAW.share_sd:.0f} points"
)
LEAST, MOST = 0.005, 0.995  # shares outside count as these


def share_of_sales(state: State, observed: Observed) -> PerWorld:
    """Sales of all media over all sales (B,), geos alike; one world for each state."""
    relative, _, _ = response(observed, state.shape)
    share = log_share(state.path, state.level, observed.channels).exp() * observed.active[..., None]
    return torch.einsum("bct,bgtc->bgt", share, relative).mean((1, 2))


def log_law(share: PerWorld) -> PerWorld:
    """Log density of a total under the law of training, up to a constant."""
    strength = LAW.share_mean * (1 - LAW.share_mean) / LAW.share_sd**2 - 1
    a, b = strength * LAW.share_mean, strength * (1 - LAW.share_mean)
    held = share.clamp(LEAST, MOST)
    return (a - 1) * held.log() + (b - 1) * (1 - held).log()


def heeded(state: State, observed: Observed, draws: int, seed: int) -> tuple[State, float]:
    """``draws`` of the states of one world as that law weighs them, and how many are effective.

    Resampled evenly (Kitagawa 1996), in random order.
    """
    generator = torch.Generator().manual_seed(seed)
    count = len(state.level)
    many = observed.take(torch.zeros(count, dtype=torch.long))
    weight = torch.softmax(log_law(share_of_sales(state, many)).double(), 0)
    at = (torch.arange(draws) + torch.rand(1, generator=generator)) / draws
    chosen = torch.searchsorted(weight.cumsum(0), at.double()).clamp(max=count - 1)
    chosen = chosen[torch.randperm(draws, generator=generator)]
    return observed.sizes.unflatten(state.flat()[chosen]), float(1 / weight.square().sum())
