"""What is believed of a channel before its data are seen, as one more observation of it.

A belief ``N(m, s²)`` about a standardised unknown (log share, logit decay, log half-saturation, log
slope) multiplies the training law by its density: it is an observation ``m`` of the unknown with
error ``s``, as a lift test is. The Wiener solve takes it exactly; the network is trained on worlds
whose beliefs are drawn from that very model, ``m = truth + s eps``, for every ``s``, so that one
network answers under all of them (amortised over priors: Chang et al. 2024, arXiv:2410.15320).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from mmm_benchmark.diffusion.config import NetworkConfig
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import LIMIT
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.errors import UserError
from mmm_benchmark.shapes.torch import WorldChannelBelief

SPREAD = (0.08, 2.0)  # prior standard deviations: least and largest error of a belief in training
NONE, CURVES = 0.4, 0.7  # chances: no belief at all; up to here beliefs about every channel's curve
CURVE_KNOWN = 0.75  # chance that all channels have a belief about decay (or half-saturation, slope)
SINGLE_KNOWN = 0.3  # chance of each single belief in the rest of the worlds
LEAST_CERTAINTY = 0.01  # a prior as wide as the model's but elsewhere counts as this much surer
#: A network that does not read priors is told none further out than this, in its own standard
#: deviations; one that does was trained on laws as sure and as wide as these.
FARTHEST = 3.0
SUREST, WIDEST = 0.02, 2.0


def check_heeds(network: NetworkConfig) -> None:
    """Raise a :class:`UserError` when the network was not trained to heed beliefs."""
    if not network.beliefs:
        raise UserError("diffusion: this checkpoint was not trained to heed beliefs")


def with_beliefs(
    observed: Observed, belief: WorldChannelBelief, certainty: WorldChannelBelief
) -> Observed:
    """The same data with beliefs (B, C, 4) of precision ``certainty``; inactive channels none.

    A precision between -1 and 0 takes away: what is expected is then wider than N(0, 1).
    """
    certainty = certainty * observed.active[..., None]
    return replace(observed, belief=belief * (certainty != 0), certainty=certainty)


def with_prior(
    observed: Observed, mean: WorldChannelBelief, variance: WorldChannelBelief
) -> Observed:
    """The same data where N(``mean``, ``variance``) stands in place of the model's own N(0, 1).

    What is told beside the model's law is the quotient of the two, so that the law counts once:
    precision ``1/variance - 1``, which is negative where the stated prior is the wider one.
    """
    certainty = 1 / variance - 1
    near = certainty.abs() < LEAST_CERTAINTY
    moved = torch.where(near & (mean != 0), LEAST_CERTAINTY, torch.where(near, 0.0, certainty))
    belief = mean * (1 + moved) / torch.where(moved == 0, 1.0, moved)
    return with_beliefs(observed, belief, moved)


def expected(observed: Observed) -> tuple[WorldChannelBelief, WorldChannelBelief]:
    """Mean and variance (B, C, 4) of what is expected of each channel before sales are seen."""
    precision = 1 + observed.certainty
    return observed.certainty * observed.belief / precision, 1 / precision


def within_training(observed: Observed, priors: bool = False) -> tuple[Observed, int]:
    """What a network can be told of the same beliefs, and how many of them that cut short.

    It was trained on variances from ``SPREAD`` up to its own law's, about means that lie there; a
    network that reads ``priors``, on wider and surer ones.
    """
    mean, variance = expected(observed)
    if priors:
        far, least, most = LIMIT, SUREST**2, WIDEST**2
    else:
        far, least, most = FARTHEST, 1 / (1 + SPREAD[0] ** -2), 1.0
    seen = mean.clamp(-far, far), variance.clamp(least, most)
    cut = ((mean - seen[0]).abs() > 0.05) | ((variance / seen[1] - 1).abs() > 0.05)
    told = observed.active[..., None] & cut
    return with_prior(observed, *seen), int(told.sum())


def draw_beliefs(rng: np.random.Generator, observed: Observed, truth: Truth) -> Observed:
    """Draw beliefs about worlds whose truth is known, by the law of the module's docstring."""
    b, c = observed.active.shape
    kind = rng.random((b, 1, 1))
    low, high = np.log(SPREAD)
    common = np.exp(rng.uniform(low, high, (b, 1, 4)))
    single = np.exp(rng.uniform(low, high, (b, c, 4)))
    curves = (rng.random((b, 1, 4)) < CURVE_KNOWN) & (np.arange(4) > 0)
    about_all = (kind >= NONE) & (kind < CURVES)
    known = np.where(about_all, curves, (kind >= CURVES) & (rng.random((b, c, 4)) < SINGLE_KNOWN))
    spread = torch.from_numpy(np.where(about_all, common, single)).float()
    error = torch.from_numpy(rng.standard_normal((b, c, 4))).float()
    value = torch.cat([truth.state.level[..., None], truth.state.shape], -1)
    certainty = torch.from_numpy(known).float() / spread.square()
    return with_beliefs(observed, value + spread * error, certainty)
