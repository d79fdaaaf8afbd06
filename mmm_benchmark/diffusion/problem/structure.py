"""What a prior may say of a company as a whole: do effects move, does the baseline wander?

Both decide how much of sales media can explain. An effect that may move fits swings of sales that
noise made; a baseline that may wander takes whatever is slow, a launch or a growing channel among
it. The model's own law allows both. A model whose effects stay, about a baseline of a line and
waves of the year, has said no to both, and a comparison with it is fair only where all are told so.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from mmm_benchmark.diffusion.problem.observed import UNSAID, Observed
from mmm_benchmark.diffusion.problem.state import HYPER_MEAN, HYPER_SCALE, MIN_VOLATILITY

#: Standardised log volatility of effects that stay.
STILL = float((torch.tensor(MIN_VOLATILITY).log() - HYPER_MEAN[1]) / HYPER_SCALE[1])


def with_structure(
    observed: Observed, effects_move: bool | None, baseline_wanders: bool | None
) -> Observed:
    """The same data, all worlds known to be so; None where nothing is known."""

    def each(said: bool | None) -> torch.Tensor:
        return torch.full_like(observed.moves, UNSAID if said is None else float(said))

    return replace(observed, moves=each(effects_move), wanders=each(baseline_wanders))


def known_to_stay(observed: Observed) -> bool:
    """Whether the effects of every world are known not to move."""
    return bool((observed.moves == 0).all())


def known_calm(observed: Observed) -> bool:
    """Whether the baseline of every world is known not to wander."""
    return bool((observed.wanders == 0).all())
