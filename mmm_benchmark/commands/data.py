"""``generate`` and ``import``: datasets in directories."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    csv: Annotated[Path, typer.Argument(help="A table with a row for each geo and date.")],
    out: Annotated[Path, typer.Option(help="The directory to make.")],
    channels: Annotated[list[str], typer.Option(help="Columns of media spend.")],
    controls: Annotated[list[str] | None, typer.Option(help="Columns of controls.")] = None,
    date: Annotated[str, typer.Option(help="The date column.")] = "date",
    geo: Annotated[str | None, typer.Option(help="The geo column; without it, one geo.")] = None,
    target: Annotated[str, typer.Option(help="The sales column.")] = "y",
    truth: Annotated[
        Path | None,
        typer.Option(help="Known contributions: same date and geo, one column per channel."),
    ] = None,
) -> None:
    """Make a dataset of a CSV file and save it, to be fitted with --datasets DIR."""
    from mmm_benchmark.plan.datasets import check_observed
    from mmm_benchmark.store.datasets import export
    from mmm_data_generator import MMMDataset

    frame = _read(csv)
    known = None if truth is None else _read(truth)
    try:
        dataset = MMMDataset.from_frame(
            frame,
            date=date,
            geo=geo,
            target=target,
            channels=channels,
            controls=controls or [],
            truth=known,
            name=out.name,
        )
    except ValueError as error:  # the generator's own errors for people
        raise UserError(f"'{csv}': {error}") from error
    check_observed(dataset.observed, str(csv))
    export(dataset, out)
    print(f"{csv} saved as a dataset in {out}")


def _read(path: Path):  # type: ignore[no-untyped-def]  # pandas is imported late
    import pandas as pd

    try:
        return pd.read_csv(path)
    except FileNotFoundError as error:
        raise UserError(f"'{path}' does not exist") from error
    except (OSError, ValueError) as error:
        raise UserError(f"'{path}' cannot be read as CSV: {error}") from error
