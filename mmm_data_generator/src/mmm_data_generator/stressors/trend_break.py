"""A break in the trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import MARKET, Scene

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class TrendBreak:
    """From one week on the trend jumps and has another slope, in all geos."""

    type: str = "trend_break"
    at: float = 0.5  # share of the window that has passed
    jump: float = -0.2  # share of base sales
    slope_change: float = 0.0  # share of base sales per week

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("trend_break",)),
        "at": number(above=0, below=1),
        "jump": number(),
        "slope_change": number(),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Add the break to the trend."""
        n = len(scene.dates)
        since = np.arange(n) - int(np.ceil(self.at * n))
        change = np.where(since >= 0, self.jump + self.slope_change * since, 0.0)
        return world.but(trend=world.trend + scene.base[:, None] * change)
