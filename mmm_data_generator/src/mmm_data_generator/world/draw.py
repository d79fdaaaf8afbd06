"""The world of a plan and a seed, before anything goes wrong in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.parts import ChannelConfig, ControlConfig, RegionConfig
from mmm_data_generator.fields.periods import PER_YEAR, weekday_factors
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig
from mmm_data_generator.world import baseline, coefficients, spend, transforms
from mmm_data_generator.world.seeds import normals, stream
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]


class Plan(Protocol):
    """What a world is drawn from; every ``MMMDataConfig`` without a prior is one."""

    @property
    def n_periods(self) -> int:
        """Periods of the window."""

    @property
    def start_date(self) -> str | None:
        """First day of the window."""

    @property
    def frequency(self) -> str:
        """``weekly`` or ``daily``."""

    @property
    def channels(self) -> Sequence[ChannelConfig]:
        """The channels."""

    @property
    def control_variables(self) -> Sequence[ControlConfig]:
        """The controls."""

    @property
    def regions(self) -> RegionConfig:
        """The geos and their baseline."""


def plain_world(plan: Plan, seed: int) -> World:
    """Draw the world of a plan and a seed."""
    geos = plan.regions.geos
    factor = _base_factors(plan, seed)
    base = plan.regions.base_sales_rate * factor
    spending = _spend(plan, seed, geos)
    controls = _controls(plan, seed, geos)
    weekday = weekday_factors(plan.regions.weekday_sales, str(plan.start_date), plan.n_periods)
    intercept, trend, seasonality = baseline.parts(plan.regions, base, plan.n_periods, weekday)
    z = normals(seed, "sales noise", geos, ("",), plan.n_periods)[:, 0]
    return World(
        spend=spending,
        controls=controls,
        population=_population(plan, seed, factor),
        control_coefficient=_control_coefficients(plan, seed, controls.shape),
        intercept=intercept,
        trend=trend,
        seasonality=seasonality,
        shock=plan.regions.sales_volatility * base[:, None] * z,
        nonnegative=plan.regions.nonnegative_sales,
        **_media(plan, seed, spending, base),
    )


def _base_factors(plan: Plan, seed: int) -> Array:
    """Size of each geo relative to the average one, mean 1."""
    z = normals(seed, "geo size", plan.regions.geos, ("",), 1)[:, 0, 0]
    return spend.noise(z, plan.regions.baseline_variation)


def _population(plan: Plan, seed: int, factor: Array) -> Array:
    """People in each geo: a million in the average one, near proportional to its sales."""
    z = normals(seed, "population", plan.regions.geos, ("",), 1)[:, 0, 0]
    return np.round(1e6 * factor * spend.noise(z, 0.05))


def _spend(plan: Plan, seed: int, geos: tuple[str, ...]) -> Array:
    n = plan.n_periods
    z = normals(seed, "spend noise", geos, tuple(c.name for c in plan.channels), n)
    out = np.empty((len(geos), n, len(plan.channels)))
    for j, c in enumerate(plan.channels):
        weekday = weekday_factors(c.weekday_spend, str(plan.start_date), n)
        shape = _shape(plan, c, c.spend_trend, seed, "channel schedule", weekday)
        noisy = spend.noise(z[:, j], c.spend_volatility, c.spend_noise)
        out[..., j] = c.base_spend * shape * noisy
    return out


def _controls(plan: Plan, seed: int, geos: tuple[str, ...]) -> Array:
    n = plan.n_periods
    names = tuple(c.name for c in plan.control_variables)
    z = normals(seed, "control noise", geos, names, n)
    size = normals(seed, "control geo size", geos, names, 1)[..., 0]
    out = np.empty((len(geos), n, len(names)))
    for k, c in enumerate(plan.control_variables):
        shape = _shape(plan, c, c.value_trend, seed, "control schedule")
        level = c.base_value * spend.noise(size[:, k], c.regional_value_variation)
        out[..., k] = level[:, None] * shape * spend.noise(z[:, k], c.value_volatility)
    return out


def _shape(
    plan: Plan,
    c: ChannelConfig | ControlConfig,
    trend: float,
    seed: int,
    purpose: str,
    weekday: Array | float = 1.0,
) -> Array:
    rng = stream(seed, purpose, name=c.name) if c.pattern == "on_off" else None
    year = PER_YEAR[plan.frequency]
    return spend.shape(c, trend, plan.n_periods, rng, year, weekday)


def _control_coefficients(plan: Plan, seed: int, shape: tuple[int, ...]) -> Array:
    out = np.empty(shape)
    for k, c in enumerate(plan.control_variables):
        path = _path(c, plan.n_periods, seed, "control coefficient")
        out[..., k] = c.base_effectiveness * np.exp(path)
    return out


def _path(c: ChannelConfig | ControlConfig, n: int, seed: int, purpose: str) -> Array:
    if c.coefficient.process == "constant":
        return np.zeros(n)
    return coefficients.log_path(c.coefficient, n, stream(seed, purpose, name=c.name))


def _media(plan: Plan, seed: int, spending: Array, base: Array) -> dict[str, Any]:
    """Coefficients and transforms of every geo and channel."""
    regions, n = plan.regions, plan.n_periods
    names = tuple(c.name for c in plan.channels)
    # effect, decay, half-saturation, slope: always four draws, so that no setting moves another
    z = normals(seed, "geo effect and transforms", regions.geos, names, 4)
    shape = (len(regions.geos), len(names))
    pivot, power, decay = np.empty(shape), np.empty(shape), np.full(shape, np.nan)
    kind = np.empty(len(names), dtype=np.int8)
    coefficient, weights = np.empty(spending.shape), []
    v = regions.transform_variation
    for j, c in enumerate(plan.channels):
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
        "adstock_first": np.array([c.adstock_first for c in plan.channels]),
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
