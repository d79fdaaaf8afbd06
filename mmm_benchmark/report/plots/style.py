"""One look for all pictures: a hue per model family; a shade, line and marker per variant.

Colours are those of Okabe & Ito (2008), told apart with every common colour vision, and a dark
purple for the oracle; line style and marker repeat the distinction for print. Truth is black.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.scoring import marks

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

TRUTH = "#000000"
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, RED, PINK, PURPLE = "#E69F00", "#D55E00", "#CC79A7", "#6A3D9A"

#: How the pictures of a paper differ: see ``paper.py``.
NARROW: ContextVar[bool] = ContextVar("NARROW", default=False)  # one column of two
UNTITLED: ContextVar[bool] = ContextVar("UNTITLED", default=False)  # the caption says it


@dataclass(frozen=True)
class Look:
    """How one fitter is drawn, in every picture."""

    colour: str
    marker: str = "o"
    line: str = "-"


def mixed(colour: str, light: float) -> str:
    """A lighter (``light`` > 0) or darker shade: variants of one family, told apart."""
    target = 255 if light > 0 else 0
    parts = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(part + (target - part) * abs(light)):02X}" for part in parts)


DARK = -0.45

LOOKS: dict[str, Look] = {
    "scipy": Look(RED),
    "scipy-bootstrap": Look(mixed(RED, DARK), "s", "--"),
    "scipy-plain": Look(mixed(RED, 0.4), "X", ":"),
    "nutpie": Look(BLUE),
    "nutpie-default": Look(mixed(BLUE, -0.55), "v", "-."),
    "nutpie-matched": Look(mixed(BLUE, 0.3), "P", ":"),
    "nutpie-tv": Look(mixed(BLUE, 0.55), "^", "-."),
    "pymc": Look(mixed(BLUE, -0.25), "s", "--"),
    "numpyro": Look(SKY),
    "blackjax": Look(mixed(SKY, DARK), "X", ":"),
    "meridian": Look(ORANGE),
    "meridian-default": Look(mixed(ORANGE, -0.6), "v", "-."),
    "meridian-matched": Look(mixed(ORANGE, 0.25), "P", ":"),
    "meridian-published": Look(mixed(ORANGE, -0.4), "^", "--"),
    "meridian-aks": Look(mixed(ORANGE, -0.2), "s", "--"),
    "numpyro-mmm": Look(GREEN),
    "numpyro-mmm-tv": Look(mixed(GREEN, DARK), "v", "-."),
    "numpyro-svi": Look(mixed(GREEN, 0.5), "s", "--"),
    "numpyro-laplace": Look(mixed(GREEN, 0.25), "^", ":"),
    "exact": Look(mixed(GREEN, -0.7), "D", "--"),
    "diffusion": Look(PINK),
    "diffusion-ddpm": Look(mixed(PINK, DARK), "s", "--"),
    "diffusion-fast": Look(mixed(PINK, 0.25), "v", "-."),
    "wiener": Look("#7A7A7A", "^", ":"),
    "oracle": Look(PURPLE, "D", "-."),
}
SPARE = tuple(
    Look(colour, marker, line)
    for marker, line in (("v", "--"), ("P", "-."), ("H", ":"))
    for colour in (BLUE, ORANGE, GREEN, PINK, SKY, RED, PURPLE)
)


def look(fitter: str) -> Look:
    """The look of a fitter; a name this project does not know always gets the same spare one."""
    if fitter in LOOKS:
        return LOOKS[fitter]
    return SPARE[zlib.crc32(fitter.encode()) % len(SPARE)]


@contextmanager
def theme() -> Iterator[None]:
    """Draw with the house style; nothing outside the block is changed."""
    import matplotlib as mpl
    import seaborn as sns

    house = {
        **sns.axes_style("ticks"),
        **sns.plotting_context("paper", font_scale=1.05),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 9.5,
        "axes.titlelocation": "left",
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.color": "#E6E6E6",
        "figure.titlesize": 12,
        "font.family": ["DejaVu Sans"],  # ships with matplotlib: the same text everywhere
        "legend.frameon": False,
        "pdf.fonttype": 42,  # letters stay letters where a journal edits a figure
        "ps.fonttype": 42,
        "svg.hashsalt": "mmm-benchmark",  # identifiers in the SVG do not change from run to run
    }
    with mpl.rc_context(house):
        yield


def new_figure(**arguments: Any) -> Figure:
    """An empty figure, which a notebook shows as a picture."""
    from mmm_data_generator.plots import Shown

    return Shown(**arguments)


#: What would change from day to day in a file, left out of it.
UNDATED: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save(
    figure: Figure, stem: Path, formats: Sequence[str] = ("png", "svg"), dpi: int = 120
) -> list[Path]:
    """Write ``stem`` in each format, complete or not at all, without date or version."""
    paths = []
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)  # lay out once, not once per format
        figure.set_layout_engine("none")
    for suffix in formats:
        path = stem.with_name(f"{stem.name}.{suffix}")
        fresh = stem.with_name(f".{stem.name}.{os.getpid()}.{suffix}")
        figure.savefig(fresh, format=suffix, dpi=dpi, metadata=UNDATED[suffix])
        fresh.replace(path)
        paths.append(path)
    return paths


def headline(figure: Figure, title: str, reading: str) -> None:
    """A title and, under it, one line on how to read the picture; in a paper its caption."""
    if UNTITLED.get():
        said = "; ".join(reading.split("\n"))
        figure.set_label(f"{title}. {said[:1].upper()}{said[1:]}.")
        return
    figure.suptitle(title, x=0.012, ha="left", fontweight="bold")
    figure.supxlabel(reading, x=0.012, ha="left", fontsize=8.5, color="#555555")


def dates(axes: Axes) -> None:
    """Few, short date labels that never touch."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=5)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)


def label_lowest(grid: NDArray[np.object_], used: int) -> None:
    """Give the lowest panel in use of every column its labels; switch off panels not used.

    The panels share their horizontal axis, and only the last row would carry labels otherwise.
    """
    for axes in grid.ravel()[used:]:
        axes.set_axis_off()
    for j, column in enumerate(grid.T):
        lowest = max(i for i in range(len(column)) if i * grid.shape[1] + j < used)
        column[lowest].tick_params(labelbottom=True)


def money(axes: Axes, axis: Axis | None = None) -> None:
    """Amounts as 800, 12k, 1.5M, upwards or on ``axis``: no offset that would push a title."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.yaxis if axis is None else axis
    axis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))


def amount(value: float) -> str:
    """An amount in at most five characters."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:.3g}"


def named(frame: pd.DataFrame) -> dict[str, str]:
    """Fitter -> its short name with the signs of every mark its rows carry."""
    found = frame.groupby("fitter", sort=False)["mark"].agg(marks.join)
    return {str(name): shorten(str(name)) + marks.signs(cell) for name, cell in found.items()}


def explain(frame: pd.DataFrame) -> str:
    """What the signs in a picture mean, as lines to stand under it."""
    return "".join(f"\n{sign} {meaning}" for sign, meaning in marks.meanings(frame["mark"]))


def shorten(name: str, most: int = 24) -> str:
    """A label that fits its panel."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def columns(usual: int) -> int:
    """How many panels stand side by side: one where a picture is as narrow as a column."""
    return 1 if NARROW.get() else usual


def legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """A legend beside the panels and never over them; below them where there is no room beside."""
    if NARROW.get():
        figure.legend(handles, labels, loc="outside lower center", fontsize=8.5, ncols=2)
        return
    beside = legend_columns(figure, len(labels))
    figure.legend(handles, labels, loc="outside right upper", fontsize=8.5, ncols=beside)


def legend_columns(figure: Figure, entries: int) -> int:
    """Columns of a legend beside the panels, no taller than the figure, which grows for them."""
    height = 72.0 * float(figure.get_figheight()) - 100.0  # points; the rest is title and caption
    columns = max(1, -(-entries // max(1, int(height / 14.0))))
    figure.set_figwidth(figure.get_figwidth() + 2.0 * (columns - 1))
    return columns
