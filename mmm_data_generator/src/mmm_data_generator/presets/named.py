"""Presets by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.config.customize import customize
from mmm_data_generator.errors import ConfigError, suggest
from mmm_data_generator.presets.business import BUSINESS_PRESETS, default_config
from mmm_data_generator.presets.cells import CELLS
from mmm_data_generator.presets.stress import STRESS_PRESETS

#: What makes each preset, by its name.
PRESETS: dict[str, Callable[[], MMMDataConfig]] = BUSINESS_PRESETS | STRESS_PRESETS

DEFAULT_CONFIG = default_config()


def get_preset_config(name: str, seed: int | None = None) -> MMMDataConfig:
    """Return a preset, or the world of a seed of a cell (``presets.cells``).

    Parameters
    ----------
    name
        Name of a preset or of a cell.
    seed
        A cell draws its whole world from it, by default from 0; a preset keeps it for its draw.

    Raises
    ------
    ConfigError
        The name is unknown; the nearest is suggested.
    """
    if name in CELLS:
        return CELLS[name].config(_whole(seed or 0))
    if name not in PRESETS:
        known = [*PRESETS, *CELLS]
        raise ConfigError(
            "preset",
            f" = {name!r}: unknown{suggest(str(name), known)}; presets: {', '.join(known)}",
        )
    config = PRESETS[name]()
    return config if seed is None else replace(config, seed=seed)


def list_available_presets() -> list[str]:
    """Return the names of the presets, whose parameters are the same for every seed."""
    return list(PRESETS)


def list_cells() -> list[str]:
    """Return the names of the cells, each of which draws another world from every seed."""
    return list(CELLS)


def describe(name: str) -> str:
    """Return one line on a preset or cell."""
    if name in CELLS:
        return CELLS[name].summary
    return (PRESETS[name].__doc__ or "").split("\n")[0].rstrip(".")


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
    # a cell draws its whole world from the seed
    return customize(get_preset_config(name, changes.pop("seed", None)), changes)


def _whole(seed: int) -> int:
    """Check a seed before anything is drawn from it."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise ConfigError("seed", f" = {seed!r}: must be a whole number, 0 to 2^64 - 1")
    return seed
