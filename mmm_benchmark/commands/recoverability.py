"""``recoverability``: which channels can be measured, before any model is believed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmm_benchmark.commands.table import (
    Blank,
    Controls,
    Date,
    Dates,
    Decimal,
    Geo,
    GeoSeparator,
    Totals,
    dataset_of,
)
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.options import DEFAULT_SEED

if TYPE_CHECKING:
    from mmm_benchmark.recoverability.history import History


def recoverability(
    data: Annotated[
        Path, typer.Argument(help="A table (CSV, Excel, Parquet), or a saved dataset.")
    ],
    channels: Annotated[
        list[str] | None, typer.Option(help="Of a table: columns of media spend.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Of a table: the KPI, whose level, trend, season and noise are kept."),
    ] = None,
    controls: Controls = None,
    date: Date = "date",
    geo: Geo = None,
    decimal: Decimal = None,
    dates: Dates = None,
    blank: Blank = "error",
    totals: Totals = "error",
    geo_separator: GeoSeparator = None,
    fitters: Annotated[
        list[str] | None,
        typer.Option(help="Fitters that are asked; by default the fastest that is installed."),
    ] = None,
    worlds: Annotated[int, typer.Option(help="Worlds to simulate.")] = 30,
    hidden_demand: Annotated[
        float, typer.Option(help="Share of worlds in which spend follows a demand nobody sees.")
    ] = 0.33,
    remedies: Annotated[
        bool, typer.Option("--remedies/--no-remedies", help="Try, too, what would help.")
    ] = True,
    seed: Annotated[int, typer.Option(help="Seed of everything drawn.")] = DEFAULT_SEED,
    results: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path("results"),
) -> None:
    """Simulate on your own spend, hide the truth, ask models, compare; then what would help."""
    if not 0 <= hidden_demand < 1:
        raise UserError(f"--hidden-demand {hidden_demand}: must be a share, 0 or more, below 1")
    table = {
        "controls": controls or [],
        "date": date,
        "geo": geo,
        "decimal": decimal,
        "dates": dates,
        "blank": blank,
        "totals": totals,
        "geo_separator": geo_separator,
    }
    history = _history(data, channels, target, table)
    from mmm_benchmark.recoverability.report import run

    run(
        history,
        fitters=list(fitters or []),
        worlds=worlds,
        hidden_share=hidden_demand,
        remedies=remedies,
        seed=seed,
        results=results,
    )


def _history(
    data: Path, channels: list[str] | None, target: str | None, table: dict[str, Any]
) -> History:
    from mmm_benchmark.recoverability.history import History

    if data.expanduser().is_dir():
        if channels or target or table["controls"]:
            raise UserError(f"'{data}' is a saved dataset and has its own columns; give it alone")
        from mmm_benchmark.plan.datasets import check_observed, source_of

        dataset = source_of(data).make(0)
        check_observed(dataset.observed, str(data))
        return History.of(dataset.observed, dataset.name)
    if not channels:
        raise UserError(f"{data} needs --channels: the columns of media spend")
    dataset, notes = dataset_of(data, name=data.stem, channels=channels, target=target, **table)
    for note in notes:
        print(f"read as: {note}")
    return History.of(dataset.observed, data.stem, with_kpi=target is not None)
