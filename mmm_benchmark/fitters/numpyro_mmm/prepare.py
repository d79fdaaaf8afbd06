"""Observed data as the MMM sees it: divided by largest values, lags laid out once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.lags import lag_tensor
from mmm_benchmark.fitters.common.media_priors import media_prior_scale
from mmm_benchmark.fitters.common.structure import L_MAX, fourier
from mmm_benchmark.shapes.jax import (
    ChannelGeoDateLag,
    DateColumn,
    GeoChannel,
    GeoDate,
    GeoDateColumn,
    GeoDateControl,
    PerChannel,
    PerGeo,
)

type Array = NDArray[np.float64]

CONTROL_SD = 2.0  # prior standard deviation of a control's effect, shares of largest sales


@dataclass(frozen=True)
class Inputs:
    """Scaled data; sales and effects are in units of each geo's largest sales."""

    lagged: ChannelGeoDateLag  # multiples of the geo's largest spend
    sales: GeoDate
    fourier: DateColumn
    controls: GeoDateControl  # multiples of the largest value
    control_scale: Array  # (control,), own units
    prior_scale: PerChannel
    sales_scale: PerGeo  # currency per week
    spend_scale: GeoChannel  # currency per week

    @property
    def sales_mean(self) -> PerGeo:
        """Prior mean of the intercept, (geo,)."""
        return self.sales.mean(axis=1)

    @property
    def sales_sd(self) -> PerGeo:
        """Half the prior scale of intercept and noise, (geo,)."""
        return self.sales.std(axis=1)

    @property
    def typical_spend(self) -> PerChannel:
        """Mean positive spend, (channel,): where effects are measured while sampling."""
        now = self.lagged[..., 0]
        return now.sum(axis=(1, 2)) / np.maximum((now > 0).sum(axis=(1, 2)), 1)

    @property
    def variation(self) -> PerChannel:
        """Norm of spend's movement within a geo, (channel,), multiples of typical spend."""
        now = self.lagged[..., 0] / self.typical_spend[:, None, None]
        moved = ((now - now.mean(axis=2, keepdims=True)) ** 2).sum(axis=2)
        return np.sqrt(np.maximum(moved.mean(axis=1), 1.0))


def inputs(observed: xr.Dataset, priors: str) -> Inputs:
    """Scale ``observed`` and lay out this and the seven weeks before of every week."""
    spend = observed["spend"].transpose("channel", "geo", "date").to_numpy()
    sales = observed["sales"].transpose("geo", "date").to_numpy()
    controls = observed["controls"].transpose("geo", "date", "control").to_numpy()
    spend_scale = spend.max(axis=2)
    scaled = spend / np.where(spend_scale > 0, spend_scale, 1.0)[..., None]
    sales_scale = sales.max(axis=1)
    largest = np.abs(controls).max(axis=(0, 1), initial=0.0)
    return Inputs(
        lagged=np.ascontiguousarray(lag_tensor(scaled, L_MAX)),
        sales=sales / sales_scale[:, None],
        fourier=fourier(observed["date"].dt.dayofyear.to_numpy()),
        controls=controls / np.where(largest > 0, largest, 1.0),
        control_scale=np.where(largest > 0, largest, 1.0),
        prior_scale=media_prior_scale(observed, priors),
        sales_scale=sales_scale,
        spend_scale=spend_scale.T,
    )


def run_on(given: Inputs, whole: xr.Dataset) -> Inputs:
    """The inputs of all weeks, seen and to come, in the units of the weeks that were seen.

    ``whole`` holds spend and controls of them all; its sales are not known and are zero here.
    """
    spend = whole["spend"].transpose("channel", "geo", "date").to_numpy()
    controls = whole["controls"].transpose("geo", "date", "control").to_numpy()
    scale = given.spend_scale.T[..., None]
    return replace(
        given,
        lagged=np.ascontiguousarray(lag_tensor(spend / np.where(scale > 0, scale, 1.0), L_MAX)),
        sales=np.zeros(spend.shape[1:]),
        fourier=fourier(whole["date"].dt.dayofyear.to_numpy()),
        controls=controls / given.control_scale,
    )


def design(data: Inputs) -> tuple[GeoDateColumn, GeoDateControl]:
    """Intercept and seasonality (geo, date, p) and controls, scaled by their prior sd."""
    own = np.concatenate([np.ones((len(data.fourier), 1)), data.fourier], axis=1)
    sd = np.ones((len(data.sales), own.shape[1]))
    sd[:, 0] = 2 * data.sales_sd
    return own * sd[:, None, :], CONTROL_SD * data.controls
