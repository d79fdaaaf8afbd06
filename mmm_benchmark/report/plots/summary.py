"""Pictures over all fits: runtime against error, and calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmm_benchmark.metrics.calibration import LEVELS
from mmm_benchmark.report.plots.style import (
    columns,
    explain,
    headline,
    legend,
    look,
    named,
    new_figure,
    shorten,
)
from mmm_benchmark.scoring.series import ALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def over_all(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["geo"] == ALL) & (frame["channel"] == ALL)]


def runtime_against_error(tables: Mapping[str, pd.DataFrame]) -> Figure | None:
    """Seconds against the CRPS of contributions, a panel per dataset, a point per seed."""
    import seaborn as sns

    where = ["dataset", "seed", "fitter", "fit"]
    error = over_all(tables["contribution_recovery"])[[*where, "mark", "crps"]]
    error = error.dropna(subset="crps")
    merged = error.merge(tables["runtime_comparison"][[*where, "total_s"]], on=where)
    merged = merged.dropna(subset="total_s")
    if merged.empty:
        return None
    figure, panels = _panels(merged)
    for dataset, axes in panels.items():
        part = merged[merged["dataset"] == dataset]
        fitters = list(dict.fromkeys(part["fitter"]))
        sns.scatterplot(
            data=part,
            x="total_s",
            y="crps",
            hue="fitter",
            style="fitter",
            palette={fitter: look(fitter).colour for fitter in fitters},
            markers={fitter: look(fitter).marker for fitter in fitters},
            s=70,
            edgecolor="white",
            linewidth=0.6,
            legend=False,
            ax=axes,
        )
        axes.set_xscale("log")
        axes.set_ylim(bottom=0.0, top=1.12 * part["crps"].max())
        _log_ticks(axes, part["total_s"])
        axes.set(title=shorten(str(dataset), 34), xlabel="seconds in all", ylabel="CRPS")
    _legend(figure, merged)
    headline(
        figure,
        "Runtime against error of contributions",
        "lower left is better; CRPS as a share of mean contribution; one point per seed"
        + explain(merged),
    )
    return figure


def calibration(tables: Mapping[str, pd.DataFrame]) -> Figure | None:
    """Nominal against empirical coverage of contributions, a panel per dataset."""
    held = [f"coverage_{round(100 * level)}" for level in LEVELS]
    frame = over_all(tables["contribution_recovery"]).dropna(subset=held)
    if frame.empty:
        return None
    figure, panels = _panels(frame)
    for dataset, axes in panels.items():
        part = frame[frame["dataset"] == dataset]
        fitters = list(dict.fromkeys(part["fitter"]))
        axes.plot([0, 1], [0, 1], color="#999999", lw=1.0, ls="--", zorder=0)
        for k, fitter in enumerate(fitters):
            own, style = part[part["fitter"] == fitter], look(fitter)
            shift = 0.012 * (k - (len(fitters) - 1) / 2)
            found = own[held].mean().to_numpy(float)
            # over seeds the errors are independent; one seed keeps its own
            error = np.sqrt((own[[f"{name}_se" for name in held]] ** 2).sum()) / len(own)
            axes.errorbar(
                np.array(LEVELS) + shift,
                found,
                yerr=1.645 * error.to_numpy(float),
                color=style.colour,
                marker=style.marker,
                ls=style.line,
                lw=1.2,
                ms=5,
                elinewidth=0.9,
            )
        axes.set_xlim(0.4, 1.0)
        axes.set_ylim(0.0, 1.02)
        axes.set_xticks(LEVELS, [f"{level:.0%}" for level in LEVELS])
        axes.set_yticks(np.linspace(0, 1, 6), [f"{level:.0%}" for level in np.linspace(0, 1, 6)])
        axes.set(title=shorten(str(dataset), 34), xlabel="interval", ylabel="holds the truth")
    _legend(figure, frame)
    headline(
        figure,
        "Calibration of contribution intervals",
        "on the dashed line: as sure as it should be; below: too sure; bars: 90% error"
        + explain(frame),
    )
    return figure


def _panels(frame: pd.DataFrame) -> tuple[Figure, dict[str, Axes]]:

    datasets = list(dict.fromkeys(frame["dataset"]))
    across = columns(min(3, len(datasets)))
    rows = -(-len(datasets) // across)
    size = (3.6 * across + (2.2 if columns(2) > 1 else 0.9), 3.2 * rows + 0.9)
    figure = new_figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, across, squeeze=False).ravel()
    for axes in grid[len(datasets) :]:
        axes.set_axis_off()
    return figure, dict(zip(datasets, grid, strict=False))


def _legend(figure: Figure, frame: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D

    names = named(frame)
    handles = [
        Line2D([], [], color=look(name).colour, marker=look(name).marker, ls="", label=names[name])
        for name in names
    ]
    legend(figure, handles, [names[name] for name in names])


def _log_ticks(axes: Axes, values: pd.Series) -> None:
    """Plain numbers of seconds: few enough to be read, two at least."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = values.min() / 2, values.max() * 2
    per_decade = (1, 2, 5) if high / low < 60 else (1,) if high / low > 3000 else (1, 3)
    ticks = [m * 10.0**e for e in range(-3, 7) for m in per_decade]
    ticks = [tick for tick in ticks if low <= tick <= high]
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
