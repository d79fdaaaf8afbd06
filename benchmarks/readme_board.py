"""The leaderboard in README.md, table and picture, from the shipped scores.

``python benchmarks/readme_board.py`` writes both; run it after a row of ``results/suite-2026.1``
changed. A test holds the table equal to what this makes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mmm_benchmark.leaderboard.board import Board, board
from mmm_benchmark.leaderboard.entry import Entry, read_all
from mmm_benchmark.leaderboard.text import honest_first, markdown_of
from mmm_benchmark.suite.tasks import VERSION, Task, tasks

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "pictures" / "leaderboard.png"
BETWEEN = re.compile(r"(?<=<!-- board -->\n\n).*?(?=\n\n<!-- end of board -->)", re.DOTALL)


def shipped() -> Board:
    """Everyone who has run the full edition: one world of a kind tells little."""
    every = tasks("full")
    entries = read_all(ROOT / "results" / f"suite-{VERSION}")
    return board([each for each in entries if _ran_all(each, every)], every)


def _ran_all(entry: Entry, every: Sequence[Task]) -> bool:
    """Whether there is an answer, good or bad, to every task; a reference answers where it can."""
    return entry.pool == "references" or all(task.name in entry.rows for task in every)


def table() -> str:
    """The lines between the marks of the README."""
    return "\n".join(markdown_of(shipped()))


def main() -> None:
    from mmm_benchmark.leaderboard.picture import draw

    text = README.read_text()
    made = table()
    README.write_text(BETWEEN.sub(lambda _: made, text))
    draw(honest_first(shipped()), PICTURE)


if __name__ == "__main__":
    main()
