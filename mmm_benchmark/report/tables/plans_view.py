"""Plans on screen, where no truth is known: what each model would do, and what the others say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from mmm_benchmark.report.tables.views import dataset_label
from mmm_benchmark.scoring.series import ALL

if TYPE_CHECKING:
    from rich.console import Console

READING = "Today's budget planned on each model's curves, each channel within 30%."
STILL = 0.02  # a channel that moves by less stays where it is


def print_plans(plans: pd.DataFrame, console: Console) -> None:
    """Print one line for each model's plan."""
    if plans.empty:
        return
    console.print("[bold]Plan[/] [dim](plans.csv, plan_gains.csv)[/]")
    console.print(f"[dim]{READING}[/]")
    for _, own in plans.groupby(["dataset", "seed"], sort=False, dropna=False):
        console.print(f"[bold]{escape(dataset_label(own.iloc[0].to_dict()))}[/]")
        for fitter, line in plan_lines(own):
            console.print(f"  [bold]{escape(fitter)}[/]: {escape(line)}")
    console.print()


def plan_lines(own: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """For each fitter of one dataset: what it would move, expects, and whether to believe it."""
    for fitter, rows in own.groupby("fitter", sort=False):
        whole = rows[rows["channel"] == ALL].iloc[0]
        line = f"{moves(rows)}; it expects {percent(whole['expected_share'])} of sales from this"
        if whole["least_by"]:
            line += f", {whole['least_by']} expects {percent(whole['least_share'])}"
        note = str(whole["note"])  # it may name channels, which keep their letters
        yield str(fitter), f"{line}. {note[:1].upper()}{note[1:]}."


def moves(rows: pd.DataFrame) -> str:
    """The channels that a plan moves, most moved first."""
    channels = rows[rows["channel"] != ALL]
    change = (channels["multiplier"] - 1).round(3)
    moved = channels[change.abs() >= STILL].assign(change=change)
    moved = moved.reindex(moved["change"].abs().sort_values(ascending=False, kind="stable").index)
    if moved.empty:
        return "nothing to move"
    return ", ".join(
        f"{row['channel']} {100 * row['change']:+.0f}%" for row in moved.to_dict("records")
    )


def percent(share: float) -> str:
    """A share of sales with its sign."""
    return f"{100 * share:+.2f}%"
