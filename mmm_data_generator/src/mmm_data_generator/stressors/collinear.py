"""Channels that are bought together."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.errors import ConfigError
from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import (
    PLAN,
    Plan,
    Scene,
    known_channels,
    some_names,
    with_total,
)

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Collinear:
    """Log weekly spend of each two of the channels correlates as chosen, exactly, in every geo.

    The channels run every week with their former total and the given spread of log spend.
    """

    type: str = "collinear"
    channels: tuple[str, ...] = ()  # none: all
    correlation: float = 0.9  # of log weekly spend, between each two
    log_sd: float = 0.4  # standard deviation of log weekly spend

    STAGE: ClassVar[int] = PLAN
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("collinear",)),
        "channels": some_names,
        "correlation": number(above=-1, below=1),
        "log_sd": number(above=0),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels and correlations that no set of channels can have."""
        known_channels(self.channels, config, "channels", at_least=2)
        k = len(self.channels or config.channel_names)
        if self.correlation <= -1 / (k - 1):
            raise ConfigError(
                "correlation",
                f" = {self.correlation}: must be > {-1 / (k - 1):.3g} between {k} channels",
            )
        if config.n_periods <= k + 1:
            raise ConfigError("channels", f": {k} channels need more than {k + 1} weeks")

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Replace the spend of the channels."""
        # by name, so that the order of the channels means nothing
        at = sorted(scene.indices(self.channels), key=lambda j: scene.channels[j])
        n, k = len(scene.dates), len(at)
        target = np.full((k, k), self.correlation) + (1 - self.correlation) * np.eye(k)
        mix = np.linalg.cholesky(target).T
        spend = world.spend.copy()
        for g, geo in enumerate(scene.geos):
            z = np.stack(
                [scene.rng("spend", geo, scene.channels[j]).standard_normal(n) for j in at], axis=1
            )
            # orthonormal columns without mean: the sample correlation is the target itself
            q, _ = np.linalg.qr(z - z.mean(0))
            spend[g][:, at] = np.exp(self.log_sd * np.sqrt(n) * q @ mix)
        spend[..., at] = with_total(spend[..., at], world.spend[..., at])
        return world.but(spend=spend)
