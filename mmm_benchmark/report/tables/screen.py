"""The tables on screen: the rows over all, as wide as fits, then the failures with reasons."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from mmm_benchmark.report.tables.columns import typed
from mmm_benchmark.report.tables.estimates_view import print_estimates
from mmm_benchmark.report.tables.plans_view import print_plans
from mmm_benchmark.report.tables.seed_view import print_seeds
from mmm_benchmark.report.tables.views import (
    ANSWERS,
    SKILL,
    UNASKED,
    VIEWS,
    WITH_ERROR,
    Shown,
    View,
    dataset_label,
)
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.series import ALL

if TYPE_CHECKING:
    from rich.console import Console

type Failed = Mapping[tuple[str, str], str]  # (dataset, fit) -> status


def print_tables(
    tables: Mapping[str, pd.DataFrame], console: Console, everything: bool = False
) -> None:
    """Print the verdict, the tables that answer, then the failures with their reasons.

    Over several seeds the table over seeds comes first; where no truth is known, the estimates.

    Parameters
    ----------
    tables
        Frames by name, as ``write_tables`` returns them, or read back from CSV.
    console
        Where to; 100 columns are enough.
    everything
        Print all tables, not only those that answer.
    """
    tables = {name: typed(frame.copy()) for name, frame in tables.items()}
    failed = {
        (dataset_label(row), row["fit"]): str(row["status"])
        for row in tables["failures"].to_dict("records")
    }
    _print_verdict(tables, console)
    unknown = _without_truth(tables)
    if len(unknown):
        print_estimates(unknown, console)
    if "plans" in tables:
        print_plans(tables["plans"], console)
    print_seeds(tables, console)
    tables = {name: frame for name, frame in tables.items() if not _unasked(name, frame)}
    answers = answering(tables)
    for name, view in VIEWS.items():
        if name in tables and (everything or name in answers):
            _print_one(name, tables[name], view, failed, console)
    left = [name for name in VIEWS if name in tables and name not in answers]
    if left and not everything:
        console.print(f"[dim]more with --all-tables: {', '.join(left)}[/]\n")
    _print_marks(tables["runtime_comparison"], console)
    _print_failures(tables["failures"], console)


def answering(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """The first three tables of ``ANSWERS`` that have something to say."""
    known = [
        name
        for name in ANSWERS
        if name in tables.keys() & VIEWS.keys()
        and tables[name][[column for column, _, _ in VIEWS[name].shown]].notna().any(axis=None)
    ]
    return known[:3]


def _unasked(name: str, frame: pd.DataFrame) -> bool:
    """Whether a table only some runs ask for has nothing to say in this one."""
    if name not in UNASKED:
        return False
    return bool(frame[[column for column, _, _ in VIEWS[name].shown]].isna().all(axis=None))


def _print_verdict(tables: Mapping[str, pd.DataFrame], console: Console) -> None:
    from mmm_benchmark.report.verdict import verdict

    for name, sentences in verdict(tables).items():
        console.print(f"[bold]{escape(name)}[/]: {escape(' '.join(sentences))}\n")


def _without_truth(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Estimates of the datasets whose true contributions nobody knows."""
    scored = tables["contribution_recovery"]
    known = scored.loc[scored["crps"].notna(), "dataset"]
    estimates = tables["estimates"]
    return estimates[~estimates["dataset"].isin(known) & estimates["roas"].notna()]


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
    twins = _twins(rows)
    shown = [triple for triple in view.shown if rows.loc[known, triple[0]].notna().any()]
    lines: dict[str, list[tuple[Mapping[Hashable, Any], str | None]]] = {}
    for row, is_known in zip(rows.to_dict("records"), known, strict=True):
        dataset = dataset_label(row)
        status = failed.get((dataset, row["fit"]))
        if is_known or status is not None:
            name = f"{row['fitter']} ({row['fit']})" if twins[row["fit"]] else row["fitter"]
            lines.setdefault(dataset, []).append((row | {"fitter": name}, status))
    table = _table(lines, view, shown)
    while len(shown) > 1 and _width(table, console) > console.width:
        shown = shown[:-1]  # a cut number would mislead; the CSV has them all
        table = _table(lines, view, shown)
    skill = any(column == "skill_vs_oracle" for column, _, _ in shown)
    console.print(f"[dim]{view.reading}{f' {SKILL}' if skill else ''}[/]")
    console.print(table)


def _twins(rows: pd.DataFrame) -> dict[str, bool]:
    """By ``fit``: whether another fit in these rows goes by the same dataset, seed and fitter."""
    fits = rows[["dataset", "seed", "fitter", "fit"]].drop_duplicates()
    shared = fits.duplicated(["dataset", "seed", "fitter"], keep=False)
    return dict(zip(fits["fit"], shared, strict=True))


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
    cells = [f"  {row['fitter']}{marks.signs(str(row['mark']))}"]
    cells += [str(row[label]) for label in view.by]
    cells = [escape(cell) for cell in cells]
    for column, _, show in shown:
        if not pd.isna(row[column]):
            error = row.get(WITH_ERROR.get(column, ""), float("nan"))
            give = "" if pd.isna(error) else f" ±{100 * error:.0f}"
            cells.append(escape(show(row[column]) + give))
        elif status is not None:
            cells.append(f"[red]{escape(status)}[/]")
            status = None
        else:
            cells.append("–")
    return cells


def _print_marks(runs: pd.DataFrame, console: Console) -> None:
    """What the signs after the names mean, and what each fitter knows."""
    for sign, meaning in marks.meanings(runs["mark"]):
        console.print(f"{sign} [dim]{escape(meaning)}[/]")
    known_by = runs[runs["knows"] != ""][["fitter", "knows"]].drop_duplicates()
    for fitter, known in known_by.to_numpy():
        console.print(f"  [bold]{escape(str(fitter))}[/] {escape(str(known))}")


def _print_failures(frame: pd.DataFrame, console: Console) -> None:
    """Print each reason once, with every dataset on which a fitter gave it."""
    if frame.empty:
        return
    console.print(f"[bold red]{len(frame)} not fitted[/] [dim](failures.csv)[/]")
    where: dict[tuple[str, str, str], list[str]] = {}
    for row in frame.to_dict("records"):
        said = str(row["fitter"]), str(row["status"]), str(row["reason"])
        where.setdefault(said, []).append(dataset_label(row))
    for (fitter, status, reason), datasets in where.items():
        console.print(
            f"  [bold]{escape(', '.join(datasets))}[/] {escape(fitter)}: "
            f"[red]{escape(status)}[/] - {escape(reason)}"
        )
