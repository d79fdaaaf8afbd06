"""A fitted parameter vector, unfolded into contributions and responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.fitters.common.hill import geometric_adstock, hill
from mmm_benchmark.fitters.scipy_hill.design import Design
from mmm_benchmark.fitters.scipy_hill.pooling import Linear

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        ChannelGeoDate,
        GeoChannel,
        GeoDate,
        GeoDateChannel,
        GeoDateControl,
        PerAllChannel,
        PerChannel,
        PerTransform,
    )


@dataclass(frozen=True)
class Solution:
    """One set of parameters of one dataset: a point estimate or a bootstrap draw."""

    design: Design
    parameters: PerTransform  # flattened (3, live channel)
    linear: Linear

    @property
    def decay(self) -> PerChannel:
        """Adstock decay, shape (live channel,)."""
        return 1.0 / (1.0 + np.exp(-self.parameters.reshape(3, -1)[0]))

    @property
    def half_saturation(self) -> PerChannel:
        """Steady spend at half saturation, multiples of mean weekly spend, (live channel,)."""
        return np.exp(self.parameters.reshape(3, -1)[1])

    @property
    def slope(self) -> PerChannel:
        """Hill slope, shape (live channel,)."""
        return np.exp(self.parameters.reshape(3, -1)[2])

    def adstock(self) -> ChannelGeoDate:
        """Adstocked spend in multiples of mean spend, shape (live channel, geo, date)."""
        return geometric_adstock(self.design.spend, self.decay[:, None])

    def saturation(self, adstock: ChannelGeoDate, multiplier: float = 1.0) -> ChannelGeoDate:
        """Saturated spend; adstock is linear, so a multiple of spend is a multiple of it."""
        half = self.half_saturation[:, None, None]
        return hill(multiplier * adstock, half, self.slope[:, None, None])

    def coefficient(self) -> GeoChannel:
        """Sales at full saturation, shape (geo, channel), currency per week; 0 if not live."""
        result = np.zeros_like(self.design.spend_scale)
        result[:, self.design.live] = self.linear.effects * self.design.sales_scale[:, None]
        return result

    def contribution(self, adstock: ChannelGeoDate) -> GeoDateChannel:
        """Shape (geo, date, channel), currency per week."""
        saturation = self.saturation(adstock)
        full = self.coefficient()
        result = np.zeros((*self.design.sales.shape, full.shape[1]))
        result[..., self.design.live] = np.moveaxis(saturation, 0, -1)
        return result * full[:, None, :]

    def totals(self, adstock: ChannelGeoDate, multiplier: float) -> PerAllChannel:
        """Contribution of each channel over all geos and dates, shape (channel,), currency."""
        by_geo = self.saturation(adstock, multiplier).sum(-1)  # (live channel, geo)
        full = self.coefficient()
        result = np.zeros(full.shape[1])
        result[self.design.live] = np.einsum("cg,gc->c", by_geo, full[:, self.design.live])
        return result

    def baseline(self) -> GeoDate:
        """Intercept, trend and seasonality, shape (geo, date), currency per week."""
        n = self.design.n_time
        time = np.einsum("gk,kgt->gt", self.linear.columns[:, :n], self.design.columns[:n])
        return (self.linear.intercept[:, None] + time) * self.design.sales_scale[:, None]

    def control_contribution(self, controls: int) -> GeoDateControl:
        """Shape (geo, date, control), currency per week; 0 for a control that was left out."""
        n = self.design.n_time
        result = np.zeros((*self.design.sales.shape, controls))
        effect = self.linear.columns[:, n:] * self.design.sales_scale[:, None]
        result[..., self.design.controls] = np.einsum(
            "gk,kgt->gtk", effect, self.design.columns[n:]
        )
        return result

    def native(self, values: PerChannel) -> GeoChannel:
        """Spread a value by live channel over (geo, channel); channels not live are 0."""
        result = np.zeros_like(self.design.spend_scale)
        result[:, self.design.live] = values
        return result

    def residual(self) -> GeoDate:
        """Sales less expected sales in multiples of each geo's mean sales, shape (geo, date)."""
        design, linear = self.design, self.linear
        saturation = self.saturation(self.adstock())
        expected = linear.intercept[:, None] + np.einsum(
            "gk,kgt->gt",
            np.concatenate([linear.columns, linear.effects], axis=1),
            np.concatenate([design.columns, saturation]),
        )
        return design.sales - expected
