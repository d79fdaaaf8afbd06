"""Weeks that are wrong, or extraordinary."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import NOISE, Scene

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Outliers:
    """Now and then a week's noise is shifted by many standard deviations, up or down."""

    type: str = "outliers"
    probability: float = 0.03  # chance that a geo's week is one
    size: float = 8.0  # noise standard deviations

    STAGE: ClassVar[int] = NOISE
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("outliers",)),
        "probability": number(above=0, below=1),
        "size": number(above=0),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Add the outliers to the noise, at least one in every geo."""
        shock = world.shock.copy()
        for g, geo in enumerate(scene.geos):
            rng = scene.rng("weeks", geo)
            hit = np.asarray(rng.random(shock.shape[1]) < self.probability)
            if not hit.any():
                hit[int(rng.integers(len(hit)))] = True
            sign = np.where(rng.random(len(hit)) < 0.5, -1.0, 1.0)
            shock[g] += hit * sign * self.size * scene.noise[g]
        return world.but(shock=shock)
