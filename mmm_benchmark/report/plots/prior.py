"""What a prior says before any sales are seen: returns, shares of sales and how curves bend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.report.plots.style import BLUE, ORANGE, headline, new_figure, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mmm_benchmark.priors.predictive import Drawn

LEVELS = (5.0, 25.0, 50.0, 75.0, 95.0)
ALL_MEDIA = "all media"
LEAST, MOST = 1e-4, 1e4  # further out nothing is drawn


def prior_picture(
    title: str, channels: Sequence[str], drawn: Drawn, cautions: Sequence[str] = ()
) -> Figure:
    """Three panels, one row a channel: where 50% and 90% of the prior lie, and its median."""
    names = [*(shorten(name) for name in channels), ALL_MEDIA]
    height = 1.9 + 0.27 * len(names) + 0.17 * len(cautions)
    figure = new_figure(figsize=(10.5, height), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    share = np.column_stack([drawn.share, drawn.share.sum(axis=1)])
    _rows(panels[0], drawn.roas, 1.0)
    _rows(panels[1], share, 1.0)
    _rows(panels[2], drawn.elasticity, 1.0)
    panels[0].set_title("ROAS (line: money back)")
    panels[1].set_title("share of all sales (line: all of them)")
    panels[2].set_title("elasticity (line: a straight curve)")
    for axes in panels[:2]:
        _decades(axes)
    panels[2].set_xlim(left=0)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.4, -0.6)
    reading = "Before any sales are seen. Dot: median; thick: half of the prior; thin: 90% of it."
    headline(figure, title, "\n".join((reading, *cautions)))
    return figure


def _rows(axes: Axes, values: NDArray[np.float64], line: float) -> None:
    low, left, middle, right, high = np.percentile(values, LEVELS, axis=0)
    at = np.arange(values.shape[1])
    colours = [BLUE] * len(at)
    if axes.get_subplotspec().colspan.start == 1:  # type: ignore[union-attr]
        colours[-1] = ORANGE
    axes.grid(visible=False)
    axes.axvline(line, color="#999999", lw=0.9, zorder=0)
    axes.hlines(at, low, high, color=colours, lw=1.2)
    axes.hlines(at, left, right, color=colours, lw=4.0)
    axes.scatter(middle, at, color="white", edgecolor=colours, s=26, zorder=3)


def _decades(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    low, high = max(low, LEAST), min(high, MOST)
    axes.set_xlim(low, high)
    marks = (1.0,) if high / low > 300 else (1.0, 3.0)
    axes.xaxis.set_major_locator(LogLocator(subs=marks, numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
