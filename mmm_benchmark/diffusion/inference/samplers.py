"""Samplers as pure functions of a denoiser: noise in, a draw out.

Each walks a falling grid of integer times and asks ``denoise(x, t)`` for E[x_0 | x_t].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from mmm_benchmark.diffusion.problem.schedule import Schedule

Denoise = Callable[[Tensor, int], Tensor]
SamplerName = Literal["ddpm", "ddim", "dpm"]
INNER = (-2.4, 3.0)  # log(alpha/sigma) at the first and the last time between noise and data


def grid(steps: int, count: int) -> list[int]:
    """``count`` steps from ``steps`` down to 0, evenly spaced in time: ``count + 1`` times."""
    if not 1 <= count <= steps:
        raise ValueError(f"{count} sampling steps; allowed: 1 to {steps}")
    return [round(steps * (count - i) / count) for i in range(count + 1)]


def signal_grid(schedule: Schedule, count: int) -> list[int]:
    """Like :func:`grid`, but even in log signal-to-noise between the first and the last step.

    Few even steps in time end with a long one, which lands on the mean instead of a draw: of a
    Gaussian ten times narrower than its prior, eight second-order steps keep 43% of the standard
    deviation on the even grid, 86% on this one.
    """
    grid(schedule.steps, count)
    alpha, sigma = schedule.alpha[1:].double(), schedule.sigma[1:].double()
    signal = (alpha / sigma).log()
    inner = torch.linspace(*INNER, count - 1, dtype=torch.float64)
    nearest = [int((signal - x).abs().argmin()) + 1 for x in inner]
    times = [schedule.steps, *nearest, 0]
    for i in reversed(range(count)):  # no time twice, and as many left as there are steps
        times[i] = max(times[i], times[i + 1] + 1)
    return [min(t, schedule.steps - i) for i, t in enumerate(times)]


def _between(schedule: Schedule, t: int, s: int) -> tuple[float, float, float, float]:
    alpha, sigma = schedule.alpha.double(), schedule.sigma.double()
    return float(alpha[t]), float(sigma[t]), float(alpha[s]), float(sigma[s])


def ddpm(
    denoise: Denoise,
    x: Tensor,
    schedule: Schedule,
    times: Sequence[int],
    generator: torch.Generator,
) -> Tensor:
    """Ancestral sampling: x_s ~ q(x_s | x_t, x_0) (Ho et al. 2020, arXiv:2006.11239, eq. 6-7)."""
    for t, s in pairwise(times):
        a_t, s_t, a_s, s_s = _between(schedule, t, s)
        a_ts = a_t / a_s
        var_ts = s_t**2 - a_ts**2 * s_s**2
        mean = (a_ts * s_s**2 * x + a_s * var_ts * denoise(x, t)) / s_t**2
        x = mean
        if s > 0:
            noise = torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
            x = mean + (var_ts**0.5 * s_s / s_t) * noise
    return x


def ddim(denoise: Denoise, x: Tensor, schedule: Schedule, times: Sequence[int]) -> Tensor:
    """Deterministic sampling, eta = 0 (Song et al. 2021, arXiv:2010.02502, eq. 12)."""
    for t, s in pairwise(times):
        a_t, s_t, a_s, s_s = _between(schedule, t, s)
        x0 = denoise(x, t)
        x = a_s * x0 + (s_s / s_t) * (x - a_t * x0)
    return x


def dpm(denoise: Denoise, x: Tensor, schedule: Schedule, times: Sequence[int]) -> Tensor:
    """DPM-Solver++(2M), second order (Lu et al. 2022, arXiv:2211.01095, algorithm 2).

    The first and the last step are first order: no history, and an infinite log-SNR.
    """
    last: Tensor | None = None
    h_last = torch.inf
    for t, s in pairwise(times):
        a_t, s_t, a_s, s_s = _between(schedule, t, s)
        x0 = denoise(x, t)
        h = torch.inf
        corrected = x0
        if s > 0:
            h = float(torch.log(torch.tensor(a_s / s_s * s_t / a_t, dtype=torch.float64)))
            if last is not None:
                r = h_last / h
                corrected = (1 + 1 / (2 * r)) * x0 - 1 / (2 * r) * last
        # sigma_s/sigma_t x - alpha_s (e^-h - 1) D, written so that it holds at h = infinity
        x = (s_s / s_t) * x + (a_s - a_t * s_s / s_t) * corrected
        last, h_last = x0, h
    return x
