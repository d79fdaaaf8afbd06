"""Demand that nobody observes, behind both paid search and sales."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, flag, number, one_of, text
from mmm_data_generator.stressors.base import (
    MARKET,
    Array,
    Plan,
    Scene,
    known_channels,
    some_names,
    with_total,
)
from mmm_data_generator.world.coefficients import ou_path

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Demand:
    """A latent demand index d that raises sales and, through searches, the spend on search.

    d is a stationary AR(1) with variance 1 over time, partly shared by all geos. Sales gain
    ``lift * base * d``; spend of the channels becomes ``spend * exp(pull * d)`` at the same
    total. Whoever regresses sales on that spend without d finds too much (selection bias; Chen,
    Chan, Perry, Jin, Sun, Wang, Koehler 2018, "Bias correction for paid search").
    """

    type: str = "demand"
    channels: tuple[str, ...] = ()  # those that follow demand; none: all
    lift: float = 0.15  # sales per unit of d, share of base sales
    pull: float = 0.5  # log spend per unit of d
    persistence: float = 0.9  # AR(1) coefficient per week
    shared: float = 0.7  # share of the variance that all geos have in common
    observed: bool = False  # True: d is a control, the confounder is closed
    control: str = "Demand-Index"  # its name, when observed

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("demand",)),
        "channels": some_names,
        "lift": number(),
        "pull": number(),
        "persistence": number(at_least=0, below=1),
        "shared": number(at_least=0, at_most=1),
        "observed": flag,
        "control": text,
    }

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def new_controls(self) -> tuple[str, ...]:
        """Names of the controls it adds."""
        return (self.control,) if self.observed else ()

    def check(self, config: Plan) -> None:
        """Refuse unknown channels."""
        known_channels(self.channels, config, "channels")

    def index(self, scene: Scene) -> Array:
        """Return d, (geo, date)."""
        n, phi = len(scene.dates), self.persistence
        step = np.sqrt(1 - phi**2)
        common = ou_path(scene.rng("common"), (), n, step, 1 - phi)
        local = [ou_path(scene.rng("local", geo), (), n, step, 1 - phi) for geo in scene.geos]
        if len(scene.geos) == 1:
            return common[None]
        return np.sqrt(self.shared) * common + np.sqrt(1 - self.shared) * np.stack(local)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Let demand move sales and the channels' spend."""
        d = self.index(scene)
        at, spend = scene.indices(self.channels), world.spend.copy()
        if self.pull:
            pulled = spend[..., at] * np.exp(self.pull * d)[..., None]
            spend[..., at] = with_total(pulled, spend[..., at])
        gain = self.lift * scene.base[:, None]
        if not self.observed:
            return world.but(spend=spend, unobserved=world.unobserved + gain * d)
        controls, coefficient = world.controls.copy(), world.control_coefficient.copy()
        k = scene.control(self.control)
        controls[..., k], coefficient[..., k] = d, gain
        return world.but(spend=spend, controls=controls, control_coefficient=coefficient)
