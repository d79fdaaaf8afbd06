"""Long-term brand effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import MARKET, Plan, Scene, known_channels, some_names

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Brand:
    """Spend also feeds a slow adstock that looks like baseline to whoever models weeks.

    The slow effect is ``strength`` times the channel's mean coefficient at full saturation. It is
    caused by spend, so the truth counts it in the channel's contribution and ROAS;
    ``brand_contribution`` is that part alone. Half-lives of months: see docs/priors.md.
    """

    type: str = "brand"
    channels: tuple[str, ...] = ()  # none: all
    strength: float = 0.5
    half_life: float = 26.0  # weeks

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("brand",)),
        "channels": some_names,
        "strength": number(at_least=0),
        "half_life": number(above=0),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels."""
        known_channels(self.channels, config, "channels")

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Set the slow adstock of the channels; its weights sum to 1 over all time."""
        decay = 0.5 ** (1 / scene.periods(self.half_life))
        lags = (1 - decay) * decay ** np.arange(len(scene.dates))
        g, _, c = world.spend.shape
        weights = np.broadcast_to(lags[None, :, None], (g, len(lags), c)).copy()
        # steady spend is felt as in the short-term adstock, so that both saturate alike
        weights *= world.lag_weights.sum(1, keepdims=True)
        strength = np.zeros(c)
        strength[scene.indices(self.channels)] = self.strength
        return world.but(
            brand_weights=weights, brand_coefficient=strength * world.coefficient.mean(1)
        )
