"""Tidy tables checked and laid out as (geo, date, column) arrays.

Whatever a table holds that is not one clean number for every geo and week is refused with the
column, the place and what would be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.dataset.read_table import as_pandas
from mmm_data_generator.errors import DataError, suggest
from mmm_data_generator.fields.periods import FIRST_DAY, LAST_DAY, frequency_of
from mmm_data_generator.fields.rules import LARGEST, Broken, text

if TYPE_CHECKING:
    import pandas as pd


#: The geo of a table that has no column of geos.
ONE_GEO = "geo_all"


@dataclass(frozen=True)
class Cube:
    """A table sorted by geo and date, every geo with the same days, weeks or months."""

    table: pd.DataFrame
    geos: NDArray[np.str_]
    dates: NDArray[np.datetime64]
    what: str  # what the table is called in errors

    @classmethod
    def of(cls, frame: Any, date: str, geo: str | None, numbers: Sequence[str], what: str) -> Self:
        """Check a pandas or polars frame with columns ``date``, ``geo`` and ``numbers``."""
        import pandas as pd

        frame = as_pandas(frame, what)
        wanted = [date, *([] if geo is None else [geo]), *numbers]
        _check_columns(frame, wanted, what)
        if frame.empty:
            raise DataError(f"{what}: holds no rows; it needs one row for each date and geo")
        table = pd.DataFrame({"date": _dates(frame[date], what)})
        table["geo"] = ONE_GEO if geo is None else _texts(frame[geo], what)
        for name in numbers:
            table[name] = _numbers(frame[name], table, what)
        table = table.sort_values(["geo", "date"], kind="stable", ignore_index=True)
        geos, dates = _check_grid(table, what)
        return cls(table, geos, dates, what)

    def columns(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return columns as (geo, date, column)."""
        flat = self.table[list(names)].to_numpy(dtype=float)
        return flat.reshape(len(self.geos), len(self.dates), len(names))


def check_name(name: str, where: str) -> None:
    """Refuse names of channels, controls and geos that no file or column can carry."""
    try:
        text(name)
    except Broken as broken:
        raise DataError(f"{where}, name{broken}") from None


def _check_columns(frame: pd.DataFrame, wanted: Sequence[str], what: str) -> None:
    found = [str(column) for column in frame.columns]
    for name in wanted:
        if name not in found:
            near = suggest(str(name), found)
            raise DataError(
                f"{what}: column '{name}' is missing{near}; columns: {', '.join(found)}"
            )
        if found.count(name) > 1:
            raise DataError(f"{what}: column '{name}' is there twice; column names must differ")
    for name in wanted:
        check_name(str(name), what)
        if list(wanted).count(name) > 1:
            raise DataError(f"{what}: column '{name}' is asked for twice; each has one role")


def _dates(column: pd.Series[Any], what: str) -> NDArray[np.datetime64]:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        raise DataError(
            f"{what}: column '{column.name}' holds numbers; dates like 2023-01-02 needed"
        )
    try:
        parsed = pd.to_datetime(column, errors="coerce", format="ISO8601")
        if parsed.dt.tz is not None:
            parsed = parsed.dt.tz_localize(None)  # the day of the clock on the wall
    except (ValueError, TypeError, AttributeError):
        raise DataError(
            f"{what}: column '{column.name}' mixes time zones or kinds; dates like 2023-01-02"
            " needed"
        ) from None
    if parsed.isna().any():
        row = int(np.flatnonzero(parsed.isna().to_numpy())[0])
        raise DataError(
            f"{what}: column '{column.name}', row {row + 1} = {column.iloc[row]!r}: must be a date"
            " like 2023-01-02"
        )
    days = parsed.to_numpy().astype("datetime64[s]")
    outside = np.flatnonzero((days < np.datetime64(FIRST_DAY)) | (days > np.datetime64(LAST_DAY)))
    if outside.size:
        row = int(outside[0])
        raise DataError(
            f"{what}: column '{column.name}', row {row + 1} = {column.iloc[row]!s}: must lie"
            f" between {FIRST_DAY} and {LAST_DAY}"
        )
    return days.astype("datetime64[ns]")


def _texts(column: pd.Series[Any], what: str) -> NDArray[np.str_]:
    missing = (column.isna() | (column.astype(str) == "")).to_numpy()
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise DataError(f"{what}: column '{column.name}', row {row + 1}: must name a geo")
    texts = column.astype(str)
    for name in texts.unique():
        check_name(name, f"{what}: column '{column.name}'")
    return texts.to_numpy(dtype=object)


def _numbers(column: pd.Series[Any], table: pd.DataFrame, what: str) -> NDArray[np.float64]:
    import pandas as pd

    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        raise DataError(f"{what}: column '{column.name}' holds text; numbers needed")
    values = column.to_numpy(dtype=float, na_value=np.nan)
    bad = np.flatnonzero(~(np.abs(values) <= LARGEST))
    if bad.size:
        row = table.iloc[bad[0]]
        count = f" ({bad.size} such cells)" if bad.size > 1 else ""
        raise DataError(
            f"{what}: column '{column.name}', {row['date']:%Y-%m-%d}{of_geo(row['geo'])} ="
            f" {values[bad[0]]}{count}: must be a finite number of at most {LARGEST:g}"
        )
    return values


def _check_grid(table: pd.DataFrame, what: str) -> tuple[NDArray[np.str_], NDArray[np.datetime64]]:
    twice = table.duplicated(["geo", "date"])
    if twice.any():
        row = table[twice].iloc[0]
        if row["geo"] == ONE_GEO:
            raise DataError(
                f"{what}: two rows for {row['date']:%Y-%m-%d}; one for each date needed, and where"
                " there are several geos, the name of their column"
            )
        raise DataError(
            f"{what}: geo '{row['geo']}' has two rows for {row['date']:%Y-%m-%d}; one row for each"
            " date and geo needed"
        )
    dates = np.unique(table["date"].to_numpy())
    geos = np.unique(table["geo"].to_numpy().astype(str))
    for geo in geos:
        own = table.loc[table["geo"] == geo, "date"].to_numpy()
        missing = np.setdiff1d(dates, own)
        if missing.size:
            day = np.datetime_as_string(missing[0], unit="D")
            raise DataError(
                f"{what}: geo '{geo}' has no row for {day} ({missing.size} missing); every geo"
                " needs every date"
            )
    if len(dates) < 2:
        raise DataError(f"{what}: holds one date only; at least 2 needed")
    if frequency_of(dates) is None:
        raise DataError(
            f"{what}: {_irregular(dates)}; dates must be 1 day, 7 days or 1 month apart throughout"
        )
    return geos, dates


def _irregular(dates: NDArray[np.datetime64]) -> str:
    """Say where dates leave their most common step."""
    days = dates.astype("datetime64[D]")
    step = np.diff(days).astype(int)
    # months have steps of their own
    step = np.where((step >= 28) & (step <= 31), 30, step)
    values, counts = np.unique(step, return_counts=True)
    usual = values[counts.argmax()] if counts.max() > 1 else 7
    odd = np.flatnonzero(step != usual)
    if not odd.size:  # months, but not on the same day
        day_of_month = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(int)
        odd = np.flatnonzero(np.diff(day_of_month))
    at = odd[0] if odd.size else 0
    apart = {1: "1 day", 30: "1 month"}.get(int(usual), f"{usual} days")
    return f"most dates are {apart} apart, but after {days[at]} comes {days[at + 1]}"


def of_geo(geo: str) -> str:
    """Name a geo in an error, unless it is the one of a table without geos."""
    return "" if geo == ONE_GEO else f", geo '{geo}'"
