"""Worlds that say whether their effects move and their baseline wanders, or say nothing of it.

No law of the generator has a baseline that wanders, so in some worlds one is added: an
autoregressive path of mean zero over the window, shared by all geos, with half as much of each
geo's own. Whether effects move is as the law of the world drew it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from mmm_benchmark.diffusion.problem.observed import UNSAID, Observed
from mmm_benchmark.diffusion.problem.state import BASE_SCALE, LIMIT
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_data_generator.world.coefficients import autoregress

WANDERING = 0.25  # chance of a world whose baseline wanders
SD = (0.01, 0.12)  # of its wander, of mean sales: even on the log scale
PERSISTENCE = 0.97
GEO = 0.5  # of the wander, a geo's own
SAID = 0.65  # chance that each of the two is said
ROUNDING = 1e-4  # paths below are of effects that stay


def draw_structure(
    rng: np.random.Generator, observed: Observed, truth: Truth
) -> tuple[Observed, Truth]:
    """Let some baselines wander, then say of each world what it is, or not."""
    wanders = rng.random(len(observed.sales)) < WANDERING
    if wanders.any():
        observed, truth = wandering(rng, observed, truth, wanders)
    whole = say_structure(observed, truth, wanders)
    said = torch.from_numpy(rng.random((2, len(wanders))) < SAID)
    moves = torch.where(said[0], whole.moves, UNSAID)
    return replace(whole, moves=moves, wanders=torch.where(said[1], whole.wanders, UNSAID)), truth


def say_structure(observed: Observed, truth: Truth, wanders: NDArray[np.bool_]) -> Observed:
    """The same data, told of every world whether its effects move and its baseline wanders."""
    moves = (truth.state.path.abs() > ROUNDING).flatten(1).any(1)
    return replace(observed, moves=moves.float(), wanders=torch.from_numpy(wanders).float())


def wandering(
    rng: np.random.Generator, observed: Observed, truth: Truth, which: NDArray[np.bool_]
) -> tuple[Observed, Truth]:
    """The same worlds, the baselines of some with a wander of mean zero."""
    b, g, t = observed.sales.shape
    low, high = np.log(SD)
    sd = np.where(which, np.exp(rng.uniform(low, high, b)), 0.0)
    path = _path(rng, (b, 1), t) + (GEO * _path(rng, (b, g), t) if g > 1 else 0.0)
    path = torch.from_numpy(sd[:, None, None] * path).float()
    state = truth.state
    base = (state.base + path.mean(1) / BASE_SCALE).clamp(-LIMIT, LIMIT)
    return (
        replace(observed, sales=observed.sales + path),
        replace(truth, state=replace(state, base=base), expected=truth.expected + path.mean(1)),
    )


def _path(rng: np.random.Generator, shape: tuple[int, int], weeks: int) -> NDArray[np.float64]:
    """Stationary paths (*shape, weeks) of unit variance, less their means."""
    steps = rng.standard_normal((*shape, weeks))
    steps[..., 1:] *= math.sqrt(1 - PERSISTENCE**2)
    path = np.asarray(autoregress(steps, PERSISTENCE))
    return path - path.mean(-1, keepdims=True)
