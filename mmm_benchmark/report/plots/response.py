"""Pictures of what money buys: response curves, and ROAS by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.report.plots.gather import View
from mmm_benchmark.report.plots.style import (
    TRUTH,
    columns,
    headline,
    label_lowest,
    legend,
    look,
    money,
    new_figure,
    shorten,
)
from mmm_benchmark.scoring.roas import true_roas
from mmm_benchmark.scoring.scorable import ScorableDataset

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def response_curves(label: str, dataset: ScorableDataset, views: list[View]) -> Figure:
    """Small multiples per channel: the true curve and every fitter's, with 90% intervals."""

    assert dataset.truth is not None
    channels = [str(channel) for channel in dataset.observed["channel"].values]
    across = columns(min(len(channels), 3 if len(channels) <= 9 else 5))
    rows = -(-len(channels) // across)
    size = (10.5 if across > 1 else 4.5, 2.3 * rows + 1.1)
    figure = new_figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, across, squeeze=False, sharex=True)
    multiplier = dataset.truth["spend_multiplier"].values
    true = dataset.truth["response_curve"].values
    for i, axes in enumerate(grid.ravel()[: len(channels)]):
        for seen in views:
            style, curve = look(seen.fitter), seen.curve
            assert curve is not None
            axes.plot(
                multiplier,
                curve.mean[i],
                color=style.colour,
                ls=style.line,
                lw=1.5,
                label=seen.label,
            )
            if curve.low is not None and curve.high is not None:
                axes.fill_between(
                    multiplier, curve.low[i], curve.high[i], color=style.colour, alpha=0.12, lw=0
                )
        axes.plot(multiplier, true[i], color=TRUTH, lw=1.8, label="truth")
        axes.axvline(1.0, color="#BBBBBB", lw=0.8, zorder=0)
        axes.set_title(shorten(channels[i], 26))
        money(axes)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    for axes in grid[:, 0]:
        axes.set_ylabel("contribution")
    label_lowest(grid, len(channels))
    _legend(figure, grid[0, 0])
    headline(
        figure,
        f"Response curves true and recovered: {label}",
        "total contribution if the channel's whole spend were multiplied by the value below; "
        "1 is what was spent; bands hold 90%",
    )
    return figure


def roas(label: str, dataset: ScorableDataset, views: list[View]) -> Figure:
    """ROAS by channel: truth where it is known, each fitter's mean with its 90% interval."""

    channels = [str(channel) for channel in dataset.observed["channel"].values]
    spend = dataset.observed["spend"].sum(("geo", "date")).values
    known = dataset.truth is not None and bool({"roas", "contribution"} & set(dataset.truth))
    step = 0.16
    room = step * (len(views) + 1)
    size = (4.5 * columns(2), 1.5 + 1.35 * room * len(channels))
    figure = new_figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    base = np.arange(len(channels)) * (room + 0.25)
    half = room / 2
    if known and dataset.truth is not None:
        true = true_roas(dataset.truth, spend)
        axes.vlines(true, base - half, base + half, color=TRUTH, lw=2.2, label="truth")
    for k, seen in enumerate(views):
        style, found = look(seen.fitter), seen.roas
        assert found is not None
        y = base + (k - (len(views) - 1) / 2) * step
        if found.low is not None and found.high is not None:
            axes.hlines(y, found.low, found.high, color=style.colour, lw=1.6)
        axes.plot(
            found.mean,
            y,
            color=style.colour,
            marker=style.marker,
            ls="",
            ms=5,
            label=seen.label,
        )
    axes.set_yticks(base, [shorten(channel, 28) for channel in channels])
    axes.invert_yaxis()
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("currency of sales per currency of spend")
    _legend(figure, axes)
    headline(
        figure,
        f"Return on ad spend: {label}",
        ("black: truth; " if known else "the truth is not known; ")
        + "markers: posterior means with 90% intervals",
    )
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    """Truth first, beside the panels and never over them."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: labels[i] != "truth")
    legend(figure, [handles[i] for i in order], [shorten(labels[i]) for i in order])
