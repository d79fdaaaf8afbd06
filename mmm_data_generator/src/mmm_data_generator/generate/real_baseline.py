"""What a company would sell without media: as its KPI has it, or drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.dataset.cube import Cube
from mmm_data_generator.fields.periods import PER_YEAR, frequency_of
from mmm_data_generator.world.coefficients import autoregress
from mmm_data_generator.world.seeds import stream
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]


def mean_sales(kpi: Array | None, x: Array, seed: int) -> Array:
    """Return mean weekly sales of each geo: the target's, or spend over a share of U(0.05, 0.2)."""
    if kpi is not None:
        return kpi.mean(1)
    spend = x.sum(-1).mean(1)
    share = stream(seed, "real spend share").uniform(0.05, 0.2)
    return np.maximum(spend, spend.mean() * 0.01) / share


def with_baseline(
    world: World, kpi: Array | None, mean: Array, noise_share: float, table: Cube, seed: int
) -> World:
    """Return the world with intercept, trend, seasonality, controls and noise."""
    g, n, _ = world.spend.shape
    t = np.arange(n) - (n - 1) / 2
    season = _season(table.dates)
    intercept, trend, seasonality = (np.zeros((g, n)) for _ in range(3))
    control = np.zeros(world.controls.shape)
    shock, media = np.zeros((g, n)), world.contribution().sum(-1)
    for i in range(g):
        z = world.controls[i]
        spread = z.std(0)
        # a control that never moves cannot be told from the intercept
        z = (z - z.mean(0)) * (spread > 0)
        X = np.column_stack([np.ones(n), t, season, z])
        rng = stream(seed, "real baseline", str(table.geos[i]))
        if kpi is None:
            beta = np.concatenate(
                [
                    [mean[i] - media[i].mean()],
                    rng.normal(0, 0.1, 1) * mean[i] / n,
                    rng.normal(0, 0.07, season.shape[1]) * mean[i],
                    rng.normal(0, 0.03, z.shape[1]) * mean[i] / np.where(spread > 0, spread, 1.0),
                ]
            )
            sd, phi = noise_share * mean[i], 0.0
        else:
            beta = np.linalg.lstsq(X, kpi[i] - media[i], rcond=None)[0]
            sd, phi = _residual_law(np.column_stack([X, world.contribution()[i]]), kpi[i])
        m = 2 + season.shape[1]
        gamma = beta[m:] * (spread > 0)
        intercept[i] = beta[0] - (gamma * world.controls[i].mean(0)).sum()
        trend[i], seasonality[i] = beta[1] * t, season @ beta[2:m]
        control[i] = gamma
        steps = np.asarray(rng.standard_normal(n))
        steps[1:] *= np.sqrt(1 - phi**2)
        shock[i] = sd * autoregress(steps, phi)
    return replace(
        world,
        intercept=intercept,
        trend=trend,
        seasonality=seasonality,
        control_coefficient=control,
        shock=shock,
    )


def _season(dates: NDArray[np.datetime64]) -> Array:
    """Return two waves a year, and for days the weekdays, (date, column) of mean 0."""
    frequency, n = frequency_of(dates) or "weekly", len(dates)
    year = PER_YEAR[frequency]
    angle = 2 * np.pi * np.arange(n) / year
    waves = [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    # a window of less than a year and a half cannot tell the season from the trend
    season = np.stack(waves, 1) if n >= int(1.5 * year) else np.zeros((n, 0))
    if frequency == "daily":
        weekday = (dates.astype("datetime64[D]").astype(int) + 3) % 7  # 1970 began on a Thursday
        season = np.column_stack([season, weekday[:, None] == np.arange(6)])
    return np.asarray(season - season.mean(0))


def _residual_law(X: Array, y: Array) -> tuple[float, float]:
    """Return standard deviation and lag-one autocorrelation of what a regression leaves."""
    left = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    freedom = max(len(y) - np.linalg.matrix_rank(X), 1)
    sd = float(np.sqrt((left**2).sum() / freedom))
    phi = float((left[1:] * left[:-1]).sum() / max((left**2).sum(), 1e-12))
    return sd, float(np.clip(phi, -0.95, 0.95))
