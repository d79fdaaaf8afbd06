"""Covariances over weeks of what moves: media paths and the baseline."""

from __future__ import annotations

import math
from functools import lru_cache

import torch

from mmm_benchmark.shapes.torch import DateDate, PerDate
from mmm_data_generator.fields.parts import REVERSION
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR


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
def base_kernel(weeks: int) -> tuple[PerDate, DateDate]:
    """The same for the baseline."""
    values, vectors = torch.linalg.eigh(base_covariance(weeks, centre=(weeks - 1) / 2))
    return values.clamp(min=0).float(), vectors.float()


def base_covariance(weeks: int, centre: float) -> DateDate:
    """Covariance (weeks, weeks) of level, trend, two yearly harmonics and a slow wander.

    The trend turns about week ``centre``.
    """
    t = torch.arange(weeks, dtype=torch.float64)
    trend = (t - centre) / WEEKS_PER_YEAR
    kernel = 1.0 + 0.25 * trend[:, None] * trend + 0.04 * 0.97 ** (t[:, None] - t).abs()
    for harmonic, variance in ((1, 0.5), (2, 0.05)):
        kernel = kernel + variance * torch.cos(
            2 * math.pi * harmonic * (t[:, None] - t) / WEEKS_PER_YEAR
        )
    return kernel
