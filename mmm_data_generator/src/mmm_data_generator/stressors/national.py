"""National media seen from the geos."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mmm_data_generator.fields.rules import Rule, check_fields, checked, one_of
from mmm_data_generator.stressors.base import PLAN, Plan, Scene, known_channels, some_names

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class NationalMedia:
    """Channels bought for the whole country; each geo is imputed its share by population."""

    type: str = "national_media"
    channels: tuple[str, ...] = ()  # none: all

    STAGE: ClassVar[int] = PLAN
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("national_media",)),
        "channels": some_names,
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels."""
        known_channels(self.channels, config, "channels")

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Split the national spend of every week by population."""
        at, spend = scene.indices(self.channels), world.spend.copy()
        share = world.population / world.population.sum()
        spend[..., at] = share[:, None, None] * world.spend[..., at].sum(0)
        return world.but(spend=spend)
