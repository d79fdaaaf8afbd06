"""The configuration of a world: frozen dataclasses, where an unknown field is an error."""

from mmm_data_generator.config.config import (
    ChannelConfig,
    CoefficientConfig,
    ControlConfig,
    MMMDataConfig,
    RegionConfig,
)

__all__ = ["ChannelConfig", "CoefficientConfig", "ControlConfig", "MMMDataConfig", "RegionConfig"]
