"""Covariances over weeks of what moves: media paths and the baseline."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from mmm_benchmark.shapes.torch import DateDate, PerDate, PerWorld
from mmm_data_generator.fields.parts import REVERSION
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR

WANDER = 0.04  # variance of the baseline's wander, of the prior variance of its level


def ou_kernel(weeks: int) -> DateDate:
    """Covariance (weeks, weeks) of a stationary OU path of unit weekly volatility."""
    t = torch.arange(weeks, dtype=torch.float32)
    rho = 1 - REVERSION
    return rho ** (t[:, None] - t).abs() / (1 - rho**2)


@lru_cache(maxsize=256)
def path_kernel(weeks: int) -> tuple[PerDate, DateDate]:
    """Eigenvalues and vectors of a unit-volatility OU path less its own mean (weeks,)."""
    centre = torch.eye(weeks, dtype=torch.float64) - 1 / weeks
    values, vectors = torch.linalg.eigh(centre @ ou_kernel(weeks).double() @ centre)
    return values.clamp(min=0).float(), vectors.float()


@lru_cache(maxsize=256)
def base_kernel(weeks: int, wanders: bool = True) -> tuple[PerDate, DateDate]:
    """The same for the baseline."""
    values, vectors = torch.linalg.eigh(base_covariance(weeks, (weeks - 1) / 2, wanders))
    return values.clamp(min=0).float(), vectors.float()


def by_wander(wanders: PerWorld, of: Callable[[bool], Tensor]) -> Tensor:
    """What depends on whether the baseline may wander, ``of(True)`` or ``of(False)``.

    Matrices, with worlds in front of them where worlds differ.
    """
    calm = wanders == 0
    if bool(calm.all()) or not bool(calm.any()):
        return of(not bool(calm.any()))
    return torch.where(calm[:, None, None], of(False), of(True))


def base_root(weeks: int, wanders: bool = True) -> DateDate:
    """A root of the baseline's covariance: ``root @ N(0, 1)`` is a draw of it."""
    values, vectors = base_kernel(weeks, wanders)
    return vectors * values.sqrt()


def base_covariance(weeks: int, centre: float, wanders: bool = True) -> DateDate:
    """Covariance (weeks, weeks) of level, trend, two yearly harmonics and a slow wander.

    The trend turns about week ``centre``; without the wander a line and two waves are left.
    """
    t = torch.arange(weeks, dtype=torch.float64)
    trend = (t - centre) / WEEKS_PER_YEAR
    wander = WANDER * 0.97 ** (t[:, None] - t).abs() if wanders else 0.0
    kernel = 1.0 + 0.25 * trend[:, None] * trend + wander
    for harmonic, variance in ((1, 0.5), (2, 0.05)):
        kernel = kernel + variance * torch.cos(
            2 * math.pi * harmonic * (t[:, None] - t) / WEEKS_PER_YEAR
        )
    return kernel
