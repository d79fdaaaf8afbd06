"""Draws from :class:`~mmm_data_generator.priors.time_varying.TimeVaryingPrior`, a batch at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.periods import WEEKS_PER_YEAR
from mmm_data_generator.world import transforms
from mmm_data_generator.world.coefficients import autoregress, ou_path
from mmm_data_generator.world.spend import bursts, noise, seasonal, unit_mean
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    from mmm_data_generator.priors.time_varying import TimeVaryingPrior
    from mmm_data_generator.world.seeds import Streams

Array = NDArray[np.float64]


def draw(prior: TimeVaryingPrior, streams: Streams, n_worlds: int, n_periods: int) -> World:
    """Return ``n_worlds`` worlds; the law and its symbols are in the prior's docstring."""
    p, n, T = prior, n_worlds, n_periods
    rng = streams("time_varying scales")
    S = p.sales_median * np.exp(p.sales_sd * rng.standard_normal(n))
    q = rng.uniform(p.share_low, p.share_high, n)
    shock = p.noise_share * S[:, None] * streams("time_varying noise").standard_normal((n, T))

    media = [_channel(p, streams, name, n, T) for name in p.channels]
    x, w, pivot, slope, decay, u, weight = (
        np.stack([one[i] for one in media], axis=-1) for i in range(7)
    )
    split = weight / weight.sum(-1, keepdims=True)  # normalised gammas: Dirichlet
    h = transforms.saturate(
        transforms.adstock(x[:, None], w[:, None]),
        np.zeros(len(p.channels), dtype=np.int8),
        pivot[:, None],
        slope[:, None],
    )[:, 0]
    moving = np.exp(u)
    level = (q * S)[:, None] * split / (moving * h).mean(1)

    c = np.stack(_controls(p, streams, n, T), axis=-1) if p.controls else np.zeros((n, T, 0))
    gamma = np.zeros_like(c)
    for k, name in enumerate(p.controls):
        rng = streams("time_varying control path", name=name)
        b = p.control_sd * rng.standard_normal((n, 1))
        g = ou_path(
            rng,
            (n,),
            T,
            p.control_volatility,
            p.reversion,
            p.jump_probability,
            p.control_jump_sd,
        )
        gamma[..., k] = p.control_unit * S[:, None] * (b + g)
    intercept = (1 - q) * S - (gamma * c).sum(-1).mean(-1)

    flat = np.zeros((n, 1, T))
    return World(
        spend=x[:, None],
        controls=c[:, None],
        population=np.full((n, 1), 1e6),
        lag_weights=w[:, None],
        adstock_first=np.ones((n, len(p.channels)), dtype=bool),
        kind=np.full((n, len(p.channels)), transforms.HILL, dtype=np.int8),
        pivot=pivot[:, None],
        power=slope[:, None],
        coefficient=(level[:, None, :] * moving)[:, None],
        control_coefficient=gamma[:, None],
        intercept=np.repeat(intercept[:, None, None], T, axis=2),
        trend=flat,
        seasonality=flat.copy(),
        shock=shock[:, None],
        adstock_decay=decay[:, None],
    )


def _channel(p: TimeVaryingPrior, streams: Streams, name: str, n: int, T: int) -> tuple[Array, ...]:
    """Return spend, lag weights, pivot, slope, decay, path and Dirichlet weight of a channel."""
    rng = streams("time_varying spend", name=name)
    level = p.spend_median * np.exp(p.spend_sd * rng.standard_normal((n, 1)))
    shape = _shapes(rng, n, T)
    z = rng.standard_normal((n, T))
    x = level * shape * noise(z, np.sqrt(np.expm1(p.spend_log_sd**2)))

    rng = streams("time_varying transforms", name=name)
    d = rng.beta(p.decay_a, p.decay_b, n)
    k = p.half_saturation_median * np.exp(p.half_saturation_sd * rng.standard_normal(n))
    s = p.slope_median * np.exp(p.slope_sd * rng.standard_normal(n))
    weight = rng.gamma(p.split, size=n)
    lag = d[:, None] ** np.arange(int(p.l_max))
    lag /= lag.sum(1, keepdims=True)
    mean_active = transforms.spend_figure(x, "mean_active")

    rng = streams("time_varying path", name=name)
    u = ou_path(rng, (n,), T, p.volatility, p.reversion, p.jump_probability, p.jump_sd)
    return x, lag, k * mean_active, s, d, u, weight


def _shapes(rng: np.random.Generator, n: int, T: int) -> Array:
    t = np.arange(T, dtype=float)
    pattern = rng.integers(0, 4, (n, 1))
    wave = seasonal(t, rng.uniform(0.2, 0.8, (n, 1)), rng.uniform(0, 2 * np.pi, (n, 1)))
    line = 1 + rng.uniform(-0.8, 1.5, (n, 1)) * t / max(T - 1, 1)
    flights = bursts(rng, rng.uniform(0.15, 0.5, n), np.full(n, 2), np.full(n, 8), T)
    return unit_mean(
        np.select(
            [pattern == 0, pattern == 1, pattern == 2], [np.ones((n, T)), wave, flights], line
        )
    )


def _controls(p: TimeVaryingPrior, streams: Streams, n: int, T: int) -> list[Array]:
    t = np.arange(T, dtype=float)
    out = []
    for k, name in enumerate(p.controls):
        rng = streams("time_varying control", name=name)
        if k == 0:
            phase = rng.uniform(0, 2 * np.pi, (n, 1))
            out.append(np.sin(2 * np.pi * t / WEEKS_PER_YEAR + phase))
        elif k == 1:
            out.append(np.repeat(np.linspace(-1.0, 1.0, T)[None], n, axis=0))
        else:
            steps = rng.standard_normal((n, T))
            steps[:, 1:] *= np.sqrt(1 - p.control_persistence**2)
            out.append(autoregress(steps, p.control_persistence))
    return out
