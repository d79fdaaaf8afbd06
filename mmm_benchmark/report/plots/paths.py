"""Pictures over time: predicted against actual, contributions, coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.metrics import recovery
from mmm_benchmark.metrics.arrays import FloatArray, is_constant
from mmm_benchmark.report.plots.gather import Band, View, by_panel, panels
from mmm_benchmark.report.plots.style import (
    TRUTH,
    columns,
    dates,
    headline,
    label_lowest,
    look,
    money,
    new_figure,
    shorten,
)
from mmm_benchmark.report.tables.views import LEAST_R2
from mmm_benchmark.scoring.scorable import ScorableDataset

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: More channels than this get a grid of their sums over geos, without single geos.
MANY_CHANNELS = 10


def predicted_against_actual(label: str, dataset: ScorableDataset, views: list[View]) -> Figure:
    """One row per fitter, one column per panel: observed dots, expected line, predictive band."""
    names = panels(dataset)[: columns(len(panels(dataset)))]
    sales = by_panel(dataset.observed["sales"])
    time = dataset.observed["date"].values
    figure, grid = _grid(len(views), len(names), height=1.9, width=max(3.9, 8.5 / len(names)))
    for row, seen in zip(grid, views, strict=True):
        colour = look(seen.fitter).colour
        for axes, name in zip(row, names, strict=True):
            axes.plot(time, sales[name], ".", ms=2.6, color=TRUTH, alpha=0.65, lw=0)
            _draw(axes, time, seen.expected[name], None, colour, interval=False)
            if name in seen.predicted:
                _fill(axes, time, seen.predicted[name], slice(None), colour)
            fit = fit_text(float(recovery.r2(seen.expected[name].mean, sales[name])))
            where = f" - {shorten(name)}" if len(sales) > 1 else ""
            axes.set_title(f"{shorten(seen.label)}{where}   {fit}")
            dates(axes)
            money(axes)
        row[0].set_ylabel("sales per week")
    headline(
        figure,
        f"Predicted against actual sales: {label}",
        "dots: observed sales; line: expected sales; band: 90% of the posterior predictive",
    )
    return figure


def fit_text(r2: float) -> str:
    """R² for a title; far below zero its size says nothing, as any level may be missed."""
    if not np.isfinite(r2):
        return "R² not defined"
    return f"R² {r2:.2f}" if r2 >= LEAST_R2 else f"R² below {LEAST_R2:.0f}: off the level"


def contributions(label: str, dataset: ScorableDataset, seen: View) -> Figure:
    """Small multiples per channel: true path, posterior mean, 90% interval."""
    assert dataset.truth is not None
    names = list(seen.contribution)
    truth = {name: values.T for name, values in by_panel(dataset.truth["contribution"]).items()}
    figure = _channels(dataset, names, truth, seen.contribution, look(seen.fitter).colour, "SRMSE")
    headline(
        figure,
        f"Contributions true and recovered: {seen.label} on {label}",
        "black: truth; colour: posterior mean and 90% interval; currency per week",
    )
    return figure


def coefficients(label: str, dataset: ScorableDataset, seen: View) -> Figure:
    """Small multiples per channel: true path, mean, 90% interval and a few draws."""
    assert dataset.truth is not None
    names = list(seen.coefficient)
    truth = {name: dataset.truth["coefficient"].sel(geo=name).values.T for name in names}
    means = [seen.coefficient[name].mean for name in names]
    if all(is_constant(path).all() for path in (*truth.values(), *means)):
        return _constant_coefficients(label, dataset, seen, truth)
    figure = _channels(
        dataset, names, truth, seen.coefficient, look(seen.fitter).colour, "corr.", draws=True
    )
    headline(
        figure,
        f"Coefficient paths true and recovered: {seen.label} on {label}",
        "black: truth; colour: posterior mean and 90% interval; thin: single draws, which should "
        "move as much as the truth; currency per week at full saturation",
    )
    return figure


def _constant_coefficients(
    label: str, dataset: ScorableDataset, seen: View, truth: dict[str, FloatArray]
) -> Figure:
    """One number a channel: an interval says more than a rectangle over time."""
    channels = [str(channel) for channel in dataset.observed["channel"].values]
    names, style = list(truth)[: columns(len(truth))], look(seen.fitter)
    size = (max(4.6, 10.5 / len(names)) * len(names), 1.5 + 0.34 * len(channels))
    figure = new_figure(figsize=size, layout="constrained")
    place = np.arange(len(channels))
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        found = seen.coefficient[name]
        if found.low is not None and found.high is not None:
            axes.hlines(place, found.low[:, 0], found.high[:, 0], color=style.colour, lw=2.0)
        axes.plot(found.mean[:, 0], place, style.marker, color=style.colour, ms=6)
        axes.vlines(truth[name][:, 0], place - 0.32, place + 0.32, color=TRUTH, lw=2.2)
        axes.set_yticks(place, [shorten(channel, 28) for channel in channels])
        axes.invert_yaxis()
        axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        axes.set_title(shorten(name) if len(truth) > 1 else "")
        money(axes, axes.xaxis)
        axes.label_outer()
    headline(
        figure,
        f"Coefficients true and recovered: {seen.label} on {label}",
        "effects do not move here: black: truth; marker and line: posterior mean and 90% "
        "interval; currency per week at full saturation",
    )
    return figure


def _channels(
    dataset: ScorableDataset,
    names: list[str],
    truth: dict[str, FloatArray],
    bands: dict[str, Band],
    colour: str,
    score: str,
    draws: bool = False,
) -> Figure:
    """A row per channel and a column per panel, or a grid of the first panel alone."""
    channels = [str(channel) for channel in dataset.observed["channel"].values]
    time = dataset.observed["date"].values
    several = len(names) > 1
    if columns(len(names)) == 1 or len(channels) > MANY_CHANNELS:
        usual = 2 if len(channels) <= 6 else 3 if len(channels) <= 12 else 5
        across = columns(usual)
        rows = -(-len(channels) // across)
        width = 10.5 / usual if across == usual else 4.5
        figure, grid = _grid(rows, across, height=1.75, width=width)
        cells = [(axes, i, names[0]) for i, axes in enumerate(grid.ravel()[: len(channels)])]
        label_lowest(grid, len(channels))
    else:
        figure, grid = _grid(len(channels), len(names), height=1.6, width=10.5 / len(names))
        cells = [
            (grid[i, j], i, name) for i in range(len(channels)) for j, name in enumerate(names)
        ]
    for axes, i, name in cells:
        true = truth[name][i]
        axes.plot(time, true, color=TRUTH, lw=2.0)
        _draw(axes, time, bands[name], i, colour)
        if draws:
            for draw in bands[name].draws:
                axes.plot(time, draw[i], color=colour, lw=0.5, alpha=0.6)
        axes.set_title(
            _panel_title(channels[i], name if several else "", bands[name].mean[i], true, score)
        )
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        dates(axes)
        money(axes)
    return figure


def _panel_title(channel: str, panel: str, mean: FloatArray, true: FloatArray, score: str) -> str:
    measure = recovery.srmse if score == "SRMSE" else recovery.correlation
    value = float(measure(mean, true))
    end = f"   {score} {value:.2f}" if np.isfinite(value) else ""
    return f"{shorten(channel, 20)}{f' - {shorten(panel, 12)}' if panel else ''}{end}"


def _grid(
    rows: int, across: int, height: float, width: float
) -> tuple[Figure, NDArray[np.object_]]:
    figure = new_figure(figsize=(width * across, height * rows + 0.9), layout="constrained")
    return figure, figure.subplots(rows, across, squeeze=False, sharex=True)


def _draw(
    axes: Axes, time: FloatArray, drawn: Band, i: int | None, colour: str, interval: bool = True
) -> None:
    where = slice(None) if i is None else i
    axes.plot(time, drawn.mean[where], color=colour, lw=1.3)
    if interval:
        _fill(axes, time, drawn, where, colour)


def _fill(axes: Axes, time: FloatArray, drawn: Band, where: slice | int, colour: str) -> None:
    if drawn.low is not None and drawn.high is not None:
        axes.fill_between(time, drawn.low[where], drawn.high[where], color=colour, alpha=0.22, lw=0)
