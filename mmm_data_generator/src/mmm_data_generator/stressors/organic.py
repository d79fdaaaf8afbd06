"""Media that cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, child, number, one_of, text
from mmm_data_generator.fields.transforms import AdstockConfig
from mmm_data_generator.stressors.base import MARKET, Scene
from mmm_data_generator.world.coefficients import ou_path
from mmm_data_generator.world.transforms import adstock, lag_weights

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class OrganicMedia:
    """Impressions without spend (a newsletter, an own social account): a control that saturates.

    Contribution ``effect * base * a / (a + 1)`` with a the adstock of the impressions x over their
    mean (no ``adstock``: a is x). The control holds thousands of impressions; its coefficient is
    the contribution over them, so it moves with saturation and with what earlier weeks left.
    """

    type: str = "organic"
    control: str = "Organic-Impressions"
    effect: float = 0.3  # at full saturation, share of base sales
    reach: float = 0.5  # mean weekly impressions per person
    log_sd: float = 0.5  # of weekly impressions
    adstock: AdstockConfig | None = None  # None: impressions work in their own period alone

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("organic",)),
        "control": text,
        "effect": number(),
        "reach": number(above=0),
        "log_sd": number(at_least=0),
        "adstock": child(AdstockConfig, optional=True),
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
        felt = x
        if self.adstock is not None:
            weights = lag_weights(self.adstock, n)[None, :, None]
            felt = adstock(x[..., None], weights)[..., 0]
        kept = felt / x  # 1 without adstock; impressions are never zero
        coefficient[..., k] = self.effect * scene.base[:, None] / (felt + 1) * kept / thousands
        return world.but(controls=controls, control_coefficient=coefficient)
