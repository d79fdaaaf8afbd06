"""``generate`` and ``import``: datasets in directories."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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


def generate(
    out: Annotated[Path, typer.Option(help="The directory to make.")],
    preset: Annotated[str | None, typer.Argument(help="A preset's name, or name@seed.")] = None,
    seed: Annotated[int | None, typer.Option(help=f"Its seed [default: {DEFAULT_SEED}].")] = None,
    from_csv: Annotated[
        Path | None,
        typer.Option(help="Instead of a preset: your own spend (CSV, Parquet or Excel), kept."),
    ] = None,
    channels: Annotated[
        list[str] | None, typer.Option(help="With --from-csv: columns of media spend.")
    ] = None,
    controls: Annotated[
        list[str] | None, typer.Option(help="With --from-csv: columns of controls.")
    ] = None,
    date: Annotated[str, typer.Option(help="With --from-csv: the date column.")] = "date",
    geo: Annotated[str | None, typer.Option(help="With --from-csv: the geo column.")] = None,
    target: Annotated[
        str | None, typer.Option(help="With --from-csv: a real KPI whose shape is matched.")
    ] = None,
) -> None:
    """Generate a preset's dataset, or sales on your own spend, truth included, and save it."""
    if (preset is None) == (from_csv is None):
        raise UserError("give a preset's name, or --from-csv FILE with --channels, not both")
    if from_csv is not None:
        _generate_on(from_csv, out, channels, controls, date, geo, target, seed)
        return
    given = {"--channels": channels, "--controls": controls, "--geo": geo, "--target": target}
    stray = [name for name, value in given.items() if value]
    if stray:
        raise UserError(f"{', '.join(stray)} needs --from-csv FILE; a preset has its own columns")

    from mmm_benchmark.plan.datasets import source_of
    from mmm_benchmark.store.datasets import export

    source = source_of(preset)
    if source.fixed:
        raise UserError(f"'{preset}' is a directory already; a preset is needed")
    if source.seed is not None and seed is not None:
        raise UserError(f"give the seed once: {preset}, or --seed {seed}")
    chosen = source.seed if source.seed is not None else seed
    export(source.make(DEFAULT_SEED if chosen is None else chosen), out)
    print(f"{source.name} saved in {out}")


def _generate_on(
    path: Path,
    out: Path,
    channels: list[str] | None,
    controls: list[str] | None,
    date: str,
    geo: str | None,
    target: str | None,
    seed: int | None,
) -> None:
    """Simulate sales on real spend and save them."""
    if not channels:
        raise UserError(f"--from-csv {path} needs --channels: the columns of media spend")
    from mmm_benchmark.plan.datasets import check_observed
    from mmm_benchmark.store.datasets import export
    from mmm_data_generator import from_real

    try:
        dataset = from_real(
            path,
            date=date,
            geo=geo,
            channels=channels,
            controls=controls or [],
            target=target,
            seed=DEFAULT_SEED if seed is None else seed,
            name=out.name,
        )
    except ValueError as error:  # the generator's own errors for people
        raise UserError(f"'{path}': {error}") from error
    check_observed(dataset.observed, str(path))
    export(dataset, out)
    print(f"simulated sales on the {dataset.frequency} spend of {path} saved in {out}")


def import_(
    table: Annotated[Path, typer.Argument(help="CSV (any of , ; tab |), Excel or Parquet.")],
    out: Annotated[Path, typer.Option(help="The directory to make.")],
    channels: Annotated[list[str], typer.Option(help="Columns of media spend.")],
    controls: Controls = None,
    date: Date = "date",
    geo: Geo = None,
    target: Annotated[str, typer.Option(help="The sales column.")] = "y",
    population: Annotated[str | None, typer.Option(help="A column of each geo's people.")] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Known contributions: same date and geo, one column per channel."),
    ] = None,
    decimal: Decimal = None,
    dates: Dates = None,
    blank: Blank = "error",
    totals: Totals = "error",
    geo_separator: GeoSeparator = None,
) -> None:
    """Make a dataset of a table as a spreadsheet writes it, to be fitted with --datasets DIR."""
    from mmm_benchmark.store.datasets import export
    from mmm_data_generator.dataset.overview import overview

    dataset, notes = dataset_of(
        table,
        name=out.name,
        channels=channels,
        controls=controls or [],
        date=date,
        geo=geo,
        target=target,
        population=population,
        truth=truth,
        decimal=decimal,
        dates=dates,
        blank=blank,
        totals=totals,
        geo_separator=geo_separator,
    )
    export(dataset, out)
    print(f"{table} saved as a dataset in {out}")
    for line in [*(f"read as: {note}" for note in notes), *overview(dataset.observed)]:
        print(line)
