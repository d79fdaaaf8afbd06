"""The last steps of making a config: what its parts say together, and what they leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from mmm_data_generator.errors import ConfigError
from mmm_data_generator.fields.legacy import TransformConfig, custom_values
from mmm_data_generator.fields.parts import ChannelConfig, PatternConfig, RegionConfig
from mmm_data_generator.fields.periods import DAYS, LAST_DAY
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


#: Cells of the largest array of a world: 800 MB as floats.
MOST_CELLS = 100_000_000


def check_frequency(
    frequency: str, channels: Sequence[ChannelConfig], regions: RegionConfig, has_prior: bool
) -> None:
    """Refuse weekdays in a world of weeks, and priors in a world of days."""
    if frequency == "weekly":
        for i, channel in enumerate(channels):
            if channel.weekday_spend is not None:
                raise ConfigError(f"channels[{i}].weekday_spend", ": needs frequency = 'daily'")
        if regions.weekday_sales is not None:
            raise ConfigError("regions.weekday_sales", ": needs frequency = 'daily'")
    elif has_prior:
        raise ConfigError(
            "frequency", f" = {frequency!r}: worlds of a prior are weekly, its law is"
        )


def check_size(config: Any) -> None:
    """Refuse windows that leave the calendar, and worlds that no memory holds."""
    n = config.n_periods
    last = date.fromisoformat(config.start_date) + timedelta(days=DAYS[config.frequency] * n)
    if last > LAST_DAY:
        raise ConfigError("n_periods", f" = {n}: the window must end by {LAST_DAY}, not on {last}")
    adstocks = [c.adstock.l_max or n for c in config.channels if c.adstock is not None]
    series = len(config.channels) + len(config.control_variables) + 1
    cells = config.regions.n_regions * max(n, *adstocks, 0) * series
    if cells > MOST_CELLS:
        raise ConfigError(
            "n_periods",
            f" = {n}: geos x periods (or lags) x series = {cells:.3g}: must be <= {MOST_CELLS:.0e}",
        )


def check_names(parts: Sequence[PatternConfig], field: str) -> None:
    """Refuse two channels or controls of one name."""
    seen: set[str] = set()
    for i, part in enumerate(parts):
        if part.name in seen:
            raise ConfigError(f"{field}[{i}].name", f" = {part.name!r}: is there twice")
        seen.add(part.name)


def check_windows(parts: Sequence[PatternConfig], field: str, n_periods: int) -> None:
    """Refuse a start after the window's end."""
    for i, part in enumerate(parts):
        if part.pattern == "delayed_start" and part.start_period >= n_periods:
            raise ConfigError(
                f"{field}[{i}].start_period",
                f" = {part.start_period}: must be < n_periods ({n_periods}), or the"
                " series is all zero",
            )


def with_custom_patterns(
    parts: Sequence[PatternConfig],
    field: str,
    dates: NDArray[np.datetime64],
    noun: str,
    seed: int | None,
) -> tuple[Any, ...]:
    """Turn functions into the values they give, so that a config is data and nothing else."""
    out = []
    for i, part in enumerate(parts):
        if part.custom_pattern_func is not None:
            values = tuple(custom_values(part, dates, seed))
            try:
                part = replace(part, custom_pattern=values, custom_pattern_func=None)
            except ConfigError as error:
                raise error.under(f"{field}[{i}]") from None
        found = len(part.custom_pattern or ())
        if part.pattern == "custom" and found != len(dates):
            raise ConfigError(
                f"{field}[{i}].custom_pattern",
                f": must hold n_periods = {len(dates)} {noun}s, not {found}",
            )
        out.append(part)
    return tuple(out)


def with_transforms(
    given: Sequence[ChannelConfig], transforms: TransformConfig | Mapping[str, Any] | None
) -> tuple[ChannelConfig, ...]:
    """Give every channel its adstock and saturation; two sources for one channel are an error."""
    if isinstance(transforms, Mapping):
        transforms = TransformConfig(**transforms)
    channels = []
    for i, channel in enumerate(given):
        adstock, saturation = channel.adstock, channel.saturation
        if transforms is not None:
            if adstock is not None or saturation is not None:
                raise ConfigError(
                    f"channels[{i}]",
                    ": give adstock and saturation here or in transforms, not in both",
                )
            adstock, saturation = transforms.of_channel(i)
        channels.append(
            replace(
                channel,
                adstock=adstock or AdstockConfig(),
                saturation=saturation or SaturationConfig(),
            )
        )
    return tuple(channels)
