"""Dates in the usual orders; where two orders are possible the user is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from mmm_data_generator.errors import DataError

#: By what comes first; a year of two digits comes last in its order.
ORDERS: dict[str, tuple[str, ...]] = {
    "year": (
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%Y%m%d",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
    ),
    "day": (
        *("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d %m %Y", "%d.%m.%y", "%d/%m/%y", "%d-%m-%y"),
        *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y"),
    ),
    "month": (
        *("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y"),
        *("%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
    ),
}
WEEK = "%G-W%V-%u"


def dates(cells: Sequence[str], order: str | None, column: str, what: str) -> list[str]:
    """Dates as ISO text.

    Parameters
    ----------
    cells
        One cell a row.
    order
        "day", "month" or "year" first; None to find out.

    Raises
    ------
    DataError
        When a cell is no date, or day first and month first are both possible.
    """
    found = {
        first: parsed
        for first in ([order] if order else ORDERS)
        if (parsed := _in_order(cells, first)) is not None
    }
    if (weeks := _weeks(cells)) is not None:
        found["year"] = weeks
    if not found:
        raise _no_date(cells, order, column, what)
    if len({tuple(parsed) for parsed in found.values()}) > 1:
        raise DataError(
            f"{what}: column '{column}', '{cells[0]}' may be day first or month first; say"
            " --dates day-first or --dates month-first"
        )
    return next(iter(found.values()))


def is_date(cell: str) -> bool:
    """Whether a cell is a date in any order."""
    return _weeks([cell]) is not None or any(_in_order([cell], first) for first in ORDERS)


def _in_order(cells: Sequence[str], first: str) -> list[str] | None:
    """All cells by the one format that reads all of them."""
    for form in ORDERS[first]:
        try:
            parsed = [datetime.strptime(cell.strip(), form) for cell in cells]
        except ValueError:
            continue
        return [each.date().isoformat() for each in parsed]
    return None


def _weeks(cells: Sequence[str]) -> list[str] | None:
    """ISO weeks such as 2023-W05, by their Monday."""
    try:
        return [
            datetime.strptime(f"{cell.strip().replace('-W', 'W').replace('W', '-W')}-1", WEEK)
            .date()
            .isoformat()
            for cell in cells
        ]
    except ValueError:
        return None


def _no_date(cells: Sequence[str], order: str | None, column: str, what: str) -> DataError:
    """Name the first cell that no order reads, or say that orders are mixed."""
    for row, cell in enumerate(cells, start=2):
        if not is_date(cell):
            return DataError(
                f"{what}: column '{column}', row {row} = '{cell}': must be a date such as"
                " 2023-01-02; if it is a total, say --totals drop"
            )
    how = f"not all {order} first" if order else "written in more than one way"
    return DataError(f"{what}: column '{column}': its dates are {how}; one way throughout, please")


def of_cell(value: object) -> str:
    """A date cell of Excel or Parquet as text."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else str(value)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None or value != value else str(value)
