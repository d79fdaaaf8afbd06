"""``estimates.csv`` on screen: the return of each channel, one column a model."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from mmm_benchmark.report.tables.views import dataset_label, plain
from mmm_benchmark.scoring.series import ALL

if TYPE_CHECKING:
    from rich.console import Console

READING = "Sales per unit of spend: posterior mean (90% interval). The true return is not known."


def print_estimates(estimates: pd.DataFrame, console: Console) -> None:
    """Print ROAS by channel and model; models that do not fit side by side follow below."""
    console.print("[bold]Return on spend by channel[/] [dim](estimates.csv)[/]")
    console.print(f"[dim]{READING}[/]")
    for _, own in estimates.groupby(["dataset", "seed"], sort=False, dropna=False):
        label = dataset_label(own.iloc[0].to_dict())
        own = own[own["roas"].notna()].drop_duplicates(["fitter", "channel"], keep="last")
        fitters = list(dict.fromkeys(own["fitter"]))
        step = max(1, (console.width - 28) // 20)
        for start in range(0, len(fitters), step):
            console.print(_table(label, own, fitters[start : start + step]))


def _table(label: str, own: pd.DataFrame, fitters: list[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, collapse_padding=True)
    table.add_column(f"{escape(label)}", no_wrap=True, overflow="ellipsis", max_width=28)
    for fitter in fitters:
        table.add_column(escape(fitter), justify="right", no_wrap=True)
    cells = {(row["channel"], row["fitter"]): cell(row) for row in own.to_dict("records")}
    for channel in dict.fromkeys(own["channel"]):
        name = "all media" if channel == ALL else f"  {channel}"
        table.add_row(escape(name), *(cells.get((channel, fitter), "–") for fitter in fitters))
    return table


def cell(row: Mapping[Hashable, Any]) -> str:
    """The return with its interval, ``2.1 (1.4–3.0)``."""
    if math.isnan(row["roas_q05"]):
        return plain(row["roas"])
    return f"{plain(row['roas'])} ({plain(row['roas_q05'])}–{plain(row['roas_q95'])})"
