"""Scaled data and the columns whose coefficients are solved exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from mmm_data_generator.fields.periods import DAYS_PER_YEAR

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        ChannelGeoDate,
        ChannelPlaces,
        ColumnGeoDate,
        ColumnGeoOther,
        ColumnPlaces,
        ColumnRow,
        ControlPlaces,
        Dates,
        GeoChannel,
        GeoDate,
        GeoLive,
        OtherDates,
        PerDate,
        PerGeo,
        PlaceRow,
        Places,
        Reduced,
        RestGeoDate,
        RestRow,
    )


#: A column that keeps less than this share of its length once the others are removed is dropped.
DEPENDENT = 1e-7


@dataclass(frozen=True, kw_only=True)
class Design:
    """One dataset in the units of the fit.

    Sales of each geo are multiples of its mean sales, spend of each geo and channel multiples
    of its mean weekly spend, so shared parameters mean the same thing in every geo.
    """

    sales: GeoDate  # multiples of the geo's mean sales
    sales_scale: PerGeo  # currency per week
    spend: ChannelGeoDate  # multiples of the geo's mean weekly spend
    spend_scale: GeoChannel  # currency per week
    live: ChannelPlaces  # channels whose spend varies in at least one geo
    columns: ColumnGeoDate  # trend, seasonality, controls that are independent
    kept: ColumnPlaces  # which of the candidates the columns are
    n_time: int  # the first columns: trend and seasonality
    controls: ControlPlaces  # which controls the remaining columns are
    basis: ColumnRow  # orthonormal, of the columns less their geo means
    notes: tuple[str, ...]

    def without_baseline(self, series: RestGeoDate) -> RestRow:
        """Remove geo means and the columns from series of shape (..., geo, date); flattens them."""
        centred = series - series.mean(-1, keepdims=True)
        flat = centred.reshape(*series.shape[:-2], -1)
        return flat - (flat @ self.basis.T) @ self.basis

    @property
    def n_linear(self) -> int:
        """Linear coefficients other than channel effects: intercepts and columns."""
        return self.sales.shape[0] + self.columns.shape[0]


def build(observed: xr.Dataset, fourier_order: int, trend: bool) -> Design:
    """Scale the data and choose the columns of the baseline.

    The number of harmonics is at most two per year of data, so that half a year of dates is
    not asked for a wave it cannot show. Columns that follow from the ones before them (a
    constant control, a control that copies the trend) are left out and noted.
    """
    sales = observed["sales"].transpose("geo", "date").values.astype(float)
    spend = observed["spend"].transpose("geo", "date", "channel").values.astype(float)
    dates = observed["date"].values

    sales_scale = _positive(np.abs(sales).mean(-1))
    spend_scale = spend.mean(1)
    relative = relative_spend(observed, spend_scale)
    live = np.flatnonzero(np.ptp(relative, axis=-1).max(-1) > DEPENDENT)

    waves = harmonics(dates, fourier_order)
    columns = candidates(observed, dates, waves, trend=trend)
    kept, basis = _independent(columns)
    time = len(columns) - observed.sizes["control"]
    n_time = int((kept < time).sum())
    kept_controls = kept[n_time:] - time

    return Design(
        sales=sales / sales_scale[:, None],
        sales_scale=sales_scale,
        spend=relative[live],
        spend_scale=spend_scale,
        live=live,
        columns=columns[kept],
        kept=kept,
        n_time=n_time,
        controls=kept_controls,
        basis=basis,
        notes=_notes(observed, live, kept_controls),
    )


def harmonics(dates: Dates, fourier_order: int) -> int:
    """How many waves these dates can show: at most two per year of data."""
    years = _years(dates, dates[0])
    return min(fourier_order, round(2.0 * float(np.ptp(years) + np.diff(years).mean())))


def candidates(
    observed: xr.Dataset,
    dates: Dates,
    waves: int,
    *,
    trend: bool,
    at: OtherDates | None = None,
) -> ColumnGeoOther:
    """Trend, seasonality and controls, (column, geo, date), before any is left out.

    The trend is in years from the middle of ``dates``, the weeks that are fitted; ``at`` are the
    dates of ``observed`` where they are others.
    """
    controls = observed["controls"].transpose("control", "geo", "date").values.astype(float)
    geos = observed.sizes["geo"]
    at = dates if at is None else at
    time = [_years(at, dates[0]) - _years(dates, dates[0]).mean()] if trend else []
    time += fourier(at, waves)
    over_geos = [np.broadcast_to(column, (geos, at.size)) for column in time]
    return np.array([*over_geos, *controls]).reshape(-1, geos, at.size)


def relative_spend(observed: xr.Dataset, spend_scale: GeoLive) -> ChannelGeoDate:
    """Spend in multiples of ``spend_scale`` (geo, channel), shape (channel, geo, date)."""
    spend = observed["spend"].transpose("channel", "geo", "date").values.astype(float)
    return spend / _positive(spend_scale).T[..., None]


def fourier(dates: Dates, order: int) -> list[PerDate]:
    """Sines and cosines of the day of the year, for dates at any spacing."""
    day = (dates - dates.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    phase = 2.0 * np.pi * day / DAYS_PER_YEAR
    return [wave(k * phase) for k in range(1, order + 1) for wave in (np.sin, np.cos)]


def _years(dates: Dates, first: np.datetime64) -> PerDate:
    return (dates - first) / np.timedelta64(1, "D") / DAYS_PER_YEAR


def _positive(values: Reduced) -> Reduced:
    return np.where(values > 0.0, values, 1.0)


def _independent(columns: ColumnGeoDate) -> tuple[Places, PlaceRow]:
    """Gram-Schmidt in order: which columns add something, and an orthonormal basis of them."""
    centred = (columns - columns.mean(-1, keepdims=True)).reshape(len(columns), -1)
    kept: list[int] = []
    basis = np.empty((0, centred.shape[1]))
    for i, column in enumerate(centred):
        rest = column - basis.T @ (basis @ column)
        rest -= basis.T @ (basis @ rest)  # twice is enough (Parlett, 1980)
        if np.linalg.norm(rest) > DEPENDENT * np.linalg.norm(columns[i]):
            kept.append(i)
            basis = np.vstack([basis, rest / np.linalg.norm(rest)])
    return np.array(kept, dtype=np.intp), basis


def _notes(
    observed: xr.Dataset, live: ChannelPlaces, kept_controls: ControlPlaces
) -> tuple[str, ...]:
    still = np.delete(observed["channel"].values, live)
    dropped = np.delete(observed["control"].values, kept_controls)
    notes = [
        f"channel '{name}' has constant spend, which the intercept explains as well: effect 0"
        for name in still
    ]
    notes += [
        f"control '{name}' follows from the baseline's columns or other controls: left out"
        for name in dropped
    ]
    return tuple(notes)
