"""Weeks to come under a fitted solution: the same columns and transforms, run on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from mmm_benchmark.fitters.common import forecast
from mmm_benchmark.fitters.scipy_hill.design import Design, candidates, harmonics, relative_spend
from mmm_benchmark.fitters.scipy_hill.solution import Solution

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        DrawGeoDate,
    )


def run_on(design: Design, observed: xr.Dataset, fourier_order: int, trend: bool) -> Design:
    """The design of all weeks, seen and to come, in the units of the weeks that were seen."""
    whole = forecast.whole_window(observed)
    dates = observed["date"].values
    every = candidates(
        whole, dates, harmonics(dates, fourier_order), trend=trend, at=whole["date"].values
    )
    spend = relative_spend(whole, design.spend_scale)[design.live]
    return replace(
        design,
        sales=np.zeros(spend.shape[1:]),  # of no use here, but for their number of weeks
        spend=spend,
        columns=every[design.kept],
    )


def forecast_of(
    observed: xr.Dataset,
    solutions: list[Solution],
    noise: DrawGeoDate | None,
    fourier_order: int,
    trend: bool,
) -> xr.Dataset:
    """Sales of the weeks to come, one draw of one chain for each solution.

    ``noise`` are residuals (draw, geo, date) of a bootstrap, multiples of mean sales; those of
    the last weeks go into the forecast.
    """
    controls = observed.sizes["control"]
    expected = []
    for solution in solutions:
        on = replace(solution, design=run_on(solution.design, observed, fourier_order, trend))
        media = on.contribution(on.adstock()).sum(-1)
        expected.append(media + on.baseline() + on.control_contribution(controls).sum(-1))
    sales = np.stack(expected)
    weeks = forecast.weeks_to_come(observed)
    if noise is not None:
        scale = solutions[0].design.sales_scale[:, None]
        shocks = np.resize(np.moveaxis(noise, -1, 0), (weeks, *noise.shape[:-1]))
        sales[..., -weeks:] += np.moveaxis(shocks, 0, -1) * scale
    return forecast.forecast(observed, sales[None])
