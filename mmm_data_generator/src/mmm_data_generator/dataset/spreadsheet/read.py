"""A spreadsheet's file -> a tidy table of dates, geos and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_data_generator.dataset.read_table import read_table
from mmm_data_generator.dataset.spreadsheet import dates as in_dates
from mmm_data_generator.dataset.spreadsheet import numbers as in_numbers
from mmm_data_generator.dataset.spreadsheet.layout import long_by_geo
from mmm_data_generator.dataset.spreadsheet.text import NAMES, text_table
from mmm_data_generator.errors import DataError, suggest

if TYPE_CHECKING:
    import pandas as pd

BINARY = (".xlsx", ".xls", ".parquet")
#: What the command line calls the order of a date's parts, and what comes first.
DATE_ORDERS = {"day-first": "day", "month-first": "month", "year-first": "year"}


@dataclass(frozen=True)
class Reading:
    """A table, and how it was made out."""

    frame: pd.DataFrame
    notes: tuple[str, ...]


def read_spreadsheet(
    path: str | Path,
    *,
    date: str,
    geo: str | None,
    numbers: Sequence[str],
    decimal: str | None = None,
    date_order: str | None = None,
    blank: str = "error",
    totals: str = "error",
    geo_separator: str | None = None,
) -> Reading:
    """Read CSV (any of , ; tab |), Excel or Parquet as spreadsheets write them.

    Parameters
    ----------
    path
        The file.
    date, geo, numbers
        Columns; ``geo=None`` where there is one geo.
    decimal
        "." or ","; None to find out.
    date_order
        "day-first", "month-first" or "year-first"; None to find out.
    blank
        "zero" when a blank cell means none.
    totals
        "drop" when rows without a date are totals.
    geo_separator
        For tables that are wide by geo, what stands between a column's name and its geo
        ("_" in ``TV_north``).

    Raises
    ------
    DataError
        One line: the cell, and what would be right or which option says what it means.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"'{path}' does not exist")
    cells, notes, separator = _cells(path, [date, *([geo] if geo else []), *numbers])
    if geo_separator is not None:
        cells = long_by_geo(cells, date, numbers, geo_separator, str(path))
        geo = "geo"
    _check_names(cells, [date, *([geo] if geo else []), *numbers], str(path))
    cells, dropped = _without_totals(cells, date, totals)
    if dropped:
        rows = "1 row" if dropped == 1 else f"{dropped} rows"
        notes.append(f"{rows} without a date left out: totals")
    columns = {name: [str(cell) for cell in cells[name]] for name in numbers}
    mark = decimal or in_numbers.decimal_mark(
        (cell for column in columns.values() for cell in column), separator, str(path)
    )
    if mark == ",":
        notes.append("decimal comma")
    import pandas as pd

    when = [str(cell) for cell in cells[date]]
    order = None if date_order is None else DATE_ORDERS[date_order]
    frame = pd.DataFrame({date: in_dates.dates(when, order, date, str(path))})
    if geo is not None:
        frame[geo] = [str(cell).strip() for cell in cells[geo]]
    for name, column in columns.items():
        frame[name] = in_numbers.numbers(column, mark, blank, name, str(path))
    return Reading(frame, tuple(notes))


def _cells(path: Path, wanted: list[str]) -> tuple[pd.DataFrame, list[str], str]:
    """Every cell as text; how it was read; the separator ("" where there is none)."""
    if path.suffix.lower() in BINARY:
        frame = read_table(path)
        frame.columns = [str(name).strip() for name in frame.columns]
        return frame.map(_text), [], ""
    frame, encoding, separator = text_table(path, wanted)
    notes = [] if separator == "," else [f"columns separated by {NAMES[separator]}"]
    if encoding != "utf-8":
        notes.append(f"text in {encoding.removesuffix('-sig')}")
    return frame, notes, separator


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) and value == value else in_dates.of_cell(value)


def _check_names(frame: pd.DataFrame, wanted: Sequence[str], what: str) -> None:
    found = [str(column) for column in frame.columns]
    for name in wanted:
        if name not in found:
            near = suggest(name, found)
            raise DataError(
                f"{what}: column '{name}' is missing{near}; columns: {', '.join(found)}"
            )
        if found.count(name) > 1:
            raise DataError(f"{what}: column '{name}' is there twice; column names must differ")
    if frame.empty:
        raise DataError(f"{what}: holds no rows under its header")


def _without_totals(cells: pd.DataFrame, date: str, totals: str) -> tuple[pd.DataFrame, int]:
    """Leave out rows that say nothing, and totals if that is what they are."""
    said = cells[(cells != "").any(axis=1)]
    if totals != "drop":
        return said.reset_index(drop=True), 0
    dated = said[[in_dates.is_date(str(cell)) for cell in said[date]]]
    return dated.reset_index(drop=True), len(said) - len(dated)
