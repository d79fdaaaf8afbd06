"""Inputs of Google Meridian: ``InputData``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_data_generator.errors import DataError, suggest

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator.dataset.dataset import MMMDataset

#: How Meridian calls the geo of a national model.
NATIONAL = "national_geo"


def meridian_arrays(
    dataset: MMMDataset,
    *,
    measures: xr.Dataset | None = None,
    organic: tuple[str, ...] = (),
    treatments: tuple[str, ...] = (),
    reach_frequency: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return the arguments of ``InputData`` as xarray arrays; needs no Meridian.

    Parameters
    ----------
    dataset
        What is observed of it is all that is used.
    measures
        What :func:`mmm_data_generator.media.media_measures` returns: its impressions take the
        place of spend as media execution. With ``conversions`` in it the KPI is conversions, with
        their value as revenue per KPI.
    organic, treatments
        Controls that are organic media, or non-media treatments (price, promotion).
    reach_frequency
        Channels given as reach and frequency instead of media; needs ``measures``.
    """
    observed = dataset.observed
    if float(observed["sales"].min()) < 0:
        raise DataError("sales: Meridian needs a KPI >= 0; this dataset has weeks below")
    if observed.sizes["geo"] == 1:
        observed = observed.assign_coords(geo=np.array([NATIONAL]))
    # Meridian knows time as text
    observed = observed.assign_coords(
        date=np.datetime_as_string(observed["date"].values, unit="D").astype(str)
    ).rename(date="time")
    spend = observed["spend"].rename(channel="media_channel")
    media = spend.rename(time="media_time")
    kpi, value = observed["sales"], None
    if measures is not None:
        media = media.copy(data=measures["impressions"].values)
        if "conversions" in measures:
            kpi = kpi.copy(data=measures["conversions"].values)
            value = observed["sales"].copy(data=measures["revenue_per_conversion"].values)
    arrays: dict[str, Any] = {
        "kpi": kpi.rename("kpi"),
        "kpi_type": "revenue" if value is None else "non_revenue",
        "population": observed["population"].rename("population"),
        **_media(media, spend, measures, reach_frequency),
    }
    if value is not None:
        arrays["revenue_per_kpi"] = value.rename("revenue_per_kpi")
    return arrays | _controls(observed["controls"], organic, treatments)


def _media(
    media: xr.DataArray,
    spend: xr.DataArray,
    measures: xr.Dataset | None,
    by_frequency: tuple[str, ...],
) -> dict[str, xr.DataArray]:
    """Return media with its spend, and reach and frequency with theirs."""
    names = [str(name) for name in spend["media_channel"].values]
    for name in by_frequency:
        if name not in names:
            raise DataError(
                f"reach_frequency: no channel {name!r}{suggest(name, names)};"
                f" channels: {', '.join(names)}"
            )
    if by_frequency and measures is None:
        raise DataError("reach_frequency: needs measures, as media_measures(dataset) returns them")
    out = {}
    if others := [name for name in names if name not in by_frequency]:
        out["media"] = media.sel(media_channel=others).rename("media")
        out["media_spend"] = spend.sel(media_channel=others).rename("media_spend")
    if by_frequency and measures is not None:
        for role in ("reach", "frequency"):
            values = media.copy(data=measures[role].values).sel(media_channel=list(by_frequency))
            out[role] = values.rename(media_channel="rf_channel").rename(role)
        paid = spend.sel(media_channel=list(by_frequency))
        out["rf_spend"] = paid.rename(media_channel="rf_channel").rename("rf_spend")
    return out


def _controls(
    controls: xr.DataArray, organic: tuple[str, ...], treatments: tuple[str, ...]
) -> dict[str, xr.DataArray]:
    names = [str(name) for name in controls["control"].values]
    for name in (*organic, *treatments):
        if name not in names:
            raise DataError(f"control '{name}': unknown; controls: {', '.join(names)}")
    out = {}
    for role, dim, chosen in (
        ("controls", "control_variable", [n for n in names if n not in organic + treatments]),
        ("organic_media", "organic_media_channel", list(organic)),
        ("non_media_treatments", "non_media_channel", list(treatments)),
    ):
        if chosen:
            out[role] = controls.sel(control=chosen).rename(control=dim).rename(role)
    if "organic_media" in out:
        out["organic_media"] = out["organic_media"].rename(time="media_time")
    return out


def to_meridian(dataset: MMMDataset, **choices: Any) -> Any:
    """Return Meridian's ``InputData``; the arguments are those of :func:`meridian_arrays`."""
    from meridian.data.input_data import InputData

    return InputData(**meridian_arrays(dataset, **choices))
