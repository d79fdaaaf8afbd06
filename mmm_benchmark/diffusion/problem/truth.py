"""What a simulated world knows of itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mmm_benchmark.diffusion.problem.state import State
from mmm_benchmark.shapes.torch import WorldDate, WorldDateChannel


@dataclass(frozen=True)
class Truth:
    """What a training world knows: the state and what follows from it, in mean sales.

    Attributes
    ----------
    state
        The standardised unknowns.
    contribution
        (B, T, C) averaged over geos.
    expected
        (B, T) noise-free sales averaged over geos.
    """

    state: State
    contribution: WorldDateChannel
    expected: WorldDate

    def to(self, device: torch.device | str) -> Truth:
        """Move every tensor."""
        return Truth(self.state.to(device), self.contribution.to(device), self.expected.to(device))
