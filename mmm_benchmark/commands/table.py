"""A table as a spreadsheet writes it, made into a dataset: for every command that takes one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmm_benchmark.errors import UserError

if TYPE_CHECKING:
    from mmm_data_generator import MMMDataset

#: The options that say what a table holds, the same for every command.
Controls = Annotated[list[str] | None, typer.Option(help="Columns of controls.")]
Date = Annotated[str, typer.Option(help="The date column.")]
Geo = Annotated[str | None, typer.Option(help="The geo column; without it, one geo.")]
Decimal = Annotated[str | None, typer.Option(help="Decimal mark, . or , if unclear.")]
Dates = Annotated[
    str | None, typer.Option(help="day-first, month-first or year-first, if unclear.")
]
Blank = Annotated[str, typer.Option(help="What a blank cell means: zero, or an error.")]
Totals = Annotated[str, typer.Option(help="drop: rows without a date are totals; or an error.")]
GeoSeparator = Annotated[
    str | None, typer.Option(help="Wide by geo: what joins column and geo, _ in TV_north.")
]
#: Stands in for sales where a table has none: nothing ever reads it.
NO_SALES = "no sales"


def dataset_of(
    table: Path,
    *,
    name: str,
    channels: Sequence[str],
    controls: Sequence[str],
    date: str,
    geo: str | None,
    target: str | None,
    population: str | None = None,
    truth: Path | None = None,
    decimal: str | None,
    dates: str | None,
    blank: str,
    totals: str,
    geo_separator: str | None,
) -> tuple[MMMDataset, list[str]]:
    """Read and check a table; return the dataset, and how its cells were read.

    Without a ``target`` sales are a line that nobody should look at.

    Raises
    ------
    UserError
        In one line, for the first thing that is wrong or unclear.
    """
    from mmm_benchmark.plan.datasets import check_observed
    from mmm_data_generator import MMMDataset
    from mmm_data_generator.dataset.spreadsheet import read_spreadsheet
    from mmm_data_generator.dataset.spreadsheet.read import DATE_ORDERS

    one_of("--decimal", decimal, (".", ","))
    one_of("--dates", dates, tuple(DATE_ORDERS))
    one_of("--blank", blank, ("error", "zero"))
    one_of("--totals", totals, ("error", "drop"))
    if geo is not None and geo_separator is not None:
        raise UserError("give --geo for a table long by geo, or --geo-separator for a wide one")
    read = partial(
        read_spreadsheet,
        date=date,
        geo=geo,
        decimal=decimal,
        date_order=dates,
        blank=blank,
        totals=totals,
        geo_separator=geo_separator,
    )
    sales = [] if target is None else [target]
    columns = [*sales, *channels, *controls, *([population] if population else ())]
    try:
        made_out = read(table, numbers=columns)
        known = None if truth is None else read(truth, numbers=channels).frame
        frame: Any = made_out.frame
        if target is None:
            frame = frame.assign(**{NO_SALES: 1.0})
        dataset = MMMDataset.from_frame(
            frame,
            date=date,
            geo=geo if geo_separator is None else "geo",
            target=target or NO_SALES,
            channels=channels,
            controls=controls,
            population=population,
            truth=known,
            name=name,
        )
    except ValueError as error:  # the generator's own errors for people
        text = str(error)
        text = text.removeprefix("frame: ")
        raise UserError(text if str(table) in text else f"'{table}': {text}") from error
    check_observed(dataset.observed, str(table))
    if target is not None:
        _check_moves(dataset.observed["sales"].values, target, str(table))
    return dataset, list(made_out.notes)


def _check_moves(sales: Any, target: str, table: str) -> None:
    """Refuse sales that nothing can be learnt from."""
    if not sales.any():
        raise UserError(f"'{table}': '{target}' is zero in every period: there are no sales")
    if (sales == sales[:, :1]).all():
        raise UserError(
            f"'{table}': '{target}' is {sales.flat[0]:g} in every period: nothing moves"
        )


def one_of(option: str, given: str | None, known: tuple[str, ...]) -> None:
    """Refuse a word that an option does not know."""
    if given is not None and given not in known:
        raise UserError(f"{option} {given}: must be one of {' '.join(known)}")
