"""Pictures of a dataset; needs ``pip install "mmm-data-generator[plot]"``.

Each function takes a dataset and returns a matplotlib Figure, which a notebook shows and the caller
may save.
"""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from typing import Any

if missing := [name for name in ("matplotlib", "seaborn") if find_spec(name) is None]:
    raise ImportError(
        f"pictures need {' and '.join(missing)}: pip install 'mmm-data-generator[plot]'"
    )

import matplotlib.dates as mdates
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmm_data_generator.dataset.dataset import MMMDataset
from mmm_data_generator.errors import DataError
from mmm_data_generator.fields.periods import NOUN

GREY = "#b8b8b8"
INK = "#333333"


class Shown(Figure):
    """A figure that a notebook shows as a picture, whichever backend it chose."""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def plot_channel_spend(dataset: MMMDataset) -> Figure:
    """Draw the spend of each channel, one panel each, summed over geos."""
    spend = dataset.observed["spend"].sum("geo")
    names = [str(name) for name in spend["channel"].values]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure, axes = _figure(rows, columns, width=3.6 * columns, height=2.1 * rows)
    for axis, name, color in zip(axes, names, _colors(len(names)), strict=False):
        axis.plot(spend["date"], spend.sel(channel=name), color=color, linewidth=1.2)
        axis.fill_between(spend["date"], spend.sel(channel=name), color=color, alpha=0.2)
        axis.set_title(name, fontsize=9, loc="left")
        axis.set_ylim(bottom=0)
        _money(axis)
        _calendar(axis)
    for axis in axes[len(names) :]:
        axis.remove()
    figure.supylabel(f"Spend per {_period(dataset)}", fontsize=9)
    return figure


def plot_channel_contributions(dataset: MMMDataset, geo: str | None = None) -> Figure:
    """Draw baseline, controls and channels stacked, with observed sales on top.

    ``geo=None`` sums over geos.
    """
    truth = _truth(dataset, "contribution", "baseline")
    observed = dataset.observed
    if geo is not None:
        truth, observed = truth.sel(geo=[geo]), observed.sel(geo=[geo])
    media = truth["contribution"].sum("geo")
    names = [str(name) for name in media["channel"].values]
    layers = [truth["baseline"].sum("geo").values]
    labels, colors = ["Baseline"], [GREY]
    if truth.sizes.get("control", 0):
        layers.append(truth["control_contribution"].sum(("geo", "control")).values)
        labels.append("Controls")
        colors.append("#8c8c8c")
    layers += [media.sel(channel=name).values for name in names]
    figure, (axis,) = _figure(1, 1, width=9.0, height=4.2)
    # what takes from sales hangs below zero, so that it hides nothing of what brings them
    up, down = np.zeros(len(layers[0])), np.zeros(len(layers[0]))
    for layer, label, color in zip(
        layers, labels + names, colors + _colors(len(names)), strict=True
    ):
        above, below = np.maximum(layer, 0.0), np.minimum(layer, 0.0)
        axis.fill_between(media["date"], up, up + above, color=color, label=label, linewidth=0)
        if below.any():
            axis.fill_between(media["date"], down + below, down, color=color, linewidth=0)
        up, down = up + above, down + below
    if down.any():
        axis.axhline(0.0, color=INK, linewidth=0.6)
    axis.plot(media["date"], observed["sales"].sum("geo"), color=INK, linewidth=1.0, label="Sales")
    axis.set_ylabel(f"Sales per {_period(dataset)}")
    axis.set_title(f"{dataset.name}: where sales come from", loc="left", fontsize=10)
    _money(axis)
    _calendar(axis)
    _legend(axis)
    return figure


def plot_response_curves(dataset: MMMDataset) -> Figure:
    """Draw total sales of each channel against the multiple of its present spend."""
    curve = _truth(dataset, "response_curve")["response_curve"]
    figure, (axis,) = _figure(1, 1, width=6.6, height=4.0)
    names = [str(name) for name in curve["channel"].values]
    for name, color in zip(names, _colors(len(names)), strict=True):
        axis.plot(curve["spend_multiplier"], curve.sel(channel=name), color=color, label=name)
        axis.plot(1.0, float(curve.sel(channel=name, spend_multiplier=1.0)), "o", color=color)
    axis.axvline(1.0, color=GREY, linewidth=0.8, zorder=0)
    axis.set_xlabel("Multiple of present spend")
    axis.set_ylabel("Sales due to the channel over the window")
    axis.set_title(f"{dataset.name}: true response curves", loc="left", fontsize=10)
    axis.set_xlim(0, 2)
    axis.set_ylim(bottom=0)
    _money(axis)
    _legend(axis)
    return figure


def plot_roas_comparison(dataset: MMMDataset) -> Figure:
    """Draw ROAS and marginal ROAS of each channel side by side."""
    truth = _truth(dataset, "roas")
    names = [str(name) for name in truth["channel"].values]
    figure, (axis,) = _figure(1, 1, width=6.6, height=0.9 + 0.34 * len(names))
    place = np.arange(len(names))
    axis.barh(place - 0.19, truth["roas"], height=0.36, color=_colors(1)[0], label="ROAS")
    if "marginal_roas" in truth:
        axis.barh(
            place + 0.19, truth["marginal_roas"], height=0.36, color=GREY, label="Marginal ROAS"
        )
    axis.axvline(1.0, color=INK, linewidth=0.8, linestyle=":")
    axis.set_yticks(place, names)
    axis.invert_yaxis()
    axis.set_xlabel("Sales per unit of spend (dotted: break-even in sales)")
    axis.set_title(f"{dataset.name}: true return on ad spend", loc="left", fontsize=10)
    _legend(axis)
    return figure


def plot_regional_comparison(dataset: MMMDataset) -> Figure:
    """Draw mean sales of each geo, split into baseline, controls and media."""
    truth = _truth(dataset, "contribution", "baseline")
    geos = [str(geo) for geo in truth["geo"].values]
    parts = [
        ("Baseline", truth["baseline"].mean("date").values, GREY),
        ("Controls", truth["control_contribution"].sum("control").mean("date").values, "#8c8c8c"),
        ("Media", truth["contribution"].sum("channel").mean("date").values, _colors(1)[0]),
    ]
    figure, (axis,) = _figure(1, 1, width=6.6, height=1.0 + 0.26 * len(geos))
    up, down = np.zeros(len(geos)), np.zeros(len(geos))
    for label, values, color in parts:
        if np.any(values):  # what takes from sales hangs on the other side of zero
            left = np.where(values >= 0, up, down)
            axis.barh(geos, values, left=left, color=color, label=label, height=0.75)
            up, down = up + np.maximum(values, 0.0), down + np.minimum(values, 0.0)
    axis.invert_yaxis()
    axis.set_ylim(len(geos) - 0.4, -0.6)
    axis.set_xlabel(f"Mean sales per {_period(dataset)}")
    axis.set_title(f"{dataset.name}: geos compared", loc="left", fontsize=10)
    axis.xaxis.set_major_formatter(FuncFormatter(_short))
    _legend(axis)
    return figure


def _truth(dataset: MMMDataset, *needed: str) -> Any:
    if dataset.truth is None or any(name not in dataset.truth for name in needed):
        raise DataError(f"dataset '{dataset.name}': the truth of {' and '.join(needed)} is unknown")
    return dataset.truth


def _figure(rows: int, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    with sns.axes_style("whitegrid", {"grid.color": "#ececec", "axes.edgecolor": "#cccccc"}):
        figure = Shown(figsize=(width, height), layout="constrained", dpi=120)
        axes = list(np.ravel(figure.subplots(rows, columns, squeeze=False)))
    for axis in axes:
        axis.tick_params(labelsize=8)
        sns.despine(ax=axis)
    return figure, axes


def _colors(n: int) -> list[Any]:
    return list(sns.color_palette("colorblind" if n <= 10 else "husl", n))


def _calendar(axis: Axes) -> None:
    locator = mdates.AutoDateLocator(minticks=3, maxticks=9)  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_locator(locator)
    formatter = mdates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_formatter(formatter)
    axis.margins(x=0)


def _money(axis: Axes) -> None:
    axis.yaxis.set_major_formatter(FuncFormatter(_short))


def _short(value: float, _: int) -> str:
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _legend(axis: Axes) -> None:
    handles, labels = axis.get_legend_handles_labels()
    columns = 1 if len(labels) <= 16 else 2
    axis.legend(
        handles,
        labels,
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
        fontsize=8,
        ncols=columns,
    )


def _period(dataset: MMMDataset) -> str:
    return NOUN.get(dataset.frequency or "", "period")
