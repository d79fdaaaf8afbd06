"""Numbers as people write them: decimal comma or point, thousands marks, currency signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mmm_data_generator.errors import DataError

#: Stands beside a number and says nothing of its size.
AROUND = re.compile(r"[\s\u00a0\u202f'’_]|[€$£¥]|\b(?:EUR|USD|GBP|CHF)\b")
NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d+)?")
#: A mark with exactly three digits after it, once: 1.234 is a thousand or a bit over one.
OPEN = re.compile(r"[+-]?\d{1,3}([.,])\d{3}")


def bare(cell: str) -> str:
    """A cell without spaces, apostrophes and currency signs; (12) is -12, as accountants write."""
    cell = AROUND.sub("", cell)
    return f"-{cell[1:-1]}" if cell.startswith("(") and cell.endswith(")") else cell


def decimal_mark(cells: Iterable[str], separator: str, what: str) -> str:
    """The decimal mark of a table: "." or ",".

    Parameters
    ----------
    cells
        The number cells of all its columns.
    separator
        What separates its columns; a comma cannot be both without quotes.
    what
        The table's name in errors.

    Raises
    ------
    DataError
        When both marks are used for decimals, or nothing tells which one is.
    """
    found: dict[str, str] = {}
    undecided: dict[str, str] = {}
    for cell in map(bare, cells):
        if not NUMBER.fullmatch(cell):
            continue
        points, commas = cell.count("."), cell.count(",")
        if points and commas:
            found.setdefault(max(".,", key=cell.rindex), cell)
        elif points > 1 or commas > 1:
            found.setdefault("," if points else ".", cell)  # the repeated one marks thousands
        elif (match := OPEN.fullmatch(cell)) and not cell.lstrip("+-").startswith("0"):
            undecided.setdefault(match[1], cell)
        elif points or commas:
            found.setdefault("." if points else ",", cell)
    if len(found) > 1:
        raise DataError(
            f"{what}: '{found['.']}' has a decimal point and '{found[',']}' a decimal comma;"
            " one file, one mark"
        )
    if found:
        return next(iter(found))
    if not undecided or (separator != ";" and set(undecided) == {"."}):
        return "."
    example = next(iter(undecided.values()))
    raise DataError(
        f"{what}: '{example}' may be a thousand or a number near one; say --decimal . or"
        " --decimal ,"
    )


def number(cell: str, decimal: str) -> float | None:
    """The number of a cell, or None where it is not one. ``nan`` for a blank one."""
    cell = bare(cell)
    if not cell:
        return float("nan")
    if not NUMBER.fullmatch(cell):
        return None
    thousands = "," if decimal == "." else "."
    if not _well_placed(cell, decimal, thousands):
        return None
    return float(cell.replace(thousands, "").replace(decimal, "."))


def _well_placed(cell: str, decimal: str, thousands: str) -> bool:
    """Whether thousands marks stand before the decimal one, three digits apart."""
    whole, _, rest = re.split(r"[eE]", cell)[0].partition(decimal)
    groups = whole.lstrip("+-").split(thousands)
    good = len(groups) == 1 or (
        1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    )
    return good and thousands not in rest and decimal not in rest


def numbers(cells: Sequence[str], decimal: str, blank: str, column: str, what: str) -> list[float]:
    """A column of numbers; a blank cell is zero if ``blank`` says so.

    Raises
    ------
    DataError
        With the cell's row and column.
    """
    found = []
    for row, cell in enumerate(cells, start=2):  # the header is row 1, as a spreadsheet counts
        value = number(cell, decimal)
        if value is None:
            raise DataError(
                f"{what}: column '{column}', row {row} = '{cell}': must be a number"
                f" (decimal mark '{decimal}')"
            )
        if value != value:
            if blank != "zero":
                raise DataError(
                    f"{what}: column '{column}', row {row} is blank; if a blank means zero, say"
                    " --blank zero"
                )
            value = 0.0
        found.append(value)
    return found
