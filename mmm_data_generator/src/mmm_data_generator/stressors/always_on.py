"""Always on, with bursts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, integer, number, one_of
from mmm_data_generator.stressors.base import (
    PLAN,
    Plan,
    Scene,
    known_channels,
    some_names,
    with_total,
)
from mmm_data_generator.world.spend import bursts

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class AlwaysOn:
    """A floor of spend every week, the rest of the same total in bursts of equal strength."""

    type: str = "always_on"
    channels: tuple[str, ...] = ()  # none: all
    floor: float = 0.3  # share of the total that runs evenly over all weeks
    burst_probability: float = 0.1  # chance that a burst starts in a week outside a burst
    burst_periods: int = 3  # weeks

    STAGE: ClassVar[int] = PLAN
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("always_on",)),
        "channels": some_names,
        "floor": number(at_least=0, at_most=1),
        "burst_probability": number(above=0, at_most=1),
        "burst_periods": integer(at_least=1),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels."""
        known_channels(self.channels, config, "channels")

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Spread the channels' spend anew; bursts are national."""
        spend, n = world.spend.copy(), len(scene.dates)
        length = np.array([self.burst_periods])
        for j in scene.indices(self.channels):
            rng = scene.rng("bursts", name=scene.channels[j])
            on = bursts(rng, np.array([self.burst_probability]), length, length, n)[0]
            shape = self.floor / n + (1 - self.floor) * on / on.sum()
            spend[..., j] = with_total(np.tile(shape, (len(scene.geos), 1)), spend[..., j])
        return world.but(spend=spend)
