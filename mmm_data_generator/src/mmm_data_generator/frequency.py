"""The same world seen by other periods.

A world that lives in days has ``frequency="daily"`` in its config; these are views of a finished
dataset. A daily view of weeks spreads each week over its days by a weekday profile with noise
whose sum over the week is zero; a weekly or monthly view gives each day to its week or month.
All keep every total of every part, so parts still add up to sales and ROAS stays what it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.errors import DataError
from mmm_data_generator.fields.periods import DAYS, NOUN, days_after
from mmm_data_generator.world.seeds import stream

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator.dataset.dataset import MMMDataset

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
    first, _ = _days(dataset, "weekly")
    profile = np.asarray(weekdays, dtype=float) / sum(weekdays)
    days = (first[:, None] + days_after(np.arange(7))).ravel().astype("datetime64[ns]")

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
    """Return a daily or weekly dataset by calendar month, days given to their months.

    The first and the last month hold only the days that the dataset covers.

    Raises
    ------
    DataError
        The dataset is neither daily nor weekly.
    """
    first, length = _days(dataset, "daily", "weekly")
    return _gathered(
        dataset, (first[:, None] + days_after(np.arange(length))).astype("datetime64[M]"), "month"
    )


def to_weekly(dataset: MMMDataset) -> MMMDataset:
    """Return a daily dataset by weeks that begin on Monday.

    The first and the last week hold only the days that the dataset covers.

    Raises
    ------
    DataError
        The dataset is not daily.
    """
    day, _ = _days(dataset, "daily")
    # 1970-01-05 was a Monday
    since = (day - np.datetime64("1970-01-05", "D")).astype(int)
    return _gathered(dataset, (day - days_after(since % 7))[:, None], "week")


def _gathered(dataset: MMMDataset, target: NDArray[np.datetime64], period: str) -> MMMDataset:
    """Sum a dataset into the periods to which the days of its own (date, day) belong."""
    periods = np.unique(target)
    # share of each own period's days that fall into each new one, (new, own)
    share = (target[None] == periods[:, None, None]).mean(-1)
    mean = share / share.sum(1, keepdims=True)

    def gathered(name: str, values: Array) -> Array:
        weights = mean if name in LEVELS else share
        return np.moveaxis(np.tensordot(weights, values, (1, 1)), 0, 1)

    parts = {
        name: _mapped(part, gathered, periods.astype("datetime64[ns]"))
        for name, part in (("observed", dataset.observed), ("truth", dataset.truth))
        if part is not None
    }
    return _seen(dataset, parts, period)


def _days(dataset: MMMDataset, *allowed: str) -> tuple[NDArray[np.datetime64], int]:
    """Return the first day of each period and the days of one."""
    if dataset.frequency not in allowed:
        raise DataError(f"dataset '{dataset.name}' is not {' or '.join(allowed)}")
    return dataset.observed["date"].values.astype("datetime64[D]"), DAYS[str(dataset.frequency)]


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
    from mmm_data_generator.dataset.dataset import MMMDataset

    for part in parts.values():
        for variable in part.data_vars.values():
            units = variable.attrs.get("units", "")
            own = f"per {NOUN[str(dataset.frequency)]}"
            if "date" in variable.dims and own in units and variable.name not in LEVELS:
                variable.attrs["units"] = units.replace(own, f"per {period}")
    return MMMDataset(
        name=f"{dataset.name}_by_{period}",
        seed=dataset.seed,
        config=None,
        observed=parts["observed"],
        truth=parts.get("truth"),
    )
