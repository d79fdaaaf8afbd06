"""Effects that come later than any usual adstock says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, integer, one_of
from mmm_data_generator.stressors.base import MARKET, Plan, Scene, known_channels, some_names

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class WrongLag:
    """The effect of the channels starts only some weeks after the spend."""

    type: str = "wrong_lag"
    channels: tuple[str, ...] = ()  # none: all
    weeks: int = 3

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("wrong_lag",)),
        "channels": some_names,
        "weeks": integer(at_least=1),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels."""
        known_channels(self.channels, config, "channels")

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Move the channels' lag weights."""
        at, w = scene.indices(self.channels), world.lag_weights
        late = scene.whole_periods(self.weeks)
        moved = np.pad(w, ((0, 0), (0, late), (0, 0)))
        moved[..., at] = np.pad(w[..., at], ((0, 0), (late, 0), (0, 0)))
        return world.but(lag_weights=moved)
