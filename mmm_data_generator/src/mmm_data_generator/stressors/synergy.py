"""Channels that work better together."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import MARKET, Plan, Scene, known_channels, some_names

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Synergy:
    """Each two of the channels sell ``strength * sqrt(c_i c_j) h_i h_j`` beyond their own.

    c is a channel's mean coefficient and h its response, 0 to 1. The two share it in halves (the
    Shapley value). Negative strengths are channels that do each other's work.
    """

    type: str = "synergy"
    channels: tuple[str, ...] = ()  # none: all
    strength: float = 0.5

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("synergy",)),
        "channels": some_names,
        "strength": number(),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels, or one alone."""
        known_channels(self.channels, config, "channels", at_least=2)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Add the pairs."""
        c = np.sqrt(world.coefficient.mean(1))
        taking_part = np.zeros(c.shape[-1])
        taking_part[scene.indices(self.channels)] = 1.0
        pair = np.outer(taking_part, taking_part) * (1 - np.eye(len(taking_part)))
        gained = self.strength * c[:, :, None] * c[:, None, :] * pair
        return world.but(synergy=world.synergy + gained)
