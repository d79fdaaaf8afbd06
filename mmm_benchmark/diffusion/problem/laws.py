"""A prior stated in place of the model's own, told to the network by its quantiles.

A belief (:mod:`.beliefs`) is one more observation beside the law of training. A prior replaces that
law, which its mean and variance cannot say: the same two numbers are also those of a belief, and
they hide tails. So each law is told by its quantiles at ``LEVELS``, in the units of the state, with
a flag that it is stated at all; where nothing is stated both are 0, and the law of training holds.
A fifth flag says that the law of the level is one of sales at full saturation, seen through the
curve: its quantiles are then those of the share which it implies. Told so, one network answers
under all of them (Chang et al. 2024, arXiv:2410.15320; Whittle et al. 2025, arXiv:2502.02463).
"""

from __future__ import annotations

from dataclasses import replace

import torch

from mmm_benchmark.diffusion.problem.beliefs import with_prior
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import LIMIT
from mmm_benchmark.shapes.torch import WorldChannelBelief, WorldChannelLaw, WorldChannelSaid


def with_laws(
    observed: Observed,
    law: WorldChannelLaw,
    mean: WorldChannelBelief,
    variance: WorldChannelBelief,
    said: WorldChannelSaid,
) -> Observed:
    """The same data under a stated prior, standardised.

    Parameters
    ----------
    law
        Quantiles at ``LEVELS``, cut to what a state can be.
    mean, variance
        What the physics are told: the normal law nearest to it.
    said
        1 where level, decay, half-saturation and slope have a stated law, 0 where that of training
        holds; and 1 where the level's is one of sales at full saturation.
    """
    told = said[..., :4] > 0
    unknown = torch.zeros_like(mean)
    moved = with_prior(
        observed, torch.where(told, mean, unknown), torch.where(told, variance, unknown + 1)
    )
    said = said * observed.active[..., None]
    law = (law * said[..., :4, None]).clamp(-LIMIT, LIMIT)
    return replace(moved, law=law, said=said)


def without_laws(observed: Observed) -> Observed:
    """The same data, what is stated told by its mean and variance alone."""
    return replace(
        observed, law=torch.zeros_like(observed.law), said=torch.zeros_like(observed.said)
    )
