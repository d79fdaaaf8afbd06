"""Pictures for a paper: as wide as a column or two, letters of a size that can be read there.

A picture for the screen carries its title and how to read it; in a paper that is the caption, so
it is written to a text file beside the picture instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mmm_benchmark.report.plots.style import NARROW, UNTITLED, save, theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mmm_benchmark.report.plots.draw import Picture

#: Inches that a picture takes of a page: one of two columns, or both.
WIDTHS: Final = {"one": 3.4, "two": 7.0}
FORMATS: Final = ("pdf", "svg", "png")
SMALLEST = 6.5  # points: no letter is smaller
LOWEST = 0.7  # of the height on screen
DPI = 300


@contextmanager
def on_paper(width: str) -> Iterator[None]:
    """Lay pictures out for a paper; nothing outside the block is changed."""
    narrow, untitled = NARROW.set(width == "one"), UNTITLED.set(True)
    try:
        with theme():
            yield
    finally:
        NARROW.reset(narrow)
        UNTITLED.reset(untitled)


def draw_for_paper(
    pictures: Sequence[Picture], results: Path, out: Path, formats: Sequence[str], width: str
) -> list[Path]:
    """Draw pictures anew under ``out``, in the folders that they have under the results.

    Parameters
    ----------
    pictures
        What to draw; those whose fits have nothing to show are left out.
    formats
        Of :data:`FORMATS`.
    width
        "one" column or "two".

    Returns
    -------
    list of Path
        The files, captions among them.
    """
    paths: list[Path] = []
    with on_paper(width):
        for picture in pictures:
            figure = picture.draw()
            if figure is None:
                continue
            fit_to(figure, WIDTHS[width])
            stem = out / picture.stem.relative_to(results)
            stem.parent.mkdir(parents=True, exist_ok=True)
            paths += save(figure, stem, formats, DPI)
            caption = stem.with_name(f"{stem.name}.txt")
            caption.write_text(f"{figure.get_label()}\n", encoding="utf-8")
            paths.append(caption)
    return paths


def fit_to(figure: Figure, width: float) -> None:
    """Make a figure ``width`` inches wide: lines shrink with it, letters never below a size."""
    from matplotlib.collections import Collection, PathCollection
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    by = min(1.0, width / figure.get_figwidth())
    figure.set_size_inches(width, figure.get_figheight() * max(by, LOWEST))

    def letters(size: float) -> float:
        return max(SMALLEST, by * size)

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks = axis.get_major_ticks()
            if ticks:  # those that are made later, too
                size = ticks[0].label1.get_fontsize()
                axis.set_tick_params(labelsize=letters(float(size)), length=2.5, width=0.6)
        for spine in axes.spines.values():
            spine.set_linewidth(0.6)
    for text in figure.findobj(Text):
        text.set_fontsize(letters(float(text.get_fontsize())))
    for line in figure.findobj(Line2D):
        line.set_linewidth(by * line.get_linewidth())
        line.set_markersize(by * line.get_markersize())
    for many in figure.findobj(Collection):
        many.set_linewidth([by * each for each in np.atleast_1d(many.get_linewidth())])
        if isinstance(many, PathCollection):
            many.set_sizes([by**2 * each for each in many.get_sizes()])
