"""Presets by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.config.customize import customize
from mmm_data_generator.errors import ConfigError, suggest
from mmm_data_generator.presets.business import BUSINESS_PRESETS, default_config
from mmm_data_generator.presets.stress import STRESS_PRESETS

#: What makes each preset, by its name.
PRESETS: dict[str, Callable[[], MMMDataConfig]] = BUSINESS_PRESETS | STRESS_PRESETS

DEFAULT_CONFIG = default_config()


def get_preset_config(name: str) -> MMMDataConfig:
    """Return a preset; an unknown name is a ConfigError that suggests the nearest."""
    if name not in PRESETS:
        raise ConfigError(
            "preset",
            f" = {name!r}: unknown{suggest(str(name), PRESETS)}; presets: {', '.join(PRESETS)}",
        )
    return PRESETS[name]()


def list_available_presets() -> list[str]:
    """Return the names of the presets."""
    return list(PRESETS)


def customize_preset(name: str, **changes: Any) -> MMMDataConfig:
    """Return a preset with fields changed.

    Parameters
    ----------
    name
        Name of the preset.
    **changes
        Fields by name; nested ones as ``**{"regions.n_regions": 4,
        "channels[0].saturation.slope": 2.0}`` or as a mapping, ``regions={"n_regions": 4}``.

    Raises
    ------
    ConfigError
        The preset or a field is unknown, or a value is not allowed.
    """
    return customize(get_preset_config(name), changes)
