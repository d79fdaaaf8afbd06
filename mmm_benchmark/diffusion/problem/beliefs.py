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
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.errors import UserError
from mmm_benchmark.shapes.torch import WorldChannelBelief

SPREAD = (0.08, 2.0)  # prior standard deviations: least and largest error of a belief in training
NONE, CURVES = 0.4, 0.7  # chances: no belief at all; up to here beliefs about every channel's curve
CURVE_KNOWN = 0.75  # chance that all channels have a belief about decay (or half-saturation, slope)
SINGLE_KNOWN = 0.3  # chance of each single belief in the rest of the worlds


def check_heeds(network: NetworkConfig) -> None:
    """Raise a :class:`UserError` when the network was not trained to heed beliefs."""
    if not network.beliefs:
        raise UserError("diffusion: this checkpoint was not trained to heed beliefs")


def with_beliefs(
    observed: Observed, belief: WorldChannelBelief, certainty: WorldChannelBelief
) -> Observed:
    """The same data with beliefs (B, C, 4) of precision ``certainty``; inactive channels none."""
    certainty = certainty * observed.active[..., None]
    return replace(observed, belief=belief * (certainty > 0), certainty=certainty)


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
