"""Configurations: frozen, checked, hashable, made of JSON types only.

Every field is checked on construction; a message names the field, its value and what is allowed.
Nested objects may be given as mappings, so ``MMMDataConfig(**json.loads(text))`` works and errors
carry the whole path (``channels[2].saturation.slope = -1: must be > 0``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import InitVar, asdict, replace
from typing import Any, ClassVar

from mmm_data_generator.config.finalise import (
    check_frequency,
    check_names,
    check_size,
    check_windows,
    with_custom_patterns,
    with_transforms,
)
from mmm_data_generator.errors import ConfigError
from mmm_data_generator.fields.legacy import TransformConfig
from mmm_data_generator.fields.parts import (
    PATTERNS,
    PROCESSES,
    ChannelConfig,
    CoefficientConfig,
    ControlConfig,
    PatternConfig,
    RegionConfig,
)
from mmm_data_generator.fields.periods import DAYS, NOUN, PER_YEAR, calendar, iso_date, monday
from mmm_data_generator.fields.rules import (
    Rule,
    check_fields,
    checked,
    child,
    children,
    fail,
    flag,
    integer,
    one_of,
    text,
)
from mmm_data_generator.priors.time_varying import TimeVaryingPrior
from mmm_data_generator.stressors import check_stressors, new_controls, stressor_list

__all__ = [
    "PATTERNS",
    "PROCESSES",
    "SCHEMA_VERSION",
    "ChannelConfig",
    "CoefficientConfig",
    "ControlConfig",
    "MMMDataConfig",
    "PatternConfig",
    "RegionConfig",
]

#: Raised when a field is added or changes its meaning; a newer file is refused by name. Version 2
#: added ``frequency``, ``weekday_spend``, ``weekday_sales``, the stressor ``reach_frequency`` and
#: the ``adstock`` of organic media.
SCHEMA_VERSION = 2


@checked
class MMMDataConfig:
    """A world: with a seed it determines a dataset, bit for bit.

    ``transforms`` is a way to give one transform, or a list that is cycled, to channels that name
    none themselves; after construction every channel holds its own. A config with a ``prior``
    draws everything but its length and dates from that prior, anew for every seed, and has no
    channels, regions or controls of its own.
    """

    n_periods: int = 129  # weeks; days in a daily world
    start_date: str | None = "2023-01-02"  # weekly: moved back to the Monday of its week
    channels: tuple[ChannelConfig, ...] = ()
    regions: RegionConfig = RegionConfig()
    transforms: InitVar[TransformConfig | Mapping[str, Any] | None] = None
    seed: int | None = None  # None means 0: a config is never random by itself
    control_variables: tuple[ControlConfig, ...] = ()
    include_ground_truth: bool = True  # False: the dataset's truth is None
    include_transformed_data: bool = True  # kept for old callers; nothing depends on it
    include_raw_data: bool = True  # kept for old callers; nothing depends on it
    name: str = "dataset"
    prior: TimeVaryingPrior | None = None
    stressors: tuple[Any, ...] = ()  # see mmm_data_generator.stressors
    frequency: str = "weekly"  # or "daily": all that is "a week" in channels and regions is a day

    RULES: ClassVar[dict[str, Rule]] = {
        "n_periods": integer(at_least=2, at_most=100_000),
        "start_date": iso_date,
        "channels": children(ChannelConfig),
        "regions": child(RegionConfig),
        "seed": integer(at_least=0, at_most=2**64 - 1, optional=True),
        "control_variables": children(ControlConfig),
        "include_ground_truth": flag,
        "include_transformed_data": flag,
        "include_raw_data": flag,
        "name": text,
        "prior": child(TimeVaryingPrior, optional=True),
        "stressors": stressor_list,
        "frequency": one_of(tuple(DAYS)),
    }

    def __post_init__(self, transforms: TransformConfig | Mapping[str, Any] | None) -> None:
        check_fields(self)
        if (self.prior is None) == (not self.channels):
            raise fail(self, "channels", ": at least one channel must be given, or a prior instead")
        check_frequency(self.frequency, self.channels, self.regions, self.prior is not None)
        check_size(self)
        if self.frequency == "weekly":
            self._settle(start_date=monday(str(self.start_date)))
        if self.regions.seasonal_period is None:
            year = PER_YEAR[self.frequency]
            self._settle(regions=replace(self.regions, seasonal_period=year))
        dates = calendar(str(self.start_date), self.n_periods, self.frequency)
        for field in ("channels", "control_variables"):
            parts = getattr(self, field)
            check_names(parts, field)
            check_windows(parts, field, self.n_periods)
            noun = NOUN[self.frequency]
            self._settle(**{field: with_custom_patterns(parts, field, dates, noun, self.seed)})
        self._settle(channels=with_transforms(self.channels, transforms))
        check_stressors(self)

    def _settle(self, **fields: Any) -> None:
        """Store the final form of fields of this frozen object, while it is made."""
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def geo_names(self) -> tuple[str, ...]:
        """Names of the geos."""
        return ("national",) if self.prior else self.regions.geos

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels."""
        return self.prior.channels if self.prior else tuple(c.name for c in self.channels)

    @property
    def control_names(self) -> tuple[str, ...]:
        """Names of the controls, those of stressors last."""
        own = self.prior.controls if self.prior else [c.name for c in self.control_variables]
        return (*own, *new_controls(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON types, with its schema version."""
        made = {"schema_version": SCHEMA_VERSION, **asdict(self)}
        for part in (*made["channels"], *made["control_variables"]):
            del part["custom_pattern_func"]
        return json.loads(json.dumps(made))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MMMDataConfig:
        """Return the config of :meth:`to_dict`; a newer schema version is refused by name."""
        if not isinstance(values, Mapping):
            raise ConfigError("config", f" = {values!r:.40}: must be a mapping of fields")
        given = dict(values)
        version = given.pop("schema_version", SCHEMA_VERSION)
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise ConfigError(
                "schema_version",
                f" = {version!r}: this package reads versions up to {SCHEMA_VERSION};"
                " upgrade mmm-data-generator",
            )
        return cls(**given)
