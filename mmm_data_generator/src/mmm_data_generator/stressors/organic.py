"""Media that cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.coefficients import ou_path
from mmm_data_generator.rules import Rule, check_fields, checked, number, one_of, text
from mmm_data_generator.stressors.scene import MARKET, Scene

if TYPE_CHECKING:
    from mmm_data_generator.stressors.world import StressedWorld


@checked
class OrganicMedia:
    """Impressions without spend (a newsletter, an own social account): a control that saturates.

    Contribution ``effect * base * x / (x + 1)`` with x the week's impressions over their mean;
    the control holds thousands of impressions and its coefficient moves with the saturation.
    """

    type: str = "organic"
    control: str = "Organic-Impressions"
    effect: float = 0.3  # at full saturation, share of base sales
    reach: float = 0.5  # mean weekly impressions per person
    log_sd: float = 0.5  # of weekly impressions

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("organic",)),
        "control": text,
        "effect": number(),
        "reach": number(above=0),
        "log_sd": number(at_least=0),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def new_controls(self) -> tuple[str, ...]:
        """Names of the controls it adds."""
        return (self.control,)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Add the impressions and what they sell."""
        n = len(scene.dates)
        step = self.log_sd * np.sqrt(1 - 0.5**2)
        paths = [ou_path(scene.rng("impressions", geo), (), n, step, 0.5) for geo in scene.geos]
        x = np.exp(np.stack(paths) - self.log_sd**2 / 2)
        thousands = self.reach * world.population[:, None] / 1000
        k = scene.control(self.control)
        controls, coefficient = world.controls.copy(), world.control_coefficient.copy()
        controls[..., k] = thousands * x
        coefficient[..., k] = self.effect * scene.base[:, None] / (x + 1) / thousands
        return world.but(controls=controls, control_coefficient=coefficient)
