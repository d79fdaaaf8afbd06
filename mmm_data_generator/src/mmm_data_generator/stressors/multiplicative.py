"""A multiplicative (log-linear) world."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import LAW, Scene

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Multiplicative:
    """Log sales are linear: ``log y = log B + (sum of effects) / B + noise / mean B``.

    Each effect is what the part would add to the baseline B if it acted alone and were small.
    ``baseline_floor`` keeps B away from zero, where logs have no meaning.
    """

    type: str = "multiplicative"
    baseline_floor: float = 0.1  # of base sales

    STAGE: ClassVar[int] = LAW
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("multiplicative",)),
        "baseline_floor": number(above=0, at_most=1),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Let effects multiply."""
        short = np.maximum(self.baseline_floor * scene.base[:, None] - world.baseline, 0.0)
        return world.but(multiplicative=True, intercept=world.intercept + short)
