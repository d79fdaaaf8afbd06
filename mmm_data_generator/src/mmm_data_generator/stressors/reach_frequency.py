"""Channels bought as reach and frequency, whose sales answer to both."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import LAW, Plan, Scene, known_channels, some_names
from mmm_data_generator.world.coefficients import ou_path

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class ReachFrequency:
    """What the channels sell depends on how many people they reach and how often.

    Spend buys impressions I at ``cpm``; they fall at random on an audience of A people, so the
    week reaches R and each of them F times on average::

        I = 1000 spend / cpm,   R = A (1 - exp(-I / A)),   F = I / R
        contribution = coefficient * adstock(R / mean A * F^s / (F^s + k^s))

    with k ``half_frequency`` and s ``slope``: the form of Google Meridian 2.1 for such channels
    (``ModelEquations.adstock_hill_rf``: adstock of reach times the Hill of frequency). It takes
    the place of the channel's own saturation. The plan's targeting changes from week to week: A is
    ``audience`` of the population times a stationary AR(1) in logs, so equal spend buys now more
    reach, now more frequency. Another plan keeps prices and targeting.
    """

    type: str = "reach_frequency"
    channels: tuple[str, ...] = ()  # none: all
    cpm: float = 10.0  # currency for a thousand impressions
    audience: float = 0.1  # mean addressed audience, share of the population
    audience_sd: float = 0.4  # of its log
    half_frequency: float = 2.0  # impressions per person reached
    slope: float = 2.0

    STAGE: ClassVar[int] = LAW
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("reach_frequency",)),
        "channels": some_names,
        "cpm": number(above=0),
        "audience": number(above=0, at_most=1),
        "audience_sd": number(at_least=0),
        "half_frequency": number(above=0),
        "slope": number(above=0),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def check(self, config: Plan) -> None:
        """Refuse unknown channels."""
        known_channels(self.channels, config, "channels")

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Give the channels an audience, a price and a law of frequency."""
        audience, price = world.audience.copy(), world.impression_price.copy()
        half, slope = world.half_frequency.copy(), world.frequency_slope.copy()
        n, reversion = len(scene.dates), 0.3
        step = self.audience_sd * np.sqrt(1 - (1 - reversion) ** 2)
        for j in scene.indices(self.channels):
            rng = scene.rng("audience", name=scene.channels[j])
            moving = np.exp(ou_path(rng, (), n, step, reversion))
            share = np.minimum(self.audience * moving / moving.mean(), 1.0)
            audience[..., j] = share * world.population[:, None]
            price[j], half[j], slope[j] = self.cpm / 1000, self.half_frequency, self.slope
        return world.but(
            audience=audience, impression_price=price, half_frequency=half, frequency_slope=slope
        )
