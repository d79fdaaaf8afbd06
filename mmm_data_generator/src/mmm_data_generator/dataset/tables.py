"""Datasets as tidy tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.dataset.cube import Cube, of_geo
from mmm_data_generator.dataset.labels import OBSERVED, TRUTH, assemble
from mmm_data_generator.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def to_frame(observed: xr.Dataset) -> pd.DataFrame:
    """Return ``date, geo, x1_<channel>, ..., c1, ..., y`` sorted by date, then geo."""
    import pandas as pd

    geo, date = observed["geo"].values, observed["date"].values
    order = np.argsort(geo, kind="stable")
    columns: dict[str, object] = {
        "date": np.repeat(date, len(geo)),
        "geo": np.tile(geo[order], len(date)),
    }
    spend = observed["spend"].values[order]
    for j, channel in enumerate(observed["channel"].values):
        columns[f"x{j + 1}_{channel}"] = spend[..., j].T.ravel()
    controls = observed["controls"].values[order]
    for k in range(controls.shape[-1]):
        columns[f"c{k + 1}"] = controls[..., k].T.ravel()
    columns["y"] = observed["sales"].values[order].T.ravel()
    return pd.DataFrame(columns)


def of_frame(
    frame: Any,
    *,
    date: str,
    geo: str | None,
    target: str,
    channels: Sequence[str],
    controls: Sequence[str],
    population: str | None = None,
    truth: Any | None,
) -> tuple[xr.Dataset, xr.Dataset | None]:
    """Return what a table made elsewhere says is observed, and what it says is true."""
    if isinstance(channels, str) or isinstance(controls, str) or not len(channels):
        raise DataError("channels and controls: must be lists of columns, at least one channel")
    people = [] if population is None else [population]
    table = Cube.of(frame, date, geo, [target, *channels, *controls, *people], "frame")
    spend = table.columns(channels)
    check_spend(spend, channels, table)
    coords = {
        "geo": table.geos,
        "date": table.dates,
        "channel": np.array([str(c) for c in channels], dtype=str),
        "control": np.array([str(c) for c in controls], dtype=str),
    }
    observed = {
        "sales": table.columns([target])[..., 0],
        "spend": spend,
        "controls": table.columns(controls),
        "population": _population(table, population),
    }
    known = None
    if truth is not None:
        known = _known(Cube.of(truth, date, geo, list(channels), "truth"), table, spend, channels)
    return (
        assemble(observed, OBSERVED, coords),
        None if known is None else assemble(known, TRUTH, coords),
    )


def _population(table: Cube, column: str | None) -> NDArray[np.float64]:
    """People by geo: one number each, above zero."""
    if column is None:
        return np.ones(len(table.geos))
    people = table.columns([column])[..., 0]  # geo, date
    for geo, own in zip(table.geos, people, strict=True):
        if own.min() <= 0 or own.min() != own.max():
            raise DataError(
                f"{table.what}: column '{column}', geo '{geo}': must be one number above 0 on"
                " every date"
            )
    return people[:, 0]


def check_spend(spend: NDArray[np.float64], channels: Sequence[str], table: Cube) -> None:
    """Refuse negative spend, and channels without any."""
    for j, channel in enumerate(channels):
        g, t = np.unravel_index(int(spend[..., j].argmin()), spend.shape[:2])
        if spend[g, t, j] < 0:
            day = np.datetime_as_string(table.dates[t], unit="D")
            raise DataError(
                f"{table.what}: spend of '{channel}', {day}{of_geo(str(table.geos[g]))} ="
                f" {spend[g, t, j]}: must be >= 0"
            )
        if not spend[..., j].any():
            raise DataError(
                f"{table.what}: spend of '{channel}' is zero in every period; leave the channel out"
            )


def _known(
    truth: Cube, table: Cube, spend: NDArray[np.float64], channels: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return the truths that contributions alone determine."""
    for what, own, other in (
        ("geos", truth.geos, table.geos),
        ("dates", truth.dates, table.dates),
    ):
        if not np.array_equal(own, other):
            raise DataError(f"truth: its {what} differ from the frame's; they must be the same")
    contribution = truth.columns(channels)
    total = contribution.sum((0, 1))
    known = {"contribution": contribution, "roas": total / spend.sum((0, 1))}
    if total.sum() > 0:
        known["attribution_share"] = total / total.sum()
    return known
