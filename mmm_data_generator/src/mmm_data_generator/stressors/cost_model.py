"""What a unit of spend buys: a price of impressions that moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import PLAN, Plan, Scene, known_channels, some_names
from mmm_data_generator.world.coefficients import ou_path
from mmm_data_generator.world.spend import seasonal

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class CostModel:
    """Impressions drive sales and their price moves, so a unit of spend buys now more, now less.

    Price relative to its mean is a yearly wave times a stationary AR(1) in logs, national. The
    impressions themselves, clicks, reach and frequency come from ``mmm_data_generator.media``.
    """

    type: str = "cost_model"
    channels: tuple[str, ...] = ()  # none: all
    seasonal_amplitude: float = 0.2  # share of the mean price
    volatility: float = 0.05  # one week's step of the log price
    reversion: float = 0.1  # per week

    STAGE: ClassVar[int] = PLAN
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("cost_model",)),
        "channels": some_names,
        "seasonal_amplitude": number(at_least=0, below=1),
        "volatility": number(at_least=0),
        "reversion": number(above=0, at_most=1),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels."""
        known_channels(self.channels, config, "channels")

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Set what a unit of spend buys, with mean 1 over the window."""
        efficiency, n = world.efficiency.copy(), len(scene.dates)
        for j in scene.indices(self.channels):
            rng = scene.rng("price", name=scene.channels[j])
            wave = seasonal(
                np.arange(n, dtype=float),
                self.seasonal_amplitude,
                rng.uniform(0, 2 * np.pi),
                scene.year,
            )
            bought = 1 / (wave * np.exp(ou_path(rng, (), n, self.volatility, self.reversion)))
            efficiency[..., j] *= bought / bought.mean()
        return world.but(efficiency=efficiency)
