"""Promotions: a price that moves, and an elasticity."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, flag, number, one_of
from mmm_data_generator.stressors.base import MARKET, Scene

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Promotions:
    """Promotions cut the price p; volume answers with a constant elasticity.

    With r = p / regular price, volume is ``r^elasticity`` and revenue ``r^(1 + elasticity)``
    times base sales. The control ``Price`` holds ``r - 1`` (0 at the regular price); its
    contribution is ``base * (r^(1 + elasticity) - 1)`` exactly. ``Promotion`` is 1 in promoted
    weeks and adds what display and feature add beyond the price. A mean elasticity of -2.62 over
    1851 estimates: Bijmolt, van Heerde, Pieters 2005, doi:10.1509/jmkr.42.2.141.62296.
    """

    type: str = "promotions"
    elasticity: float = -2.6
    probability: float = 0.15  # chance that a week is promoted
    depth: float = 0.2  # mean price cut, share of the regular price
    depth_sd: float = 0.05
    display_lift: float = 0.1  # share of base sales, beyond the price
    price_drift: float = 0.01  # one week's step of the log regular price, around its mean
    observed: bool = True  # False: part of the unobserved baseline

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("promotions",)),
        "elasticity": number(at_most=0),
        "probability": number(above=0, below=1),
        "depth": number(above=0, below=0.9),
        "depth_sd": number(at_least=0),
        "display_lift": number(),
        "price_drift": number(at_least=0),
        "observed": flag,
    }

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def new_controls(self) -> tuple[str, ...]:
        """Names of the controls it adds."""
        return ("Price", "Promotion") if self.observed else ()

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Draw national promotions and prices and add what they do to sales."""
        n = len(scene.dates)
        promoted = scene.rng("weeks").random(n) < self.probability
        if not promoted.any():
            promoted[int(scene.rng("one week").integers(n))] = True
        depth = self.depth + self.depth_sd * scene.rng("depth").standard_normal(n)
        cut = np.where(promoted, np.clip(depth, 0.01, 0.9), 0.0)
        walk = np.cumsum(self.price_drift * scene.rng("drift").standard_normal(n))
        r = np.exp(walk - walk.mean()) * (1 - cut)
        base = scene.base[:, None]
        by_price = base * (r ** (1 + self.elasticity) - 1)
        by_display = base * self.display_lift * promoted
        if not self.observed:
            return world.but(unobserved=world.unobserved + by_price + by_display)
        controls, coefficient = world.controls.copy(), world.control_coefficient.copy()
        price, promotion = (scene.control(name) for name in self.new_controls)
        controls[..., price], controls[..., promotion] = r - 1, promoted
        # contribution over value, whose limit at the regular price is the derivative
        away = np.abs(r - 1) > 1e-9
        at_regular = base * (1 + self.elasticity)
        coefficient[..., price] = np.where(away, by_price / np.where(away, r - 1, 1.0), at_regular)
        coefficient[..., promotion] = base * self.display_lift
        return world.but(controls=controls, control_coefficient=coefficient)
