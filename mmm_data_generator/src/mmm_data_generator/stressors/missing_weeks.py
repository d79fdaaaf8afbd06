"""Weeks in which nobody recorded sales."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.errors import ConfigError
from mmm_data_generator.fields.rules import (
    Rule,
    check_fields,
    checked,
    integer,
    number,
    one_of,
    text,
)
from mmm_data_generator.stressors.base import RECORD, Plan, Scene

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class MissingWeeks:
    """Gaps in the record of sales, filled by the line between the recorded neighbours.

    Fitters never see a missing value: the filled weeks carry a control that is 1 there and 0
    elsewhere (true effect 0), so a model may give them a level of their own or drop them. The
    truth keeps ``recorded``; what the filling gets wrong is part of the noise. The first and the
    last week are always recorded.
    """

    type: str = "missing_weeks"
    probability: float = 0.04  # chance that a gap starts in a geo's week
    periods: int = 2  # weeks
    control: str = "Imputed-Week"

    STAGE: ClassVar[int] = RECORD
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("missing_weeks",)),
        "probability": number(above=0, at_most=0.5),
        "periods": integer(at_least=1),
        "control": text,
    }

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def new_controls(self) -> tuple[str, ...]:
        """Names of the controls it adds."""
        return (self.control,)

    def check(self, config: Plan) -> None:
        """Refuse gaps that leave nothing."""
        if self.periods > config.n_periods // 4:
            raise ConfigError(
                "periods",
                f" = {self.periods}: must be <= {config.n_periods // 4}, a quarter of the weeks",
            )

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Lose the weeks, at least one gap in every geo."""
        recorded, n = world.recorded.copy(), len(scene.dates)
        for g, geo in enumerate(scene.geos):
            rng = scene.rng("gaps", geo)
            starts = 1 + np.flatnonzero(rng.random(n - 2) < self.probability)
            if not len(starts):
                starts = 1 + rng.integers(n - 2, size=1)
            for start in starts:
                recorded[g, start : min(start + self.periods, n - 1)] = 0.0
        controls = world.controls.copy()
        controls[..., scene.control(self.control)] = 1 - recorded
        return world.but(recorded=recorded, controls=controls)
