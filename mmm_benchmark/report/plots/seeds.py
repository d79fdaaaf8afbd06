"""How much scores move from seed to seed: a dot per seed, a bar for the mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from mmm_benchmark.report.plots.style import explain, headline, look, named, new_figure, shorten
from mmm_benchmark.report.plots.summary import over_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, COLUMN = 0.27, 3.3  # inches: a fitter's line, a panel's width
JITTER = 0.3  # of the distance between two fitters, over which seeds are spread
NOMINAL = 0.9


def spread_over_seeds(tables: Mapping[str, pd.DataFrame]) -> Figure | None:
    """CRPS and coverage of contributions, a row of panels per dataset with several seeds."""

    frame = over_all(tables["contribution_recovery"]).dropna(subset="crps")
    frame = frame[frame.groupby("dataset")["seed"].transform("nunique") > 1]
    if frame.empty:
        return None
    groups = list(frame.groupby("dataset", sort=False))
    most = [part["fitter"].nunique() for _, part in groups]
    figure = new_figure(
        figsize=(2 * COLUMN + 1.6, ROW * sum(most) + 0.85 * len(groups) + 0.9), layout="constrained"
    )
    grid = figure.subplots(
        len(groups), 2, squeeze=False, height_ratios=[count + 1.0 for count in most]
    )
    for (left, right), (dataset, part) in zip(grid, groups, strict=True):
        fitters = list(part.groupby("fitter")["crps"].mean().sort_values().index)
        _dots(left, part, fitters, "crps")
        left.set_xlim(left=0.0)
        left.set_title(f"{shorten(str(dataset), 30)}   CRPS")
        _dots(right, part, fitters, "coverage_90")
        right.axvline(NOMINAL, color="#999999", lw=1.0, ls="--", zorder=0)
        right.set_xlim(-0.02, 1.02)
        right.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0%", "25%", "50%", "75%", "100%"])
        right.set_yticklabels([])
        right.set_title("90% intervals hold the truth")
    headline(
        figure,
        "Contributions over seeds",
        "dot: one seed; bar: their mean; fitters whose dots overlap need paired_comparison.csv"
        + explain(frame),
    )
    return figure


def _dots(axes: Axes, part: pd.DataFrame, fitters: list[str], measure: str) -> None:
    """One line per fitter, best on top; seeds keep their place within a line, so pairs show."""
    names = named(part)
    seeds = {seed: k for k, seed in enumerate(sorted(part["seed"].dropna().unique()))}
    for k, fitter in enumerate(fitters):
        own = part[part["fitter"] == fitter].dropna(subset=measure)
        colour, marker = look(fitter).colour, look(fitter).marker
        if own.empty:
            continue
        place = own["seed"].map(seeds).to_numpy(float) / max(1, len(seeds) - 1) - 0.5
        mean = float(own[measure].mean())
        axes.plot([mean, mean], [k - 0.32, k + 0.32], color=colour, lw=2.2, solid_capstyle="butt")
        axes.plot(
            own[measure], k + JITTER * place, marker, color=colour, ms=4.5, mec="white", mew=0.5
        )
    axes.set_ylim(len(fitters) - 0.5, -0.5)
    axes.set_yticks(range(len(fitters)), [names[fitter] for fitter in fitters])
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
