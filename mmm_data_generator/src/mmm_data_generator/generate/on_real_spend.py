"""Semi-synthetic data: a company's own spend, controls and calendar, and a simulated outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.config.config import ChannelConfig
from mmm_data_generator.dataset.cube import Cube
from mmm_data_generator.dataset.dataset import MMMDataset
from mmm_data_generator.dataset.read_table import read_table
from mmm_data_generator.dataset.tables import check_spend
from mmm_data_generator.errors import ConfigError, DataError, suggest
from mmm_data_generator.fields.periods import PER_YEAR, WEEKS_PER_YEAR, frequency_of
from mmm_data_generator.fields.rules import Broken
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig
from mmm_data_generator.generate.hidden_demand import (
    HiddenDemand,
    hidden_demand,
    with_hidden_demand,
)
from mmm_data_generator.stressors import apply_stressors, refuse_misfits, stressor_list
from mmm_data_generator.world import coefficients, transforms
from mmm_data_generator.world.coefficients import autoregress
from mmm_data_generator.world.estimands import SPEND_MULTIPLIERS
from mmm_data_generator.world.seeds import stream
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]

#: What a channel may be told; the rest is its own history.
EFFECT_FIELDS = ("base_effectiveness", "adstock", "saturation", "adstock_first", "coefficient")


def from_real(
    frame: Any,
    *,
    date: str = "date",
    geo: str | None = None,
    channels: Sequence[str],
    controls: Sequence[str] = (),
    target: str | None = None,
    population: Mapping[str, float] | None = None,
    effects: Mapping[str, Mapping[str, Any]] | None = None,
    media_share: float | None = None,
    noise_share: float = 0.05,
    stressors: Sequence[Any] = (),
    demand: HiddenDemand | Mapping[str, Any] | None = None,
    seed: int = 0,
    name: str = "real",
) -> MMMDataset:
    """Simulate sales on a company's own spend, which stays as it is to the last digit.

    Parameters
    ----------
    frame
        A CSV, Parquet or Excel file, or a pandas or polars frame: a row for each date and geo.
        Its frequency (daily, weekly, monthly) is read off the dates; ``dataset.frequency`` and
        all units say it. Drawn carry-over lasts as long in days whatever the frequency.
    date, geo, channels, controls
        Names of columns; ``geo=None`` where there is one geo.
    target
        A real KPI whose level, trend, seasonality, control effects and noise (variance and
        autocorrelation) are matched in each geo; None draws them.
    population
        People by geo; None: a million each.
    effects
        For some or all channels, fields of ``ChannelConfig``: ``base_effectiveness`` (sales a
        period at full saturation over base sales), ``adstock``, ``saturation``, ``adstock_first``,
        ``coefficient``. What is not given is drawn.
    media_share
        Share of sales that all channels with drawn effects have together; None draws U(0.15,
        0.45).
    noise_share
        Without a target: noise standard deviation over mean sales.
    stressors
        Stressors that leave spend alone (see ``mmm_data_generator.stressors``).
    demand
        A :class:`HiddenDemand`, or its fields: demand that moves sales, that nobody observes, and
        that is correlated with the spend as it is.
    seed
        Seed of everything drawn.

    Raises
    ------
    DataError
        The table does not hold a clean number for every date and geo, its dates are irregular, or
        a stressor changes spend.
    ConfigError
        An effect, stressor or demand is not allowed.
    """
    if isinstance(channels, str) or isinstance(controls, str) or not len(channels):
        raise DataError("channels and controls: must be lists of columns, at least one channel")
    numbers = [*([] if target is None else [target]), *channels, *controls]
    table = Cube.of(read_table(frame, () if geo is None else (geo,)), date, geo, numbers, "frame")
    x, c = table.columns(channels), table.columns(controls)
    check_spend(x, channels, table)
    kpi = None if target is None else table.columns([target])[..., 0]
    if kpi is not None and (kpi.mean(1) <= 0).any():
        raise DataError(f"frame: the mean of '{target}' must be above 0 in every geo")

    frequency = frequency_of(table.dates) or "weekly"
    media, given = _media(x, channels, effects or {}, frequency, seed)
    mean = _mean_sales(kpi, x, seed)
    media["coefficient"] = _levels(media, x, given, mean, media_share, seed)
    drawn = World(
        spend=x,
        controls=c,
        population=_population(population, table),
        control_coefficient=np.zeros(c.shape),
        intercept=np.zeros(x.shape[:2]),
        trend=np.zeros(x.shape[:2]),
        seasonality=np.zeros(x.shape[:2]),
        shock=np.zeros(x.shape[:2]),
        **media,
    )
    world = _with_baseline(drawn, kpi, mean, noise_share, table, seed)
    coords = {
        "geo": table.geos,
        "date": table.dates,
        "channel": np.array([str(each) for each in channels], dtype=str),
        "control": np.array([str(each) for each in controls], dtype=str),
        "spend_multiplier": np.array(SPEND_MULTIPLIERS),
    }
    if stressors:
        world, coords["control"] = _stressed(world, stressors, coords, seed)
    if demand is not None:
        names = [str(each) for each in channels]
        world = with_hidden_demand(
            world,
            hidden_demand(demand, names),
            channels=names,
            geos=[str(geo) for geo in table.geos],
            seed=seed,
            within_noise=kpi is not None,
        )
    return MMMDataset.of_world(world, coords, name, seed=seed)


def _population(given: Mapping[str, float] | None, table: Cube) -> Array:
    if given is None:
        return np.full(len(table.geos), 1e6)
    for geo in table.geos:
        if not given.get(str(geo), 0) > 0:
            raise DataError(f"population['{geo}']: must be given and > 0")
    return np.array([float(given[str(geo)]) for geo in table.geos])


def _media(
    x: Array,
    channels: Sequence[str],
    effects: Mapping[str, Mapping[str, Any]],
    frequency: str,
    seed: int,
) -> tuple[dict[str, Any], list[ChannelConfig]]:
    """Return transforms and paths (as coefficients of level 1) and each channel's config."""
    for name in effects:
        if name not in channels:
            raise ConfigError(f"effects[{name!r}]", f": no such channel{suggest(name, channels)}")
    g, n, k = x.shape
    kind = np.empty(k, dtype=np.int8)
    pivot, power, decay = np.empty((g, k)), np.empty((g, k)), np.full((g, k), np.nan)
    path, weights, given = np.empty(x.shape), [], []
    for j, channel in enumerate(channels):
        config = _channel(channel, effects.get(channel, {}), frequency, seed)
        given.append(config)
        if config.adstock is None or config.saturation is None:
            raise ConfigError(f"effects[{channel!r}]", ": needs an adstock and a saturation")
        weights.append(transforms.lag_weights(config.adstock, n))
        if config.adstock.type in ("geometric", "delayed"):
            decay[:, j] = config.adstock.alpha
        kind[j], pivot[:, j], power[:, j] = transforms.saturation_form(
            config.saturation,
            transforms.spend_figure(x[..., j], config.saturation.scale),
            np.zeros(g),
            np.zeros(g),
        )
        rng = stream(seed, "real coefficient", name=channel)
        path[..., j] = np.exp(coefficients.log_path(config.coefficient, n, rng))
    lags = max(len(w) for w in weights)
    lag_weights = np.zeros((g, lags, k))
    for j, w in enumerate(weights):
        lag_weights[:, : len(w), j] = w
    return {
        "lag_weights": lag_weights,
        "adstock_first": np.array([config.adstock_first for config in given]),
        "kind": kind,
        "pivot": pivot,
        "power": power,
        "coefficient": path,
        "adstock_decay": decay,
    }, given


def _channel(name: str, given: Mapping[str, Any], frequency: str, seed: int) -> ChannelConfig:
    """Return a channel whose missing fields are drawn; the law is that of ``time_varying``."""
    for field in given:
        if field not in EFFECT_FIELDS:
            raise ConfigError(
                f"effects[{name!r}].{field}",
                f": unknown field{suggest(field, EFFECT_FIELDS)}; fields:"
                f" {', '.join(EFFECT_FIELDS)}",
            )
    rng = stream(seed, "real transforms", name=name)
    alpha, slope, kappa = rng.beta(2, 3), 1.2, np.exp(0.4 * rng.standard_normal())
    slope *= float(np.exp(0.25 * rng.standard_normal()))
    drawn = {
        "base_effectiveness": 0.0,
        "adstock": _adstock(float(alpha), frequency),
        "saturation": SaturationConfig(slope=slope, kappa=float(kappa), scale="mean_active"),
    }
    try:
        return ChannelConfig(name=name, **{**drawn, **given})
    except ConfigError as error:
        raise ConfigError(f"effects[{name!r}].{error.path}", error.problem) from None


def _adstock(alpha: float, frequency: str) -> AdstockConfig:
    """Return the adstock of a weekly decay over eight weeks, in periods of the data."""
    if frequency == "weekly":
        return AdstockConfig(alpha=alpha)
    weeks = WEEKS_PER_YEAR / PER_YEAR[frequency]  # in a period
    return AdstockConfig(alpha=alpha**weeks, l_max=max(round(8 / weeks), 2))


def _mean_sales(kpi: Array | None, x: Array, seed: int) -> Array:
    """Return mean weekly sales of each geo: the target's, or spend over a share of U(0.05, 0.2)."""
    if kpi is not None:
        return kpi.mean(1)
    spend = x.sum(-1).mean(1)
    share = stream(seed, "real spend share").uniform(0.05, 0.2)
    return np.maximum(spend, spend.mean() * 0.01) / share


def _levels(
    media: Mapping[str, Any],
    x: Array,
    given: list[ChannelConfig],
    mean: Array,
    media_share: float | None,
    seed: int,
) -> Array:
    """Return coefficients (geo, date, channel): given ones by base sales, the others by share."""
    if media_share is not None and not 0 < media_share < 1:
        raise DataError(f"media_share = {media_share}: must be > 0 and < 1")
    unit = World(
        spend=x,
        controls=np.zeros((*x.shape[:2], 0)),
        population=np.ones(len(x)),
        control_coefficient=np.zeros((*x.shape[:2], 0)),
        intercept=np.zeros(x.shape[:2]),
        trend=np.zeros(x.shape[:2]),
        seasonality=np.zeros(x.shape[:2]),
        shock=np.zeros(x.shape[:2]),
        **media,
    )
    sold = unit.contribution().mean(1)  # (geo, channel) a week at level 1
    share = media_share or float(stream(seed, "real media share").uniform(0.15, 0.45))
    chosen = np.array([config.base_effectiveness for config in given])
    # dearer channels sell more, within a factor drawn for each
    luck = [stream(seed, "real split", name=config.name).gamma(3.0) for config in given]
    split = np.where(chosen > 0, 0.0, np.sqrt(x.sum((0, 1))) * np.array(luck))
    split = split / split.sum() if split.any() else split
    by_share = share * mean[:, None] * split / np.where(sold > 0, sold, np.inf)
    base = (1 - share) * mean
    level = np.where(chosen > 0, chosen * base[:, None], by_share)
    return np.asarray(media["coefficient"]) * level[:, None, :]


def _with_baseline(
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


def _stressed(
    world: World, given: Sequence[Any], coords: Mapping[str, Any], seed: int
) -> tuple[World, NDArray[np.str_]]:
    try:
        stressors = stressor_list(given)
    except Broken as broken:
        raise ConfigError("stressors", str(broken)) from None
    except ConfigError as error:
        raise ConfigError(f"stressors{error.path}", error.problem) from None
    own = tuple(str(each) for each in coords["control"])
    view = SimpleNamespace(
        stressors=stressors,
        channel_names=tuple(str(each) for each in coords["channel"]),
        n_periods=len(coords["date"]),
    )
    controls = refuse_misfits(view, own)
    stressed = apply_stressors(
        world,
        stressors,
        seed=seed,
        geos=tuple(str(each) for each in coords["geo"]),
        channels=view.channel_names,
        controls=controls,
        dates=coords["date"].astype("datetime64[D]"),
        base=world.expected_sales().mean(-1),
        noise=world.shock.std(-1),
    )
    if not np.array_equal(stressed.spend, world.spend):
        raise DataError("stressors: one of them changes spend, which is real here; leave it out")
    return stressed, np.array(controls, dtype=str)
