"""The leaderboard as a picture: skill with its interval, and what breaks whom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mmm_benchmark.leaderboard.board import BASELINE, Board
from mmm_benchmark.leaderboard.text import CALLED, name_of, number

BLUE, GREY = "#0173b2", "#949494"
#: Skill below this is drawn as this: errors of twice the baseline's.
WORST = -1.0


def draw(board: Board, path: Path) -> None:
    """Draw a board and save it, PNG or SVG by its ending."""
    names = [name_of(line) for line in board.lines]
    cells = list(dict.fromkeys(task.cell for task in board.tasks))
    figure = Figure(figsize=(12, 2.2 + 0.36 * len(names)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1.6])
    places = np.arange(len(names))
    skill = [line.skill[board.by] for line in board.lines]
    for place, each, line in zip(places, skill, board.lines, strict=True):
        color = GREY if line.entry.name == BASELINE or line.entry.knows else BLUE
        left.plot([each.low, each.high], [place, place], color=color, linewidth=2)
        left.plot(each.value, place, "o", color=color)
    left.axvline(0, color="black", linewidth=0.8, linestyle=":")
    left.set_yticks(places, names)
    left.invert_yaxis()
    left.locator_params(axis="x", nbins=6)  # more labels would touch
    left.set_xlabel(f"skill against {BASELINE}, 95% interval (1 is perfect)")
    left.set_title(CALLED[board.by], loc="left", fontsize=10)
    grid = np.array([[line.cells[cell] for cell in cells] for line in board.lines])
    drawn = np.ma.masked_invalid(np.clip(grid, WORST, 1))
    image = right.imshow(drawn, cmap="RdBu", vmin=WORST, vmax=-WORST, aspect="auto")
    for (i, j), value in np.ndenumerate(grid):
        if np.isnan(value):
            continue
        pale = abs(np.clip(value, WORST, 1)) < 0.6
        right.text(
            *(j, i, number(value, 2 if value > -9.95 else 0)),
            ha="center",
            va="center",
            fontsize=7,
            color="black" if pale else "white",
        )
    right.set_xticks(range(len(cells)), cells, rotation=45, ha="right")
    right.set_title("skill by cell, tasks that finished", loc="left", fontsize=10)
    figure.colorbar(image, ax=right, shrink=0.8)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None} if path.suffix == ".png" else None)
