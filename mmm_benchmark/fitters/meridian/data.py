"""A dataset as the library's input: sales as revenue, spend as media execution, and the season."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from meridian.data.data_frame_input_data_builder import DataFrameInputDataBuilder
from meridian.data.input_data import InputData
from numpy.typing import NDArray

from mmm_benchmark.fitters.common import season
from mmm_benchmark.fitters.common.lags import lag_tensor

SEASON: Final = "season "  # begins the name of a control that is a Fourier mode


def input_data(observed: xr.Dataset, modes: int = 0) -> InputData:
    """The library's input; the builder names a single geo national.

    Parameters
    ----------
    observed
        Satisfies ``schema.OBSERVED``.
    modes
        Yearly Fourier modes handed over as controls: the library has no season of its own.
    """
    channels = [str(name) for name in observed["channel"].values]
    controls = [f"control {name}" for name in observed["control"].values]
    frame = wide_frame(observed)
    waves = season.fourier(observed["date"], modes)
    for name, wave in waves.items():
        frame[SEASON + name] = np.tile(wave, observed.sizes["geo"])
        controls.append(SEASON + name)
    builder = DataFrameInputDataBuilder(kpi_type="revenue").with_kpi(frame, kpi_col="sales")
    if observed.sizes["geo"] > 1:  # nationally the library sets it to one
        builder = builder.with_population(frame)
    builder = builder.with_media(
        frame,
        media_cols=[f"spend {name}" for name in channels],
        media_spend_cols=[f"spend {name}" for name in channels],
        media_channels=channels,
    )
    if controls:
        builder = builder.with_controls(frame, controls)
    return builder.build()


def wide_frame(observed: xr.Dataset) -> pd.DataFrame:
    """One row for each geo and week; the prefixes keep channels and controls apart."""
    geos, dates = observed.sizes["geo"], observed.sizes["date"]
    days = observed["date"].dt.strftime("%Y-%m-%d").to_numpy()
    columns = {
        "geo": np.repeat([str(name) for name in observed["geo"].values], dates),
        "time": np.tile(days, geos),
        "sales": observed["sales"].transpose("geo", "date").to_numpy().ravel(),
        "population": np.repeat(observed["population"].to_numpy(), dates),
    }
    for name, dim, prefix in (
        ("spend", "channel", "spend"),
        ("controls", "control", "control"),
    ):
        values = observed[name].transpose(dim, "geo", "date").to_numpy()
        columns |= {
            f"{prefix} {label}": values[i].ravel() for i, label in enumerate(observed[dim].values)
        }
    return pd.DataFrame(columns)


def rests(observed: xr.Dataset, max_lag: int) -> NDArray[np.bool_]:
    """Which channels have, in some geo, a week without spend in it or in the weeks before it.

    There the library raises zero to the power of the slope, and for slopes below one the
    gradient is infinity times zero: one such week and the sampler stands still.
    """
    spend = observed["spend"].transpose("date", "geo", "channel").to_numpy()
    silent = ~lag_tensor(spend, max_lag + 1, axis=0).any(axis=-1)  # (date, geo, channel)
    return np.any(silent, axis=(0, 1))
