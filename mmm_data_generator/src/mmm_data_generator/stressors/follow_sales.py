"""Spend that follows sales: selection the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, integer, number, one_of
from mmm_data_generator.stressors.base import FEEDBACK, Plan, Scene, known_channels, some_names

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class FollowSales:
    """Each week's spend is the plan's times ``(recent sales / usual sales)^gain``.

    Recent sales are the mean of the last ``weeks`` weeks, noise and past feedback included; usual
    sales those of the plan on average. The factor stays within 1 / limit to limit.
    """

    type: str = "follow_sales"
    channels: tuple[str, ...] = ()  # none: all
    gain: float = 2.0  # percent of spend per percent of sales
    weeks: int = 2
    limit: float = 3.0

    STAGE: ClassVar[int] = FEEDBACK
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("follow_sales",)),
        "channels": some_names,
        "gain": number(),
        "weeks": integer(at_least=1),
        "limit": number(above=1),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels."""
        known_channels(self.channels, config, "channels")

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Walk through the weeks: sales up to last week set this week's spend."""
        at, spend = scene.indices(self.channels), world.spend.copy()
        usual = np.maximum(world.sales(), 0.0).mean(1)
        recent = scene.whole_periods(self.weeks)
        for t in range(1, len(scene.dates)):
            sales = np.maximum(world.sales(spend)[:, max(t - recent, 0) : t], 0.0).mean(1)
            factor = np.clip(sales / usual, 1e-6, None) ** self.gain
            factor = np.clip(factor, 1 / self.limit, self.limit)
            spend[:, t, at] = factor[:, None] * world.spend[:, t, at]
        return world.but(spend=spend)
