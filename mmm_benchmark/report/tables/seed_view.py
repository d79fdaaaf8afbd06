"""The spread over seeds on screen: a line for each fitter, and how it stands to the best one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from mmm_benchmark.report.tables.seeds import PAIRED, SUMMARY
from mmm_benchmark.report.tables.views import Format, fine, percent, plain
from mmm_benchmark.scoring.marks import signs

if TYPE_CHECKING:
    from rich.console import Console

READING = (
    "Mean over seeds ± its standard error, contributions. The last columns compare with the "
    "fitter in bold seed by seed: CRPS over its CRPS with a 90% interval (an interval that holds "
    "1 decides nothing), and on how many seeds the lower CRPS."
)


def print_seeds(tables: Mapping[str, pd.DataFrame], console: Console) -> None:
    """Print the summary over seeds of every dataset that was fitted on more than one."""
    summary = tables[SUMMARY]
    followed = summary[summary["table"] == "contribution_recovery"]
    crps = followed[followed["measure"] == "crps"]
    if not (crps["n_seeds"] > 1).any():
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, collapse_padding=True)
    table.add_column("dataset / fitter", no_wrap=True)
    headings = ("seeds", "failed", "CRPS", "90%\nholds", "skill vs\noracle")
    for heading in (*headings, "CRPS over\nthe best's", "lower\non"):
        table.add_column(heading, justify="right", no_wrap=True)
    for dataset, own in crps.groupby("dataset", sort=False):
        best = _best(own)
        table.add_row(f"[bold]{escape(str(dataset))}[/]")
        here = followed[followed["dataset"] == dataset]
        pairs = tables[PAIRED][tables[PAIRED]["dataset"] == dataset]
        means = here.pivot(index="fitter", columns="measure", values="mean")
        for row in own.to_dict("records"):
            fitter = str(row["fitter"])
            name = escape(fitter + signs(str(row["mark"])))
            table.add_row(
                f"  [bold]{name}[/]" if fitter == best else f"  {name}",
                f"{row['n_seeds']:.0f}",
                f"[red]{row['n_failed']:.0f}[/]" if row["n_failed"] else "–",
                _with_error(row["mean"], row["standard_error"]),
                _or_dash(means["coverage_90"][fitter], percent),
                _or_dash(means["skill_vs_oracle"][fitter], plain),
                *_against(best, fitter, pairs),
            )
    console.print("[bold]Over seeds[/] [dim](seed_summary.csv, paired_comparison.csv)[/]")
    console.print(f"[dim]{READING}[/]")
    console.print(table)


def _best(own: pd.DataFrame) -> str | None:
    """The lowest mean CRPS among those with the most seeds; references do not compete."""
    rivals = own[(own["reference"] == "") & own["mean"].notna()]
    rivals = rivals[rivals["n_seeds"] == rivals["n_seeds"].max()]
    return None if rivals.empty else str(rivals.loc[rivals["mean"].idxmin(), "fitter"])


def _against(best: str | None, fitter: str, pairs: pd.DataFrame) -> tuple[str, str]:
    """Ratio with its interval and wins of ``fitter``, whichever of the two stands first."""
    for row in pairs.to_dict("records"):
        if {row["first"], row["second"]} != {best, fitter} or pd.isna(row["ratio"]):
            continue
        ratio, low, high = row["ratio"], row["ratio_lower"], row["ratio_upper"]
        wins = row["first_better"]
        if row["first"] == best:
            ratio, low, high = 1 / ratio, 1 / high, 1 / low
            wins = row["second_better"]
        interval = "" if pd.isna(low) else f" [{plain(low)}, {plain(high)}]"
        return escape(plain(ratio) + interval), f"{wins:.0f} of {row['n_seeds']:.0f}"
    return "–", "–"


def _with_error(mean: float, error: float) -> str:
    if math.isnan(mean):
        return "–"
    return fine(mean) if math.isnan(error) else f"{fine(mean)} ± {fine(error)}"


def _or_dash(value: float, show: Format) -> str:
    return "–" if math.isnan(value) else show(value)
