"""(config, seed) -> world -> dataset; a pure function."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmm_data_generator.config.config import ChannelConfig, ControlConfig, MMMDataConfig
from mmm_data_generator.dataset.dataset import MMMDataset, coordinates
from mmm_data_generator.fields.periods import PER_YEAR, calendar, weekday_factors
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig
from mmm_data_generator.stressors import StressedWorld, apply_stressors
from mmm_data_generator.world import baseline, coefficients, spend, transforms
from mmm_data_generator.world.seeds import normals, stream, streams_of
from mmm_data_generator.world.world import Array, World


def generate_mmm_dataset(config: MMMDataConfig | str | None = None, **overrides: Any) -> MMMDataset:
    """Generate the dataset that a config and its seed determine.

    Parameters
    ----------
    config
        A config, the name of a preset or cell, or None for ``DEFAULT_CONFIG``.
    **overrides
        Fields to change, nested ones as ``**{"regions.n_regions": 4}``; most often ``seed=7``.

    Raises
    ------
    ConfigError
        A field is unknown or holds what is not allowed.
    """
    from mmm_data_generator.config.customize import customize
    from mmm_data_generator.presets.business import default_config, get_preset_config

    if config is None:
        config = default_config()
    elif isinstance(config, str):
        config = get_preset_config(config, overrides.pop("seed", None))
    config = customize(config, overrides)
    seed = config.seed or 0
    return MMMDataset.of_world(
        draw_world(config, seed),
        coordinates(config),
        config.name,
        config=config,
        seed=seed,
        with_truth=config.include_ground_truth,
    )


def draw_world(config: MMMDataConfig, seed: int) -> World:
    """Draw the world of a config and a seed, its stressors applied."""
    world = _calm_world(config, seed)
    return _under_stress(world, config, seed) if config.stressors else world


def _under_stress(world: World, config: MMMDataConfig, seed: int) -> StressedWorld:
    """Return the world of a config with its stressors applied."""
    base = world.intercept.mean(-1)
    return apply_stressors(
        world,
        config.stressors,
        seed=seed,
        geos=config.geo_names,
        channels=config.channel_names,
        controls=config.control_names,
        dates=calendar(str(config.start_date), config.n_periods, config.frequency),
        base=base,
        noise=world.shock.std(-1) if config.prior else config.regions.sales_volatility * base,
    )


def _calm_world(config: MMMDataConfig, seed: int) -> World:
    if config.prior is not None:
        return config.prior.draw(streams_of(seed), 1, config.n_periods).item(0)
    geos = config.regions.geos
    factor = _base_factors(config, seed)
    base = config.regions.base_sales_rate * factor
    spending = _spend(config, seed, geos)
    controls = _controls(config, seed, geos)
    weekday = weekday_factors(
        config.regions.weekday_sales, str(config.start_date), config.n_periods
    )
    intercept, trend, seasonality = baseline.parts(config.regions, base, config.n_periods, weekday)
    z = normals(seed, "sales noise", geos, ("",), config.n_periods)[:, 0]
    return World(
        spend=spending,
        controls=controls,
        population=_population(config, seed, factor),
        control_coefficient=_control_coefficients(config, seed, controls.shape),
        intercept=intercept,
        trend=trend,
        seasonality=seasonality,
        shock=config.regions.sales_volatility * base[:, None] * z,
        nonnegative=config.regions.nonnegative_sales,
        **_media(config, seed, spending, base),
    )


def _base_factors(config: MMMDataConfig, seed: int) -> Array:
    """Size of each geo relative to the average one, mean 1."""
    z = normals(seed, "geo size", config.regions.geos, ("",), 1)[:, 0, 0]
    return spend.noise(z, config.regions.baseline_variation)


def _population(config: MMMDataConfig, seed: int, factor: Array) -> Array:
    """People in each geo: a million in the average one, near proportional to its sales."""
    z = normals(seed, "population", config.regions.geos, ("",), 1)[:, 0, 0]
    return np.round(1e6 * factor * spend.noise(z, 0.05))


def _spend(config: MMMDataConfig, seed: int, geos: tuple[str, ...]) -> Array:
    n = config.n_periods
    z = normals(seed, "spend noise", geos, tuple(c.name for c in config.channels), n)
    out = np.empty((len(geos), n, len(config.channels)))
    for j, c in enumerate(config.channels):
        weekday = weekday_factors(c.weekday_spend, str(config.start_date), n)
        shape = _shape(config, c, c.spend_trend, seed, "channel schedule", weekday)
        noisy = spend.noise(z[:, j], c.spend_volatility, c.spend_noise)
        out[..., j] = c.base_spend * shape * noisy
    return out


def _controls(config: MMMDataConfig, seed: int, geos: tuple[str, ...]) -> Array:
    n = config.n_periods
    names = tuple(c.name for c in config.control_variables)
    z = normals(seed, "control noise", geos, names, n)
    size = normals(seed, "control geo size", geos, names, 1)[..., 0]
    out = np.empty((len(geos), n, len(names)))
    for k, c in enumerate(config.control_variables):
        shape = _shape(config, c, c.value_trend, seed, "control schedule")
        level = c.base_value * spend.noise(size[:, k], c.regional_value_variation)
        out[..., k] = level[:, None] * shape * spend.noise(z[:, k], c.value_volatility)
    return out


def _shape(
    config: MMMDataConfig,
    c: ChannelConfig | ControlConfig,
    trend: float,
    seed: int,
    purpose: str,
    weekday: Array | float = 1.0,
) -> Array:
    rng = stream(seed, purpose, name=c.name) if c.pattern == "on_off" else None
    year = PER_YEAR[config.frequency]
    return spend.shape(c, trend, config.n_periods, rng, year, weekday)


def _control_coefficients(config: MMMDataConfig, seed: int, shape: tuple[int, ...]) -> Array:
    out = np.empty(shape)
    for k, c in enumerate(config.control_variables):
        path = _path(c, config.n_periods, seed, "control coefficient")
        out[..., k] = c.base_effectiveness * np.exp(path)
    return out


def _path(c: ChannelConfig | ControlConfig, n: int, seed: int, purpose: str) -> Array:
    if c.coefficient.process == "constant":
        return np.zeros(n)
    return coefficients.log_path(c.coefficient, n, stream(seed, purpose, name=c.name))


def _media(config: MMMDataConfig, seed: int, spending: Array, base: Array) -> dict[str, Any]:
    """Coefficients and transforms of every geo and channel."""
    regions, n = config.regions, config.n_periods
    names = tuple(c.name for c in config.channels)
    # effect, decay, half-saturation, slope: always four draws, so that no setting moves another
    z = normals(seed, "geo effect and transforms", regions.geos, names, 4)
    shape = (len(regions.geos), len(names))
    pivot, power, decay = np.empty(shape), np.empty(shape), np.full(shape, np.nan)
    kind = np.empty(len(names), dtype=np.int8)
    coefficient, weights = np.empty(spending.shape), []
    v = regions.transform_variation
    for j, c in enumerate(config.channels):
        effect = spend.noise(z[:, j, 0], regions.channel_param_variation)
        level = c.base_effectiveness * base * effect
        path = np.exp(_path(c, n, seed, "channel coefficient"))
        coefficient[..., j] = level[:, None] * path
        adstock, saturation = c.adstock or AdstockConfig(), c.saturation or SaturationConfig()
        alpha = _vary_odds(adstock.alpha, v * z[:, j, 1])
        weights.append(np.atleast_2d(transforms.lag_weights(adstock, n, alpha)))
        if adstock.type in ("geometric", "delayed"):
            decay[:, j] = alpha
        elif adstock.type == "none":
            decay[:, j] = 0.0
        kind[j], pivot[:, j], power[:, j] = transforms.saturation_form(
            saturation,
            transforms.spend_figure(spending[..., j], saturation.scale),
            v * z[:, j, 2],
            v * z[:, j, 3],
        )
    lags = max(w.shape[1] for w in weights)
    lag_weights = np.zeros((shape[0], lags, shape[1]))
    for j, w in enumerate(weights):
        lag_weights[:, : w.shape[1], j] = w
    return {
        "lag_weights": lag_weights,
        "adstock_first": np.array([c.adstock_first for c in config.channels]),
        "kind": kind,
        "pivot": pivot,
        "power": power,
        "coefficient": coefficient,
        "adstock_decay": decay,
    }


def _vary_odds(alpha: float | None, shift: Array) -> Array | None:
    """Shift a decay by an amount on the log-odds scale; 0 stays 0."""
    if alpha is None:
        return None
    grown = alpha * np.exp(shift)
    return grown / (1 - alpha + grown)
