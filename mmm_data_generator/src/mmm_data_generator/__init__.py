"""Synthetic marketing-mix data whose truth is known; a pure function of (config, seed).

numpy, pandas and xarray take seconds to import on a slow machine, so names load when first used
(PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmm_data_generator.config.config import (
        ChannelConfig,
        CoefficientConfig,
        ControlConfig,
        MMMDataConfig,
        RegionConfig,
    )
    from mmm_data_generator.dataset.dataset import MMMDataset, from_frame
    from mmm_data_generator.errors import ConfigError, DataError
    from mmm_data_generator.experiments import lift_test, lift_tests, on_off_test
    from mmm_data_generator.fields.legacy import TransformConfig
    from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig
    from mmm_data_generator.generate.batch import Batch, simulate_batch
    from mmm_data_generator.generate.from_prior import draw_batch, draw_config
    from mmm_data_generator.generate.hidden_demand import HiddenDemand
    from mmm_data_generator.generate.on_real_spend import from_real
    from mmm_data_generator.generate.one import generate_mmm_dataset
    from mmm_data_generator.presets.named import (
        customize_preset,
        describe,
        get_preset_config,
        list_available_presets,
        list_cells,
    )
    from mmm_data_generator.priors.published import PublishedPrior
    from mmm_data_generator.priors.time_varying import TimeVaryingPrior
    from mmm_data_generator.priors.worlds import WorldPrior

    DEFAULT_CONFIG: MMMDataConfig

__version__ = "0.1.0"

_HOME = {
    "AdstockConfig": "fields.transforms",
    "Batch": "generate.batch",
    "ChannelConfig": "config.config",
    "CoefficientConfig": "config.config",
    "ConfigError": "errors",
    "ControlConfig": "config.config",
    "DEFAULT_CONFIG": "presets.named",
    "DataError": "errors",
    "HiddenDemand": "generate.hidden_demand",
    "MMMDataConfig": "config.config",
    "MMMDataset": "dataset.dataset",
    "PublishedPrior": "priors.published",
    "RegionConfig": "config.config",
    "SaturationConfig": "fields.transforms",
    "TimeVaryingPrior": "priors.time_varying",
    "TransformConfig": "fields.legacy",
    "WorldPrior": "priors.worlds",
    "customize_preset": "presets.named",
    "describe": "presets.named",
    "draw_batch": "generate.from_prior",
    "draw_config": "generate.from_prior",
    "from_frame": "dataset.dataset",
    "from_real": "generate.on_real_spend",
    "generate_mmm_dataset": "generate.one",
    "get_preset_config": "presets.named",
    "lift_test": "experiments",
    "lift_tests": "experiments",
    "list_available_presets": "presets.named",
    "list_cells": "presets.named",
    "on_off_test": "experiments",
    "simulate_batch": "generate.batch",
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
    "HiddenDemand",
    "MMMDataConfig",
    "MMMDataset",
    "PublishedPrior",
    "RegionConfig",
    "SaturationConfig",
    "TimeVaryingPrior",
    "TransformConfig",
    "WorldPrior",
    "customize_preset",
    "describe",
    "draw_batch",
    "draw_config",
    "from_frame",
    "from_real",
    "generate_mmm_dataset",
    "get_preset_config",
    "lift_test",
    "lift_tests",
    "list_available_presets",
    "list_cells",
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
