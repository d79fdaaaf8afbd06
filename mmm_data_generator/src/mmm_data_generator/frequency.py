"""The same world seen by day or by month.

Worlds live in weeks. A daily view spreads each week over its days by a weekday profile with noise
whose sum over the week is zero; a monthly view gives each day of a week to its month. Both keep
every total of every part, so parts still add up to sales and ROAS stays what it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.errors import DataError
from mmm_data_generator.seeds import stream

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator.dataset import MMMDataset

Array = NDArray[np.float64]

#: Share of a week's sales by weekday, Monday first.
WEEKDAYS = (0.13, 0.13, 0.135, 0.14, 0.155, 0.165, 0.145)

#: Variables that are levels, not amounts: they repeat by day and average by month.
LEVELS = ("controls", "coefficient", "control_coefficient", "recorded")


def to_daily(
    dataset: MMMDataset,
    *,
    weekdays: tuple[float, ...] = WEEKDAYS,
    noise_share: float = 0.05,
    seed: int = 0,
) -> MMMDataset:
    """Return the dataset by day.

    Parameters
    ----------
    dataset
        A weekly dataset.
    weekdays
        Share of the week's sales on each day from Monday to Sunday; made to sum to 1. Spend runs
        evenly over the week; baseline, contributions and controls follow the profile.
    noise_share
        Extra daily noise, standard deviation over mean daily sales; it cancels within each week.
    seed
        Seed of that noise.

    Raises
    ------
    DataError
        The profile is not seven positive numbers, or the dataset is not weekly.
    """
    if len(weekdays) != 7 or min(weekdays) <= 0:
        raise DataError("weekdays: must be seven numbers > 0, Monday first")
    if noise_share < 0:
        raise DataError(f"noise_share = {noise_share}: must be >= 0")
    first = _weeks(dataset)
    profile = np.asarray(weekdays, dtype=float) / sum(weekdays)
    days = (first[:, None] + np.arange(7)).ravel().astype("datetime64[ns]")

    def by_day(name: str, values: Array) -> Array:
        each = np.repeat(values, 7, axis=1)
        if name in LEVELS:
            return each
        share = np.full(7, 1 / 7) if name == "spend" else profile
        weight = np.tile(share, values.shape[1])
        return each * weight.reshape(1, -1, *[1] * (values.ndim - 2))

    parts = {
        name: _mapped(part, lambda n, v: by_day(n, v), days)
        for name, part in (("observed", dataset.observed), ("truth", dataset.truth))
        if part is not None
    }
    sales = parts["observed"]["sales"]
    size = noise_share * sales.values.mean(1, keepdims=True)
    extra = np.empty(sales.shape)
    for g, geo in enumerate(sales["geo"].values):
        extra[g] = stream(seed, "daily noise", str(geo)).standard_normal(len(days))
    extra -= np.repeat(extra.reshape(len(extra), -1, 7).mean(-1), 7, axis=1)
    sales.values[:] += size * extra
    if "truth" in parts:
        parts["truth"]["noise"].values[:] += size * extra
    return _seen(dataset, parts, "day")


def to_monthly(dataset: MMMDataset) -> MMMDataset:
    """Return the dataset by calendar month, the days of each week given to their months.

    The first and the last month hold only the days that the weeks cover.

    Raises
    ------
    DataError
        The dataset is not weekly.
    """
    first = _weeks(dataset)
    month = (first[:, None] + np.arange(7)).astype("datetime64[M]")
    months = np.unique(month)
    # share of each week's days that fall into each month, (month, week)
    share = (month[None] == months[:, None, None]).mean(-1)
    mean = share / share.sum(1, keepdims=True)

    def by_month(name: str, values: Array) -> Array:
        weights = mean if name in LEVELS else share
        return np.moveaxis(np.tensordot(weights, values, (1, 1)), 0, 1)

    parts = {
        name: _mapped(part, by_month, months.astype("datetime64[ns]"))
        for name, part in (("observed", dataset.observed), ("truth", dataset.truth))
        if part is not None
    }
    return _seen(dataset, parts, "month")


def _weeks(dataset: MMMDataset) -> NDArray[np.datetime64]:
    first = dataset.observed["date"].values.astype("datetime64[D]")
    if not (np.diff(first) == np.timedelta64(7, "D")).all():
        raise DataError(f"dataset '{dataset.name}' is not weekly; only weeks can be seen otherwise")
    return first


def _mapped(part: xr.Dataset, change: Any, dates: NDArray[np.datetime64]) -> xr.Dataset:
    import xarray as xr

    variables = {
        str(name): (
            value.dims,
            change(str(name), value.values) if "date" in value.dims else value.values,
            dict(value.attrs),
        )
        for name, value in part.data_vars.items()
    }
    coords = {dim: part.coords[dim].values for dim in part.coords if dim != "date"}
    if "date" in part.coords:
        coords["date"] = dates
    return xr.Dataset(variables, coords=coords)


def _seen(dataset: MMMDataset, parts: dict[str, xr.Dataset], period: str) -> MMMDataset:
    from mmm_data_generator.dataset import MMMDataset

    for part in parts.values():
        for variable in part.data_vars.values():
            units = variable.attrs.get("units", "")
            if "date" in variable.dims and "per week" in units and variable.name not in LEVELS:
                variable.attrs["units"] = units.replace("per week", f"per {period}")
    return MMMDataset(
        name=f"{dataset.name}_by_{period}",
        seed=dataset.seed,
        config=None,
        observed=parts["observed"],
        truth=parts.get("truth"),
    )
