"""The cosine noise schedule (Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 17)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from mmm_benchmark.shapes.torch import PerStep, PerWorld, Times, WorldState


@dataclass(frozen=True)
class Schedule:
    """Variance-preserving diffusion: ``x_t = alpha_t x_0 + sigma_t eps``, ``alpha² + sigma² = 1``.

    Both tensors have one entry a step, ``t = 0 .. steps``; entry 0 is free of noise.
    """

    alpha: PerStep
    sigma: PerStep

    @property
    def steps(self) -> int:
        """Number of diffusion steps."""
        return len(self.alpha) - 1

    def at(self, t: Times) -> tuple[PerWorld, PerWorld]:
        """``alpha_t`` and ``sigma_t`` for a batch of integer times."""
        return self.alpha[t], self.sigma[t]


def cosine_schedule(steps: int = 500, s: float = 0.008, max_beta: float = 0.999) -> Schedule:
    """``alpha_bar(t) = cos²(pi/2 (t/T + s)/(1 + s))``, each step's beta clipped at ``max_beta``."""
    u = torch.arange(steps + 1, dtype=torch.float64) / steps
    alpha_bar = torch.cos(math.pi / 2 * (u + s) / (1 + s)) ** 2
    beta = (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=max_beta)
    kept = torch.cat([torch.ones(1, dtype=torch.float64), torch.cumprod(1 - beta, 0)])
    return Schedule(kept.sqrt().float(), (1 - kept).sqrt().float())


def forward_noise(
    x0: WorldState, noise: WorldState, alpha: PerWorld, sigma: PerWorld
) -> WorldState:
    """Draw ``x_t`` given ``x_0`` (batch first)."""
    return alpha[:, None] * x0 + sigma[:, None] * noise
