"""Worlds drawn from a prior: one configuration at a time, or thousands of worlds as arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.config.config import CoefficientConfig, MMMDataConfig
from mmm_data_generator.errors import ConfigError
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR
from mmm_data_generator.generate.batch import Batch
from mmm_data_generator.generate.config_from_draw import config_of
from mmm_data_generator.generate.published_scaling import (
    published_config,
    published_parameters,
    published_worlds,
)
from mmm_data_generator.priors.published import PublishedPrior
from mmm_data_generator.priors.time_varying import TimeVaryingPrior
from mmm_data_generator.priors.worlds import WorldPrior
from mmm_data_generator.priors.worlds_law import (
    BURSTS,
    LAUNCH,
    LINE,
    PROCESSES,
    SPEND_FIGURES,
    Ints,
    Parameters,
    Series,
    parameters,
)
from mmm_data_generator.world import coefficients, spend, transforms
from mmm_data_generator.world.world import ARRAYS, World

__all__ = ["PublishedPrior", "TimeVaryingPrior", "WorldPrior", "draw_batch", "draw_config"]

Array = NDArray[np.float64]
Prior = WorldPrior | TimeVaryingPrior | str

NAMED: dict[str, type[WorldPrior] | type[TimeVaryingPrior]] = {
    "worlds": WorldPrior,
    "time_varying": TimeVaryingPrior,
    "published": PublishedPrior,
}


def draw_config(
    rng: np.random.Generator,
    prior: Prior = "worlds",
    *,
    n_channels: int | None = None,
    n_controls: int | None = None,
    n_weeks: int | None = None,
    n_geos: int | None = None,
) -> MMMDataConfig:
    """Draw one whole configuration, its seed included.

    Parameters
    ----------
    rng
        Source of all randomness.
    prior
        ``"worlds"``, ``"time_varying"``, ``"published"``, or a prior object with fields of its
        own.
    n_channels, n_controls, n_weeks, n_geos
        Sizes; None draws them (``time_varying``: the prior's names, 104 weeks, one geo).
    """
    prior = _prior(prior)
    seed = int(rng.integers(2**63))
    if isinstance(prior, TimeVaryingPrior):
        _one_geo(n_geos)
        return MMMDataConfig(
            name="time_varying",
            n_periods=n_weeks or 104,
            prior=_resized(prior, n_channels, n_controls),
            seed=seed,
        )
    sizes = _sizes(rng, prior)
    channels, controls, weeks, geos = (
        drawn if given is None else given
        for drawn, given in zip(sizes, (n_channels, n_controls, n_weeks, n_geos), strict=True)
    )
    if geos == 1 and rng.random() < prior.time_varying_share:
        own = _resized(prior.time_varying, channels, controls)
        return MMMDataConfig(name="world", n_periods=weeks, prior=own, seed=seed)
    if isinstance(prior, PublishedPrior):
        p = published_parameters(rng, prior, 1, channels, controls, weeks)
        return published_config(rng, prior, config_of(p, weeks, geos, seed))
    return config_of(parameters(rng, prior, 1, channels, controls, weeks), weeks, geos, seed)


def draw_batch(
    rng: np.random.Generator,
    prior: Prior,
    n_worlds: int,
    n_channels: int | None = None,
    n_controls: int | None = None,
    n_weeks: int = 104,
    n_geos: int = 1,
) -> Batch:
    """Draw and simulate worlds of one shape at once: the law of ``draw_config``, many times faster.

    Parameters
    ----------
    rng
        Source of all randomness.
    prior
        ``"worlds"``, ``"time_varying"``, ``"published"``, or a prior object with fields of its
        own.
    n_worlds, n_channels, n_controls, n_weeks, n_geos
        The shape of the arrays; None takes 5 channels and 3 controls, or ``time_varying``'s own.

    Returns
    -------
    Batch
        Arrays with a leading world axis; ``batch.dataset(i)`` makes one of them a dataset.
    """
    prior = _prior(prior)
    if isinstance(prior, TimeVaryingPrior):
        _one_geo(n_geos)
        own = _resized(prior, n_channels, n_controls)
        return Batch(own.draw(lambda *_, **__: rng, n_worlds, n_weeks), name="time_varying")
    channels = 5 if n_channels is None else n_channels
    controls = 3 if n_controls is None else n_controls
    moving = n_geos == 1 and prior.time_varying_share > 0
    n_moving = int(rng.binomial(n_worlds, prior.time_varying_share)) if moving else 0
    worlds = []
    if n_moving:
        own = _resized(prior.time_varying, channels, controls)
        worlds.append(own.draw(lambda *_, **__: rng, n_moving, n_weeks))
    if n_moving < n_worlds:
        sizes = (n_worlds - n_moving, channels, controls, n_weeks)
        if isinstance(prior, PublishedPrior):
            p = published_parameters(rng, prior, *sizes)
            worlds.append(published_worlds(rng, prior, _simulate(rng, p, n_weeks, n_geos), p))
        else:
            worlds.append(_simulate(rng, parameters(rng, prior, *sizes), n_weeks, n_geos))
    return Batch(_shuffled(rng, worlds), name="world")


def _prior(prior: Prior) -> WorldPrior | TimeVaryingPrior:
    if not isinstance(prior, str):
        return prior
    if prior not in NAMED:
        raise ConfigError("prior", f" = {prior!r}: must be one of {', '.join(NAMED)} or an object")
    return NAMED[prior]()


def _one_geo(n_geos: int | None) -> None:
    if n_geos not in (None, 1):
        raise ConfigError("n_geos", f" = {n_geos}: time_varying worlds have one geo")


def _resized(
    prior: TimeVaryingPrior, channels: int | None, controls: int | None
) -> TimeVaryingPrior:
    """Return the prior with other numbers of channels and controls, its own names first."""
    changes: dict[str, Any] = {}
    for field, n in (("channels", channels), ("controls", controls)):
        own = getattr(prior, field)
        if n is not None and n != len(own):
            changes[field] = (*own[:n], *(f"{field[:-1]}_{i + 1}" for i in range(len(own), n)))
    return replace(prior, **changes) if changes else prior


def _sizes(rng: np.random.Generator, prior: WorldPrior) -> tuple[int, int, int, int]:
    channels = 1 + int(np.rint(4 * np.exp(0.7 * rng.standard_normal())))
    most = prior.max_controls if rng.random() < 0.1 else min(4, prior.max_controls)
    controls = int(rng.integers(0, most + 1))
    weeks = int(rng.integers(prior.min_weeks, prior.max_weeks + 1))
    one = prior.max_geos == 1 or rng.random() < 0.6
    geos = 1 if one else int(rng.integers(2, prior.max_geos + 1))
    return min(channels, prior.max_channels), controls, weeks, geos


def _simulate(rng: np.random.Generator, p: Parameters, T: int, G: int) -> World:
    """Simulate a batch from its parameters, all worlds, geos and channels at once."""
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


def _shuffled(rng: np.random.Generator, worlds: list[World]) -> World:
    """Join batches and put their worlds into random order."""
    if len(worlds) == 1:
        return worlds[0]
    lags = max(world.lag_weights.shape[2] for world in worlds)
    order = rng.permutation(sum(len(world.spend) for world in worlds))
    joined: dict[str, Any] = {}
    for name in ARRAYS:
        parts = [getattr(world, name) for world in worlds]
        if name == "lag_weights":
            parts = [
                np.pad(part, ((0, 0), (0, 0), (0, lags - part.shape[2]), (0, 0))) for part in parts
            ]
        joined[name] = np.concatenate(parts)[order]
    return World(**joined)
