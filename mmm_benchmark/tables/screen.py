"""The tables on screen: the rows over all, the columns to look at first, one line on reading."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from mmm_benchmark.scoring.series import ALL
from mmm_benchmark.tables.columns import typed

if TYPE_CHECKING:
    from rich.console import Console

type Format = Callable[[float], str]
type Shown = tuple[str, str, Format]  # column, heading, format
type Failed = Mapping[tuple[str, str], str]  # (dataset, fitter) -> status


def plain(value: float) -> str:
    """Two decimals; fewer for what is large, more for what would read as zero."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 0.005 or value == 0 else f"{value:.1g}"


def fine(value: float) -> str:
    """Three decimals."""
    return f"{value:.3f}"


def percent(value: float) -> str:
    """One decimal of a per cent."""
    return f"{100 * value:.1f}%"


def whole(value: float) -> str:
    """Thousands separated, no decimals."""
    return f"{value:,.0f}"


def seconds(value: float) -> str:
    """Seconds with the digits that matter."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


@dataclass(frozen=True)
class View:
    """How one table is shown: title, how to read it, and (column, heading, format) triples."""

    title: str
    reading: str
    shown: tuple[Shown, ...]
    by: tuple[str, ...] = ()  # labels to show beside dataset and fitter


VIEWS: dict[str, View] = {
    "contribution_recovery": View(
        "Contributions by channel against the truth",
        "The question that matters. Lower CRPS and SRMSE are better; 90% intervals should hold "
        "the truth 90% of the time; skill is the oracle's CRPS over the fit's (1 = its equal).",
        (
            ("crps", "CRPS", fine),
            ("skill_vs_oracle", "skill vs\noracle", plain),
            ("coverage_90", "90%\nholds", percent),
            ("srmse", "SRMSE", fine),
            ("r2", "R²", plain),
            ("bias", "bias\n(size)", percent),
            ("correlation", "corr.", plain),
            ("variation_ratio", "variation\nratio", plain),
        ),
    ),
    "roas_recovery": View(
        "Return on spend and credit by channel",
        "Errors are relative and never cancel over channels; misallocated is the share of all "
        "media credit given to the wrong channel; rank 1 orders the channels rightly.",
        (
            ("roas_error", "ROAS\nerror", percent),
            ("marginal_roas_error", "marginal\nROAS error", percent),
            ("misallocated_share", "misallo-\ncated", percent),
            ("rank_correlation", "rank", plain),
            ("curve_error", "curve\nerror", percent),
            ("roas_covered_90", "90%\nholds", percent),
            ("skill_vs_oracle", "skill vs\noracle", plain),
        ),
    ),
    "coefficient_recovery": View(
        "Coefficient paths over time",
        "Posterior means rightly move less than the truth; draws should move as much as it does "
        "(ratio 1). A flat estimate correlates 0.",
        (
            ("correlation", "corr.", plain),
            ("variation_ratio", "variation\nof mean", plain),
            ("variation_ratio_draws", "variation\nof draws", plain),
            ("level_error", "level\nerror", percent),
            ("level_correlation", "level\ncorr.", plain),
            ("coverage_90", "90%\nholds", percent),
            ("skill_vs_oracle", "skill vs\noracle", plain),
        ),
    ),
    "parameter_recovery": View(
        "Transform parameters",
        "Mean absolute error over channels, in the parameter's own unit, and how often the 90% "
        "interval holds the truth.",
        (
            ("error", "error\n(size)", fine),
            ("covered_90", "90%\nholds", percent),
            ("crps", "CRPS", fine),
            ("skill_vs_oracle", "skill vs\noracle", plain),
        ),
        by=("parameter",),
    ),
    "performance_metrics": View(
        "Expected against observed sales",
        "Fit to the data, not recovery: a model may fit well and credit the wrong channels. "
        "Durbin-Watson near 2 leaves no pattern in the residuals.",
        (
            ("r2", "R²", fine),
            ("mape", "MAPE", percent),
            ("wmape", "wMAPE", percent),
            ("srmse", "SRMSE", fine),
            ("bias", "bias\n(size)", percent),
            ("durbin_watson", "Durbin-\nWatson", plain),
            ("coverage_90", "90%\nholds", percent),
        ),
    ),
    "runtime_comparison": View(
        "Seconds and memory",
        "Wall-clock seconds of the worker process by phase; total holds imports and compilation.",
        (
            ("import_s", "import", seconds),
            ("build_s", "build", seconds),
            ("compile_s", "com-\npile", seconds),
            ("sample_s", "sample", seconds),
            ("summarise_s", "sum-\nmarise", seconds),
            ("total_s", "total", seconds),
            ("peak_rss_mb", "peak\nMB", whole),
        ),
    ),
    "ess_comparison": View(
        "Effective sample size",
        "Smallest over free parameters; per second of sampling and of the whole fit.",
        (
            ("ess_bulk", "bulk", whole),
            ("ess_tail", "tail", whole),
            ("contribution_ess_bulk", "bulk of\ncontributions", whole),
            ("ess_bulk_per_sample_second", "bulk per s\nsampling", plain),
            ("ess_bulk_per_second", "bulk per s\nin all", plain),
        ),
    ),
    "diagnostics_summary": View(
        "Did the sampler do its work",
        "R-hat at most 1.01, ESS at least 400 and no divergences, or the numbers above are not "
        "to be trusted.",
        (
            ("r_hat", "R-hat", fine),
            ("ess_bulk", "ESS bulk", whole),
            ("ess_tail", "ESS tail", whole),
            ("divergences", "diver-\ngences", whole),
            ("e_bfmi", "E-BFMI", plain),
            ("contribution_r_hat", "R-hat of\ncontributions", fine),
        ),
    ),
}


def print_tables(tables: Mapping[str, pd.DataFrame], console: Console) -> None:
    """Print every table that has something to say, then the failures with their reasons.

    Parameters
    ----------
    tables
        Frames by name, as ``write_tables`` returns them, or read back from CSV.
    console
        Where to; 100 columns are enough.
    """
    tables = {name: typed(frame.copy()) for name, frame in tables.items()}
    failed = {
        (dataset_label(row), row["fitter"]): str(row["status"])
        for row in tables["failures"].to_dict("records")
    }
    for name, view in VIEWS.items():
        if name in tables:
            _print_one(name, tables[name], view, failed, console)
    references = tables["runtime_comparison"].query("reference != ''")
    for fitter, reference in references.groupby("fitter")["reference"].first().items():
        console.print(f"* [bold]{escape(str(fitter))}[/] is a reference: {escape(str(reference))}")
    _print_failures(tables["failures"], console)


def _print_one(
    name: str, frame: pd.DataFrame, view: View, failed: Failed, console: Console
) -> None:
    console.print(f"[bold]{view.title}[/] [dim]({name}.csv)[/]")
    rows = frame
    for label in ("geo", "channel"):
        if label in rows:
            rows = rows[rows[label] == ALL]
    known = rows[[column for column, _, _ in view.shown]].notna().any(axis=1)
    if not known.any():
        reasons = dict.fromkeys(note for note in rows["note"] if note)
        console.print(f"[dim]nothing to show: {escape('; '.join(reasons) or 'no fit')}[/]\n")
        return
    shown = [triple for triple in view.shown if rows.loc[known, triple[0]].notna().any()]
    lines: dict[str, list[tuple[Mapping[Hashable, Any], str | None]]] = {}
    for row, is_known in zip(rows.to_dict("records"), known, strict=True):
        dataset = dataset_label(row)
        status = failed.get((dataset, row["fitter"]))
        if is_known or status is not None:
            lines.setdefault(dataset, []).append((row, status))
    table = _table(lines, view, shown)
    while len(shown) > 1 and _width(table, console) > console.width:
        shown = shown[:-1]  # a cut number would mislead; the CSV has them all
        table = _table(lines, view, shown)
    console.print(f"[dim]{view.reading}[/]")
    console.print(table)


def _table(
    lines: Mapping[str, list[tuple[Mapping[Hashable, Any], str | None]]],
    view: View,
    shown: list[Shown],
) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, collapse_padding=True)
    table.add_column("dataset / fitter", no_wrap=True)
    for label in view.by:
        table.add_column(label, no_wrap=True)
    for _, heading, _ in shown:
        table.add_column(heading, justify="right", no_wrap=True)
    for dataset, rows in lines.items():
        table.add_row(f"[bold]{escape(dataset)}[/]")
        for row, status in rows:
            table.add_row(*_cells(row, view, shown, status))
    return table


def _width(table: Table, console: Console) -> int:
    """Columns the table needs if nothing is cut."""
    return Measurement.get(console, console.options.update(max_width=10_000), table).maximum


def _cells(
    row: Mapping[Hashable, Any], view: View, shown: list[Shown], status: str | None
) -> list[str]:
    """One line; a failure shows its status in place of its first missing measure."""
    cells = [f"  {row['fitter']}{'*' if row['reference'] else ''}"]
    cells += [str(row[label]) for label in view.by]
    cells = [escape(cell) for cell in cells]
    for column, _, show in shown:
        if not pd.isna(row[column]):
            cells.append(escape(show(row[column])))
        elif status is not None:
            cells.append(f"[red]{escape(status)}[/]")
            status = None
        else:
            cells.append("–")
    return cells


def _print_failures(frame: pd.DataFrame, console: Console) -> None:
    if frame.empty:
        return
    console.print(f"[bold red]{len(frame)} not fitted[/] [dim](failures.csv)[/]")
    for row in frame.to_dict("records"):
        status, reason = escape(str(row["status"])), escape(str(row["reason"]))
        console.print(
            f"  [bold]{escape(dataset_label(row))}[/] {escape(str(row['fitter']))}: "
            f"[red]{status}[/] - {reason}"
        )


def dataset_label(row: Mapping[Hashable, Any]) -> str:
    """``name@seed``, as the command line writes it."""
    seed = row["seed"]
    return str(row["dataset"]) if pd.isna(seed) else f"{row['dataset']}@{seed}"
