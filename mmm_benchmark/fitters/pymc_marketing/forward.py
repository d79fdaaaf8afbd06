"""From draws of the MMM's free variables to contributions, in plain numpy.

The same equations as the library's, so that spend can be multiplied at will and draws go by in
batches; tests hold them equal to the library's own contributions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pymc_marketing.mmm import MMM

from mmm_benchmark.fitters.common.lags import lag_tensor, lag_weights
from mmm_benchmark.fitters.pymc_marketing.curves import Curve, curve_of
from mmm_benchmark.fitters.pymc_marketing.model import L_MAX, TREND, control_scale, trend
from mmm_data_generator.fields.periods import DAYS_PER_YEAR

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """Inputs as the model sees them, and the scale that brings its answers back to currency."""

    spend: Array  # (geo, date, channel), multiples of the largest spend
    controls: Array  # (geo, date, control), multiples of the largest value
    trend: Array  # (date,), from 0 to 1; used where the model has one
    fourier: Array  # (date, mode)
    modes: tuple[str, ...]  # their names, such as sin_1
    target_scale: Array  # (geo,), currency per week
    channel_scale: Array  # (geo, channel), currency per week

    @classmethod
    def of(cls, observed: xr.Dataset, mmm: MMM) -> Self:
        """Take data from ``observed`` and scales from the built model."""
        channel_scale = spread(mmm.scalers["_channel"], observed, "geo", "channel")
        spend = observed["spend"].transpose("geo", "date", "channel").to_numpy()
        scale = channel_scale[:, None, :]
        day = observed["date"].dt.dayofyear.to_numpy()
        modes = tuple(str(mode) for mode in mmm.model.coords["fourier_mode"])
        return cls(
            spend=np.divide(spend, scale, out=np.zeros(spend.shape), where=scale > 0),
            controls=(observed["controls"] / control_scale(observed))
            .transpose("geo", "date", "control")
            .to_numpy(),
            trend=trend(observed).to_numpy(),
            fourier=fourier_basis(day, list(modes)),
            modes=modes,
            target_scale=spread(mmm.scalers["_target"], observed, "geo"),
            channel_scale=channel_scale,
        )

    def run_on(self, whole: xr.Dataset, scale: xr.DataArray) -> Data:
        """The same of all weeks, seen and to come, in the units of the weeks that were seen."""
        spend = whole["spend"].transpose("geo", "date", "channel").to_numpy()
        largest = self.channel_scale[:, None, :]
        day = whole["date"].dt.dayofyear.to_numpy()
        return replace(
            self,
            spend=np.divide(spend, largest, out=np.zeros(spend.shape), where=largest > 0),
            controls=(whole["controls"] / scale).transpose("geo", "date", "control").to_numpy(),
            trend=np.arange(day.size) / (self.trend.size - 1),
            fourier=fourier_basis(day, list(self.modes)),
        )

    def lagged(self) -> Array:
        """Spend of this and the seven weeks before, ``(geo, date, channel, lag)``."""
        return lag_tensor(self.spend, L_MAX, axis=1)


@dataclass(frozen=True)
class Draws:
    """Free variables of some draws; the first axis runs over draws, what geos share is repeated."""

    curve: Curve
    decay: Array  # (draw, geo, channel)
    asymptote: Array  # (draw, geo, channel)
    first: Array  # (draw, geo, channel), of the curve
    second: Array  # (draw, geo, channel)
    intercept: Array  # (draw, geo)
    fourier: Array  # (draw, geo, mode)
    control: Array  # (draw, geo, control)
    trend: Array  # (draw, geo)
    noise: Array  # (draw, geo)
    multiplier: Array  # (draw, date, channel), one where media effects do not move

    @classmethod
    def of(
        cls, posterior: xr.Dataset, multiplier: xr.DataArray | None, observed: xr.Dataset
    ) -> Self:
        """Take ``(chain, draw, ...)`` variables; chains follow one another."""

        def values(variable: xr.DataArray, *dims: str) -> Array:
            stacked = variable.stack(sample=("chain", "draw"), create_index=False)
            return spread(stacked, observed, "sample", *dims)

        names = [str(name) for name in observed["control"].values]
        trended = xr.zeros_like(posterior["y_sigma"])
        effects = posterior.get("gamma_control")
        if effects is not None and TREND in effects["control"].values:
            trended = effects.sel(control=TREND, drop=True)
        curve = curve_of({str(name) for name in posterior})
        first, second = (posterior[name] for name in curve.parameters)
        sample = posterior.sizes["chain"] * posterior.sizes["draw"]
        by_week = (sample, observed.sizes["date"], observed.sizes["channel"])
        control = np.zeros((sample, observed.sizes["geo"], 0))
        if names:
            control = values(posterior["gamma_control"].sel(control=names), "geo", "control")
        moving = np.ones((1, 1, 1))
        if multiplier is not None:
            moving = values(multiplier, "date", "channel")
        return cls(
            curve=curve,
            decay=values(posterior["adstock_alpha"], "geo", "channel"),
            asymptote=values(posterior[curve.asymptote], "geo", "channel"),
            first=values(first, "geo", "channel"),
            second=values(second, "geo", "channel"),
            intercept=values(posterior["intercept_contribution"], "geo"),
            fourier=values(posterior["gamma_fourier"], "geo", "fourier_mode"),
            control=control,
            trend=values(trended, "geo"),
            noise=values(posterior["y_sigma"], "geo"),
            multiplier=np.broadcast_to(moving, by_week),
        )

    def on(self, dates: int) -> Draws:
        """The same for another number of dates, where media effects do not move."""
        draws, _, channels = self.multiplier.shape
        return replace(self, multiplier=np.ones((draws, dates, channels)))

    def __getitem__(self, index: slice) -> Draws:
        arrays = {name: value[index] for name, value in vars(self).items() if name != "curve"}
        return Draws(curve=self.curve, **arrays)

    def __len__(self) -> int:
        return len(self.decay)


def spread(values: xr.DataArray, observed: xr.Dataset, *dims: str) -> Array:
    """``values`` in the order of ``dims``, repeated along those that it lacks."""
    missing = {dim: observed.sizes[dim] for dim in dims if dim not in values.dims}
    return values.expand_dims(missing).transpose(*dims).to_numpy()


def full_saturation(draws: Draws) -> Array:
    """Share of the asymptote parameter that unlimited spend reaches, (draw, geo, channel)."""
    return draws.curve.full(draws.first, draws.second)


def half_saturation(draws: Draws) -> Array:
    """Adstocked spend at half of full saturation, multiples of largest spend."""
    return draws.curve.half(draws.first, draws.second)


def adstocked(lagged: Array, draws: Draws) -> Array:
    """Adstocked spend, ``(draw, geo, date, channel)``, multiples of largest spend."""
    return np.einsum("gtcl,sgcl->sgtc", lagged, lag_weights(draws.decay, L_MAX), optimize=True)


def contribution(x: Array, draws: Draws, data: Data) -> Array:
    """Sales brought by each channel from adstocked spend ``x``, (draw, geo, date, channel)."""
    shape = draws.curve.response(x, draws.first[:, :, None], draws.second[:, :, None])
    effect = draws.asymptote[:, :, None] * draws.multiplier[:, None]
    return data.target_scale[:, None, None] * effect * shape


def baseline(draws: Draws, data: Data) -> Array:
    """Intercept, trend and seasonality, ``(draw, geo, date)``, currency per week."""
    seasonality = np.einsum("sgm,tm->sgt", draws.fourier, data.fourier)
    level = draws.intercept[..., None] + draws.trend[..., None] * data.trend
    return data.target_scale[:, None] * (level + seasonality)


def control_contribution(draws: Draws, data: Data) -> Array:
    """Sales brought by each control, ``(draw, geo, date, control)``, currency per week."""
    return data.target_scale[:, None, None] * data.controls * draws.control[:, :, None]


def fourier_basis(day: NDArray[np.int64], modes: list[str]) -> Array:
    """Columns such as ``sin_1`` and ``cos_2`` of the day of the year, ``(date, mode)``."""
    columns = []
    for mode in modes:
        wave, order = mode.split("_")
        angle = 2 * np.pi * int(order) * day / DAYS_PER_YEAR
        columns.append(np.sin(angle) if wave == "sin" else np.cos(angle))
    return np.stack(columns, axis=-1)
