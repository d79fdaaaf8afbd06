"""Effects on a company's own spend: what is told of a channel, and a law for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.config.config import ChannelConfig
from mmm_data_generator.errors import ConfigError, DataError, suggest
from mmm_data_generator.fields.periods import PER_YEAR, WEEKS_PER_YEAR
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig
from mmm_data_generator.world import coefficients, transforms
from mmm_data_generator.world.seeds import stream
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]

#: What a channel may be told; the rest is its own history.
EFFECT_FIELDS = ("base_effectiveness", "adstock", "saturation", "adstock_first", "coefficient")


def media_of(
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


def levels(
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
