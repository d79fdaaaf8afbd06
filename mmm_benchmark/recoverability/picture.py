"""One picture: how far each channel's return is found, and what would help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.recoverability.measure import FACTOR
from mmm_benchmark.recoverability.study import Study
from mmm_benchmark.recoverability.words import CAN, CANNOT, OFTEN, TEST, verdicts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REMEDIES = 10  # bars at most


def draw_picture(found: Study, folder: Path) -> Path:
    """Write ``recoverability.png`` and ``.svg``; return the former."""
    from mmm_benchmark.report.plots.style import (
        GREEN,
        ORANGE,
        RED,
        headline,
        new_figure,
        save,
        theme,
    )

    colours = {CAN: GREEN, TEST: ORANGE, CANNOT: RED}
    table = verdicts(found)
    many = not found.remedies.empty
    rows = max(len(table), min(len(found.remedies), REMEDIES) if many else 0)
    with theme():
        figure = new_figure(
            figsize=(12.5 if many else 6.5, 1.8 + 0.36 * rows), layout="constrained"
        )
        axes = figure.subplots(1, 2 if many else 1, squeeze=False)[0]
        y = np.arange(len(table))[::-1]
        for verdict, colour in colours.items():
            if verdict == TEST and not many:
                continue  # none was tried
            own = (table["verdict"] == verdict).to_numpy()
            axes[0].errorbar(
                table["found"][own],
                y[own],
                xerr=[
                    (table["found"] - table["found_low"])[own],
                    (table["found_high"] - table["found"])[own],
                ],
                fmt="o",
                color=colour,
                label=verdict,
            )
        if many:
            axes[0].plot(
                table["found_with_test"],
                y,
                ls="",
                marker="D",
                mfc="none",
                color="#555555",
                label="with its best test",
            )
        axes[0].axvline(OFTEN, color="#888888", lw=1, ls="--")
        axes[0].set(yticks=y, yticklabels=[_short(name) for name in table["channel"]], xlim=(0, 1))
        axes[0].set_xlabel(f"share of worlds in which its return is found within {FACTOR:g} times")
        axes[0].set_title("Can it be measured?", pad=24)
        axes[0].legend(  # under the title: below the panel, it would meet the caption
            loc="lower left",
            bbox_to_anchor=(-0.03, 0.985),
            ncols=4,
            fontsize=8.5,
            handletextpad=0.2,
            columnspacing=0.8,
        )
        if many:
            _remedies(axes[1], found)
        headline(
            figure,
            f"{found.history.name}: what the spend at hand can tell",
            f"{found.worlds['world'].nunique()} simulated worlds, {found.fitters[0]}; bars: 90% "
            f"intervals of a share{', two standard errors of a gain' if many else ''}",
        )
        return save(figure, folder / "recoverability")[0]


def _remedies(axes: Axes, found: Study) -> None:
    best = found.remedies.head(REMEDIES)
    y = np.arange(len(best))[::-1]
    axes.barh(
        y, best["gain"], color="#9DB7D5", xerr=2 * best["gain_se"].fillna(0), ecolor="#555555"
    )
    axes.set(yticks=y, yticklabels=[_short(name, 58) for name in best["remedy"]])
    axes.axvline(0, color="#555555", lw=0.8)
    axes.set_xlabel("smaller error over all channels\n(logs, by spend)")  # two lines: it is narrow
    axes.set_title("What would help")


def _short(name: object, most: int = 26) -> str:
    text = str(name)
    return text if len(text) <= most else f"{text[: most - 1]}…"
