"""``pictures``: those of stored fits, laid out for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmm_benchmark.commands.typed import DatasetsOption, ResultsOption, SamplersOption
from mmm_benchmark.errors import UserError

if TYPE_CHECKING:
    from mmm_benchmark.store.fits import StoredFit


def pictures(
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("paper"),
    format: Annotated[
        list[str] | None, typer.Option(help="pdf, svg, png, or several of them [default: pdf].")
    ] = None,
    columns: Annotated[
        str, typer.Option(help="How wide: 'one' column (3.4 inches) or 'two' (7).")
    ] = "two",
    results: ResultsOption = Path("results"),
    datasets: DatasetsOption = None,
    samplers: SamplersOption = None,
) -> None:
    """Draw the pictures of stored fits for a paper, each with its caption in a text file."""
    from rich.console import Console

    from mmm_benchmark.plan.options import Options
    from mmm_benchmark.plan.stored import latest_fits
    from mmm_benchmark.report.kept_scores import StoredDataset
    from mmm_benchmark.report.plots import planned
    from mmm_benchmark.report.plots.paper import FORMATS, WIDTHS, draw_for_paper
    from mmm_benchmark.store.fits import Store, check_writable

    formats = tuple(dict.fromkeys(format or ["pdf"]))
    for each in formats:
        if each not in FORMATS:
            raise UserError(f"--format {each}: must be one of {', '.join(FORMATS)}")
    if columns not in WIDTHS:
        raise UserError(f"--columns {columns}: must be one of {', '.join(WIDTHS)}")
    options = Options(
        datasets=tuple(datasets or ()), samplers=tuple(samplers or ()), results=results
    )
    warn = Console(stderr=True)
    store = Store(options.results, lambda line: warn.print(line, markup=False))
    fits = latest_fits(options, store)
    check_writable(out)
    sources = {each: StoredDataset(results, each) for each in {_id(fit) for fit in fits}}
    found = planned([(fit, sources[_id(fit)]) for fit in fits], options.results)
    paths = draw_for_paper(found, options.results, out, formats, columns)
    print(f"{sum(path.suffix == '.txt' for path in paths)} pictures, each with its caption: {out}")


def _id(fit: StoredFit) -> str:
    return str(fit.job["dataset"]["id"])
