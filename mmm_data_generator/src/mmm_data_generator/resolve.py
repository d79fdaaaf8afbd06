"""The last steps of making a config: what its parts say together, and what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmm_data_generator.errors import ConfigError
from mmm_data_generator.legacy import TransformConfig, custom_values
from mmm_data_generator.periods import NOUN, calendar
from mmm_data_generator.transform_config import AdstockConfig, SaturationConfig

if TYPE_CHECKING:
    from mmm_data_generator.config import MMMDataConfig


def check_names(config: MMMDataConfig, field: str) -> None:
    """Refuse two channels or controls of one name."""
    seen: set[str] = set()
    for i, part in enumerate(getattr(config, field)):
        if part.name in seen:
            raise ConfigError(f"{field}[{i}].name", f" = {part.name!r}: is there twice")
        seen.add(part.name)


def check_frequency(config: MMMDataConfig) -> None:
    """Refuse weekdays in a world of weeks, and priors in a world of days."""
    if config.frequency == "weekly":
        for i, channel in enumerate(config.channels):
            if channel.weekday_spend is not None:
                raise ConfigError(f"channels[{i}].weekday_spend", ": needs frequency = 'daily'")
        if config.regions.weekday_sales is not None:
            raise ConfigError("regions.weekday_sales", ": needs frequency = 'daily'")
    elif config.prior is not None:
        raise ConfigError(
            "frequency", f" = {config.frequency!r}: worlds of a prior are weekly, its law is"
        )


def check_windows(config: MMMDataConfig, field: str) -> None:
    """Refuse a start after the window's end."""
    for i, part in enumerate(getattr(config, field)):
        if part.pattern == "delayed_start" and part.start_period >= config.n_periods:
            raise ConfigError(
                f"{field}[{i}].start_period",
                f" = {part.start_period}: must be < n_periods ({config.n_periods}), or the"
                " series is all zero",
            )


def set_custom_patterns(config: MMMDataConfig) -> None:
    """Turn functions into the values they give, so that a config is data and nothing else."""
    for field in ("channels", "control_variables"):
        parts = list(getattr(config, field))
        for i, part in enumerate(parts):
            if part.custom_pattern_func is not None:
                dates = calendar(str(config.start_date), config.n_periods, config.frequency)
                values = custom_values(part, dates, config.seed)
                try:
                    parts[i] = replace(part, custom_pattern=values, custom_pattern_func=None)
                except ConfigError as error:
                    raise error.under(f"{field}[{i}]") from None
            found = len(parts[i].custom_pattern or ())
            if parts[i].pattern == "custom" and found != config.n_periods:
                raise ConfigError(
                    f"{field}[{i}].custom_pattern",
                    f": must hold n_periods = {config.n_periods} {NOUN[config.frequency]}s,"
                    f" not {found}",
                )
        object.__setattr__(config, field, tuple(parts))


def set_transforms(
    config: MMMDataConfig, transforms: TransformConfig | Mapping[str, Any] | None
) -> None:
    """Give every channel its adstock and saturation; two sources for one channel are an error."""
    if isinstance(transforms, Mapping):
        transforms = TransformConfig(**transforms)
    channels = []
    for i, channel in enumerate(config.channels):
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
    object.__setattr__(config, "channels", tuple(channels))
