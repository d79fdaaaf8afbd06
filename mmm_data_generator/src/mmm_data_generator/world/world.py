"""A world: everything that fixes the outcome of any spend plan. Every truth comes from here.

All arrays may carry leading axes (a batch of worlds); the last axes are as written below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_data_generator.world import transforms

if TYPE_CHECKING:
    from typing import Self

    from mmm_data_generator.fields.shapes import (
        Path,
        WorldChannelCode,
        WorldChannelFlag,
        WorldGeo,
        WorldGeoChannel,
        WorldGeoDate,
        WorldGeoDateChannel,
        WorldGeoDateControl,
        WorldGeoLagChannel,
    )


@dataclass(frozen=True, kw_only=True)
class World:
    """One world, or a batch of them along a leading axis.

    ``sales = max?(intercept + trend + seasonality + sum(contribution) + sum(control_contribution)
    + shock)``, where the maximum with 0 applies in worlds with ``nonnegative`` set.
    """

    spend: WorldGeoDateChannel  # currency per week
    controls: WorldGeoDateControl  # own units
    population: WorldGeo  # people
    lag_weights: WorldGeoLagChannel
    adstock_first: WorldChannelFlag
    kind: WorldChannelCode  # shape codes of ``transforms``
    pivot: WorldGeoChannel  # currency per week
    power: WorldGeoChannel
    coefficient: WorldGeoDateChannel  # currency per week at full saturation
    control_coefficient: WorldGeoDateControl  # currency per week and unit
    intercept: WorldGeoDate  # currency per week
    trend: WorldGeoDate
    seasonality: WorldGeoDate
    shock: WorldGeoDate  # observation noise before any cut at zero
    adstock_decay: WorldGeoChannel  # NaN where the adstock has none
    nonnegative: bool = False

    @property
    def baseline(self) -> WorldGeoDate:
        """Intercept plus trend plus seasonality, (geo, date)."""
        return self.intercept + self.trend + self.seasonality

    @property
    def control_contribution(self) -> WorldGeoDateControl:
        """Sales due to each control, (geo, date, control)."""
        return self.control_coefficient * self.controls

    def response(self, spend: WorldGeoDateChannel | None = None) -> WorldGeoDateChannel:
        """Return transformed spend, (geo, date, channel): the coefficient's multiplier."""
        x = self.spend if spend is None else spend
        first = self.adstock_first
        if first.all():
            return self._saturate(transforms.adstock(x, self.lag_weights))
        after = transforms.adstock(self._saturate(x), self.lag_weights)
        if not first.any():
            return after
        before = self._saturate(transforms.adstock(x, self.lag_weights))
        return np.where(first[..., None, None, :], before, after)

    def contribution(self, spend: WorldGeoDateChannel | None = None) -> WorldGeoDateChannel:
        """Return sales due to each channel under a plan, (geo, date, channel)."""
        return self.coefficient * self.response(spend)

    def expected_sales(self, spend: WorldGeoDateChannel | None = None) -> WorldGeoDate:
        """Return sales without noise under a plan, (geo, date)."""
        media = self.contribution(spend).sum(-1)
        return self.baseline + media + self.control_contribution.sum(-1)

    def sales(self, spend: WorldGeoDateChannel | None = None) -> WorldGeoDate:
        """Return sales with this world's own noise under a plan, (geo, date)."""
        noisy = self.expected_sales(spend) + self.shock
        return np.maximum(noisy, 0.0) if self.nonnegative else noisy

    def parts(self) -> dict[str, Path]:
        """Return what is observed and every part of it, keyed as in a dataset."""
        contribution, control = self.contribution(), self.control_contribution
        expected = self.baseline + contribution.sum(-1) + control.sum(-1)
        noise = self.sales() - expected
        return {
            "sales": expected + noise,
            "spend": self.spend,
            "controls": self.controls,
            "population": self.population,
            "contribution": contribution,
            "coefficient": self.coefficient,
            "baseline": self.baseline,
            "intercept": self.intercept,
            "trend": self.trend,
            "seasonality": self.seasonality,
            "control_contribution": control,
            "control_coefficient": self.control_coefficient,
            "noise": noise,
            "adstock_decay": self.adstock_decay,
            "half_saturation": self.half_saturation,
            "slope": self.slope,
        }

    @property
    def steady_gain(self) -> WorldGeoChannel:
        """Adstocked spend per unit of steady spend where adstock comes first, else 1."""
        total = self.lag_weights.sum(-2)
        return np.where(self.adstock_first[..., None, :], total, 1.0)

    @property
    def half_saturation(self) -> WorldGeoChannel:
        """Steady weekly spend at half saturation over mean weekly spend.

        NaN where the response has no bound, and where nothing is spent.
        """
        mean = self.spend.mean(-2)
        # no multiple of a mean of zero: a channel that rests in one geo
        half = self.pivot / self.steady_gain / np.where(mean > 0, mean, np.nan)
        bounded = (self.kind != transforms.POWER)[..., None, :]
        # hill and tanh are at one half where spend over pivot is 1, whatever the power
        return np.where(bounded, half, np.nan)

    @property
    def slope(self) -> WorldGeoChannel:
        """Hill slope (geo, channel), NaN for channels that are not Hill."""
        return np.where((self.kind == transforms.HILL)[..., None, :], self.power, np.nan)

    def item(self, i: int) -> Self:
        """Return world ``i`` of a batch."""
        return replace(self, **{name: getattr(self, name)[i] for name in ARRAYS})

    @classmethod
    def stack(cls, worlds: Sequence[Self]) -> Self:
        """Stack worlds of one shape along a new leading axis, padding lag weights with zeros."""
        lags = max(world.lag_weights.shape[-2] for world in worlds)
        stacked: dict[str, Any] = {
            name: np.stack([getattr(world, name) for world in worlds])
            for name in ARRAYS
            if name != "lag_weights"
        }
        weights = np.zeros(
            (len(worlds), *worlds[0].pivot.shape[:-1], lags, worlds[0].pivot.shape[-1])
        )
        for i, world in enumerate(worlds):
            weights[i, :, : world.lag_weights.shape[-2]] = world.lag_weights
        return replace(worlds[0], lag_weights=weights, **stacked)

    def _saturate(self, x: WorldGeoDateChannel) -> WorldGeoDateChannel:
        return transforms.saturate(x, self.kind, self.pivot, self.power)


#: The fields that are arrays, and so carry the axis of a batch.
ARRAYS = tuple(f.name for f in fields(World) if f.name != "nonnegative")
