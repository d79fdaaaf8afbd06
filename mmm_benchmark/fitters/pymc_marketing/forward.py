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
from scipy.special import expit, logit

from mmm_benchmark.fitters.common.lags import lag_tensor, lag_weights
from mmm_benchmark.fitters.pymc_marketing.model import L_MAX, control_scale
from mmm_data_generator.fields.periods import DAYS_PER_YEAR

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """Inputs as the model sees them, and the scale that brings its answers back to currency."""

    spend: Array  # (geo, date, channel), multiples of the largest spend
    controls: Array  # (geo, date, control), multiples of the largest value
    fourier: Array  # (date, mode)
    modes: tuple[str, ...]  # their names, such as sin_1
    target_scale: Array  # (geo,), currency per week
    channel_scale: Array  # (geo, channel), currency per week

    @classmethod
    def of(cls, observed: xr.Dataset, mmm: MMM) -> Self:
        """Take data from ``observed`` and scales from the built model."""
        channel_scale = mmm.scalers["_channel"].transpose("geo", "channel").to_numpy()
        spend = observed["spend"].transpose("geo", "date", "channel").to_numpy()
        scale = channel_scale[:, None, :]
        day = observed["date"].dt.dayofyear.to_numpy()
        modes = tuple(str(mode) for mode in mmm.model.coords["fourier_mode"])
        return cls(
            spend=np.divide(spend, scale, out=np.zeros(spend.shape), where=scale > 0),
            controls=(observed["controls"] / control_scale(observed))
            .transpose("geo", "date", "control")
            .to_numpy(),
            fourier=fourier_basis(day, list(modes)),
            modes=modes,
            target_scale=mmm.scalers["_target"].transpose("geo").to_numpy(),
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
            fourier=fourier_basis(day, list(self.modes)),
        )

    def lagged(self) -> Array:
        """Spend of this and the seven weeks before, ``(geo, date, channel, lag)``."""
        return lag_tensor(self.spend, L_MAX, axis=1)


@dataclass(frozen=True)
class Draws:
    """Free variables of some draws; the first axis runs over draws."""

    decay: Array  # (draw, channel)
    asymptote: Array  # (draw, geo, channel)
    steepness: Array  # (draw, channel)
    midpoint: Array  # (draw, channel)
    intercept: Array  # (draw, geo)
    fourier: Array  # (draw, geo, mode)
    control: Array  # (draw, control)
    noise: Array  # (draw, geo)
    multiplier: Array  # (draw, date, channel), one where media effects do not move

    @classmethod
    def of(cls, posterior: xr.Dataset, multiplier: xr.DataArray | None, dates: int) -> Self:
        """Take ``(chain, draw, ...)`` variables; chains follow one another."""

        def values(name: str, *dims: str) -> Array:
            stacked = posterior[name].stack(sample=("chain", "draw"), create_index=False)
            return stacked.transpose("sample", *dims).to_numpy()

        decay = values("adstock_alpha", "channel")
        draws, channels = decay.shape
        if multiplier is None:
            moving = np.ones((draws, 1, 1))
        else:
            stacked = multiplier.stack(sample=("chain", "draw"), create_index=False)
            moving = stacked.transpose("sample", "date", "channel").to_numpy()
        return cls(
            decay=decay,
            asymptote=values("saturation_sigma", "geo", "channel"),
            steepness=values("saturation_beta", "channel"),
            midpoint=values("saturation_lam", "channel"),
            intercept=values("intercept_contribution", "geo"),
            fourier=values("gamma_fourier", "geo", "fourier_mode"),
            control=values("gamma_control", "control")
            if "gamma_control" in posterior
            else np.empty((draws, 0)),
            noise=values("y_sigma", "geo"),
            multiplier=np.broadcast_to(moving, (draws, dates, channels)),
        )

    def on(self, dates: int) -> Draws:
        """The same for another number of dates, where media effects do not move."""
        draws, _, channels = self.multiplier.shape
        return replace(self, multiplier=np.ones((draws, dates, channels)))

    def __getitem__(self, index: slice) -> Draws:
        return Draws(**{name: value[index] for name, value in vars(self).items()})

    def __len__(self) -> int:
        return len(self.decay)


def saturation(x: Array, steepness: Array, midpoint: Array) -> Array:
    """Sigmoid through the origin for an asymptote parameter of one."""
    return expit(steepness * (x - midpoint)) - expit(-steepness * midpoint)


def full_saturation(draws: Draws) -> Array:
    """Share of the asymptote parameter that unlimited spend reaches, ``(draw, channel)``."""
    return expit(draws.steepness * draws.midpoint)


def half_saturation(draws: Draws) -> Array:
    """Adstocked spend at half of full saturation, multiples of largest spend, (draw, channel)."""
    floor = expit(-draws.steepness * draws.midpoint)
    return draws.midpoint + logit((1 + floor) / 2) / draws.steepness


def adstocked(lagged: Array, draws: Draws) -> Array:
    """Adstocked spend, ``(draw, geo, date, channel)``, multiples of largest spend."""
    return np.einsum("gtcl,scl->sgtc", lagged, lag_weights(draws.decay, L_MAX), optimize=True)


def contribution(x: Array, draws: Draws, data: Data) -> Array:
    """Sales brought by each channel from adstocked spend ``x``, (draw, geo, date, channel)."""
    shape = saturation(x, draws.steepness[:, None, None], draws.midpoint[:, None, None])
    effect = draws.asymptote[:, :, None] * draws.multiplier[:, None]
    return data.target_scale[:, None, None] * effect * shape


def baseline(draws: Draws, data: Data) -> Array:
    """Intercept and seasonality, ``(draw, geo, date)``, currency per week."""
    seasonality = np.einsum("sgm,tm->sgt", draws.fourier, data.fourier)
    return data.target_scale[:, None] * (draws.intercept[..., None] + seasonality)


def control_contribution(draws: Draws, data: Data) -> Array:
    """Sales brought by each control, ``(draw, geo, date, control)``, currency per week."""
    return data.target_scale[:, None, None] * data.controls * draws.control[:, None, None]


def fourier_basis(day: NDArray[np.int64], modes: list[str]) -> Array:
    """Columns such as ``sin_1`` and ``cos_2`` of the day of the year, ``(date, mode)``."""
    columns = []
    for mode in modes:
        wave, order = mode.split("_")
        angle = 2 * np.pi * int(order) * day / DAYS_PER_YEAR
        columns.append(np.sin(angle) if wave == "sin" else np.cos(angle))
    return np.stack(columns, axis=-1)
