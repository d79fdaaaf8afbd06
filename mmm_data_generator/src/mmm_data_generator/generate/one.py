"""(config, seed) -> dataset; a pure function."""

from __future__ import annotations

from typing import Any

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.config.customize import customize
from mmm_data_generator.config.draw import draw_world
from mmm_data_generator.dataset.dataset import MMMDataset, coordinates
from mmm_data_generator.presets.named import DEFAULT_CONFIG, get_preset_config


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
    if config is None:
        config = DEFAULT_CONFIG
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
