"""Tables that are wide by geo, made long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmm_data_generator.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def long_by_geo(
    frame: pd.DataFrame, date: str, numbers: Sequence[str], separator: str, what: str
) -> pd.DataFrame:
    """``date, TV_north, TV_south, ...`` -> ``date, geo, TV, ...``, a block of rows per geo.

    Raises
    ------
    DataError
        When a column has no geo, or a geo lacks a column that another one has.
    """
    import pandas as pd

    geos: dict[str, dict[str, str]] = {}
    for name in numbers:
        for column in map(str, frame.columns):
            stem, mark, geo = column.partition(f"{name}{separator}")
            if mark and not stem and geo:
                geos.setdefault(geo, {})[name] = column
        if not any(name in columns for columns in geos.values()):
            raise DataError(
                f"{what}: no column starts with '{name}{separator}'; columns: "
                f"{', '.join(map(str, frame.columns))}"
            )
    for geo, columns in geos.items():
        if lacking := [name for name in numbers if name not in columns]:
            raise DataError(f"{what}: geo '{geo}' has no column '{lacking[0]}{separator}{geo}'")
    blocks = [
        frame[[date, *columns.values()]]
        .rename(columns={column: name for name, column in columns.items()})
        .assign(geo=geo)
        for geo, columns in geos.items()
    ]
    return pd.concat(blocks, ignore_index=True)
