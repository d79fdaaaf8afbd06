"""Synthetic marketing-mix data whose truth is known; a pure function of (config, seed).

numpy, pandas and xarray take seconds to import on a slow machine, so names load when first used
(PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmm_data_generator.batch import Batch, simulate_batch
    from mmm_data_generator.config import (
        ChannelConfig,
        CoefficientConfig,
        ControlConfig,
        MMMDataConfig,
        RegionConfig,
    )
    from mmm_data_generator.customize import customize_preset
    from mmm_data_generator.dataset import MMMDataset
    from mmm_data_generator.errors import ConfigError, DataError
    from mmm_data_generator.experiments import lift_test, lift_tests, on_off_test
    from mmm_data_generator.frames import from_frame
    from mmm_data_generator.legacy import TransformConfig
    from mmm_data_generator.presets import get_preset_config, list_available_presets
    from mmm_data_generator.priors import draw_batch, draw_config
    from mmm_data_generator.published_prior import PublishedPrior
    from mmm_data_generator.semi_synthetic import from_real
    from mmm_data_generator.simulate import generate_mmm_dataset
    from mmm_data_generator.time_varying import TimeVaryingPrior
    from mmm_data_generator.transform_config import AdstockConfig, SaturationConfig
    from mmm_data_generator.world_prior import WorldPrior

    DEFAULT_CONFIG: MMMDataConfig

__version__ = "0.1.0"

_HOME = {
    "AdstockConfig": "transform_config",
    "Batch": "batch",
    "ChannelConfig": "config",
    "CoefficientConfig": "config",
    "ConfigError": "errors",
    "ControlConfig": "config",
    "DEFAULT_CONFIG": "presets",
    "DataError": "errors",
    "MMMDataConfig": "config",
    "MMMDataset": "dataset",
    "PublishedPrior": "published_prior",
    "RegionConfig": "config",
    "SaturationConfig": "transform_config",
    "TimeVaryingPrior": "time_varying",
    "TransformConfig": "legacy",
    "WorldPrior": "world_prior",
    "customize_preset": "customize",
    "draw_batch": "priors",
    "draw_config": "priors",
    "from_frame": "frames",
    "from_real": "semi_synthetic",
    "generate_mmm_dataset": "simulate",
    "get_preset_config": "presets",
    "lift_test": "experiments",
    "lift_tests": "experiments",
    "list_available_presets": "presets",
    "on_off_test": "experiments",
    "simulate_batch": "batch",
}

__all__ = [  # noqa: RUF022 - the order of the table above
    "AdstockConfig",
    "Batch",
    "ChannelConfig",
    "CoefficientConfig",
    "ConfigError",
    "ControlConfig",
    "DEFAULT_CONFIG",
    "DataError",
    "MMMDataConfig",
    "MMMDataset",
    "PublishedPrior",
    "RegionConfig",
    "SaturationConfig",
    "TimeVaryingPrior",
    "TransformConfig",
    "WorldPrior",
    "customize_preset",
    "draw_batch",
    "draw_config",
    "from_frame",
    "from_real",
    "generate_mmm_dataset",
    "get_preset_config",
    "lift_test",
    "lift_tests",
    "list_available_presets",
    "on_off_test",
    "simulate_batch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
