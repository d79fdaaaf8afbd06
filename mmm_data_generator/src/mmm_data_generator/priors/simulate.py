"""Worlds as arrays from their parameters: all worlds, geos and channels at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.parts import PROCESSES, CoefficientConfig
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR
from mmm_data_generator.priors.parameters import (
    BURSTS,
    LAUNCH,
    LINE,
    SPEND_FIGURES,
    Ints,
    Parameters,
    Series,
)
from mmm_data_generator.world import coefficients, spend, transforms
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]


def simulate(rng: np.random.Generator, p: Parameters, T: int, G: int) -> World:
    """Return the worlds (world, geo, date, ...) of ``T`` weeks and ``G`` geos."""
    n, J = p.alpha.shape
    x = _weekly(rng, p.spend, T, G, np.zeros((n, J)))
    values = _weekly(rng, p.controls, T, G, np.full(p.controls.level.shape, 0.05))
    size = spend.noise(rng.standard_normal((n, G)), p.size_variation[:, None])
    base = p.base[:, None] * size

    z = rng.standard_normal((4, n, G, J))
    v = p.transform_variation[:, None, None]
    effect = p.effect[:, None] * spend.noise(z[0], p.effect_variation[:, None, None])
    odds = p.alpha[:, None] * np.exp(v * z[1])
    alpha = odds / (1 - p.alpha[:, None] + odds)
    half = p.half_saturation[:, None] * np.exp(v * z[2])
    path = np.exp(_paths(rng, p, J, T))  # (world, channel, date)

    lag = np.arange(p.l_max.max())
    weights = alpha[:, :, None, :] ** lag[:, None]
    weights *= (lag < p.l_max[:, None])[:, None, :, None]
    t = np.arange(T)
    wave = np.sin(2 * np.pi * t / WEEKS_PER_YEAR + p.phase[:, None])
    control_effect = np.broadcast_to(p.control_effect[:, None, None, :], values.shape)
    return World(
        spend=x,
        controls=values,
        population=np.round(1e6 * size * spend.noise(rng.standard_normal((n, G)), 0.05)),
        lag_weights=weights / weights.sum(2, keepdims=True),
        adstock_first=np.ones((n, J), dtype=bool),
        kind=np.full((n, J), transforms.HILL, dtype=np.int8),
        pivot=half * _spend_figure(x, p.figure),
        power=p.slope[:, None] * np.exp(v * z[3]),
        coefficient=(effect * base[..., None])[:, :, None, :] * path.swapaxes(1, 2)[:, None],
        control_coefficient=control_effect,
        intercept=np.repeat(base[..., None], T, axis=2),
        trend=base[..., None] * (p.trend[:, None] * t)[:, None],
        seasonality=base[..., None] * (p.amplitude[:, None] * wave)[:, None],
        shock=(p.noise[:, None] * base)[..., None] * rng.standard_normal((n, G, T)),
        adstock_decay=alpha,
    )


def _spend_figure(x: Array, figure: Ints) -> Array:
    """Return the figure of spend (world, geo, channel) that half-saturations are multiples of."""
    spending = x.swapaxes(2, 3)  # (world, geo, channel, date)
    out = np.empty(spending.shape[:-1])
    for index, name in enumerate(SPEND_FIGURES):
        if (own := np.broadcast_to((figure == index)[:, None], out.shape)).any():
            out[own] = transforms.spend_figure(spending[own], name)
    return out


def _weekly(rng: np.random.Generator, s: Series, T: int, G: int, between: Array) -> Array:
    """Return series (world, geo, date, series); ``between`` is their variation over geos."""
    n, J = s.level.shape
    t = np.arange(T, dtype=float)
    line = np.maximum(1 + s.trend[..., None] * t, 0.0)
    wave = spend.seasonal(t, s.amplitude[..., None], s.phase[..., None])
    launch = spend.ramp(t, s.start[..., None], s.ramp[..., None], s.end[..., None])
    shape = np.where((s.pattern == LINE)[..., None], line, wave)
    shape = np.where((s.pattern == LAUNCH)[..., None], launch, shape)
    on = s.pattern == BURSTS
    if on.any():
        shape[on] = spend.bursts(rng, s.chance[on], s.shortest[on], s.longest[on], T)
    shape = spend.unit_mean(shape).swapaxes(1, 2)  # (world, date, series)
    noise = spend.noise(rng.standard_normal((n, G, T, J)), s.variation[:, None, None])
    if s.uniform.any():
        world, series = np.nonzero(s.uniform)
        flat = 2 * rng.random((len(world), G, T)) - 1
        noise[world, :, :, series] = 1 + 3**0.5 * s.variation[world, series, None, None] * flat
    size = s.level[:, None] * spend.noise(rng.standard_normal((n, G, J)), between[:, None])
    return size[:, :, None] * shape[:, None] * noise


def _paths(rng: np.random.Generator, p: Parameters, J: int, T: int) -> Array:
    """Return log coefficient paths (world, channel, date), each world by its own process."""
    out = np.zeros((*p.alpha.shape, T))
    jumps = CoefficientConfig()
    for process, name in enumerate(PROCESSES):
        rows = np.flatnonzero(p.process == process)
        if name == "constant" or not len(rows):
            continue
        volatility = np.repeat(p.volatility[rows, None], J, axis=1)
        if name == "random_walk":
            steps = volatility[..., None] * rng.standard_normal((len(rows), J, T))
            steps[..., 0] = 0.0
            out[rows] = np.cumsum(steps, axis=-1)
            continue
        often = jumps.jump_probability if name == "log_ou_jumps" else 0.0
        reversion = np.repeat(p.reversion[rows, None], J, axis=1)
        out[rows] = coefficients.ou_path(
            rng, volatility.shape, T, volatility, reversion, often, jumps.jump_sd
        )
    return out
