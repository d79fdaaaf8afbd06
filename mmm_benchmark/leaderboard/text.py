"""The leaderboard in words and columns: on screen, and as CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from pathlib import Path

from mmm_benchmark.leaderboard.board import BASELINE, ERRORS, Board, Line
from mmm_benchmark.leaderboard.standing import CLIP, Estimate

TRAINED, UNCHECKED = "†", "!"
#: What an error is called where people read.
CALLED = {
    "energy_score": "channel totals (energy score)",
    "roas_crps": "ROAS (CRPS)",
    "total_crps": "total media (CRPS)",
    "regret": "money lost by acting on it",
}


def name_of(line: Line) -> str:
    """The entrant's name with its marks."""
    marks = TRAINED if line.entry.knows and line.entry.pool != "references" else ""
    return line.entry.name + marks + (UNCHECKED if line.failed_checks else "")


def number(value: float, digits: int = 2) -> str:
    """A number, or a dash where there is none; what rounds to zero has no sign."""
    return "–" if math.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}"


def interval(estimate: Estimate, digits: int = 2) -> str:
    """A number with its interval, ``0.31 [0.12, 0.47]``."""
    if math.isnan(estimate.value):
        return "–"
    low, high = number(estimate.low, digits), number(estimate.high, digits)
    return f"{number(estimate.value, digits)} [{low}, {high}]"


def lines_of(board: Board) -> list[str]:
    """The board as lines of text."""
    runs = [f"{each.finished} of {len(board.tasks)}" for each in board.lines]
    rows = [
        (
            *("FITTER", "SKILL", "IF FINISHED", "MEAN RANK", "BEATS OTHERS"),
            *("FINISHED", "FAILED", "NOT RUN"),
        )
    ]
    rows += [
        (
            name_of(line),
            interval(line.skill[board.by]),
            interval(line.skill_finished),
            interval(line.rank, 1),
            interval(line.win_rate),
            run,
            str(line.failed),
            str(line.not_run),
        )
        for line, run in zip(board.lines, runs, strict=True)
    ]
    return [
        f"pool '{board.pool}', skill in {CALLED[board.by]} against {BASELINE}",
        *_aligned(rows),
        "",
        *_aligned(_other_skills(board)),
        "",
        "beside skill, never inside it (means over the tasks that finished)",
        *_aligned(_beside(board)),
        "",
        f"skill by cell, {CALLED[board.by]} (tasks that finished)",
        *_aligned(_cells(board)),
        "",
        "share of tasks on which the row beats the column",
        *_aligned(_wins(board)),
        "",
        *notes(board),
    ]


def notes(board: Board) -> list[str]:
    """What the numbers are, in a line each."""
    how = (
        "worlds drawn again within cells"
        if board.within_cells
        else "tasks drawn again over all cells, since some cell has one world"
    )
    marks = []
    if any(line.entry.knows for line in board.lines):
        marks.append(f"{TRAINED} was made with knowledge of the generator, or trained on its law")
    if any(line.failed_checks for line in board.lines):
        marks.append(f"{UNCHECKED} some of its fits did not pass their own checks")
    return [
        f"skill = 1 - geometric mean of error over {BASELINE}'s, ratios cut to {CLIP[0]:g} to "
        f"{CLIP[1]:g}; brackets: 95% by bootstrap, {how}",
        f"SKILL, MEAN RANK and BEATS OTHERS give {BASELINE}'s error to a task that failed or was "
        "not run; IF FINISHED leaves it out",
        *marks,
    ]


def honest_first(board: Board) -> Board:
    """The same board, entrants made with knowledge of the generator below all others."""
    lines = tuple(sorted(board.lines, key=lambda line: bool(line.entry.knows)))
    order = [board.lines.index(line) for line in lines]
    return replace(board, lines=lines, wins=board.wins[order][:, order])


def markdown_of(board: Board, most: int = 10) -> list[str]:
    """The board as a table of a README: the leading measures, and what each mark means.

    Entrants made with knowledge of the generator stand below the others, whatever their skill: they
    compete with nobody. At most ``most`` rows; the names of those left out are said.
    """
    board = honest_first(board)
    rows = [
        (
            *(
                "fitter",
                f"skill, {CALLED[board.by]}",
                "skill, ROAS",
                "total media, points of sales",
            ),
            *("90% intervals hold", "wrong with green checks", "finished"),
        ),
        ("---",) * 7,
    ]
    for line in board.lines[:most]:
        beside = line.beside
        hold, silent = (_percent(beside[name]) for name in ("coverage_90", "silent_failure"))
        name = f"`{line.entry.name}`{name_of(line).removeprefix(line.entry.name)}"
        total, finished = _points(beside["total_error"]), f"{line.finished} of {len(board.tasks)}"
        rows.append(
            (
                *(name, interval(line.skill[board.by]), interval(line.skill["roas_crps"])),
                *(total, hold, silent, finished),
            )
        )
    left = [f"`{line.entry.name}`" for line in board.lines[most:]]
    return [
        *("| " + " | ".join(row) + " |" for row in rows),
        *(["", f"Further down: {', '.join(left)}."] if left else []),
        "",
        *(f"- {each}." for each in _notes_in_brief(board)),
    ]


def _notes_in_brief(board: Board) -> list[str]:
    how, _, *marks = notes(board)
    return [f"{how}; a task that failed or was not run counts with {BASELINE}'s error", *marks]


def _points(estimate: Estimate) -> str:
    """A share of sales as points of sales."""
    return interval(Estimate(*(100 * value for value in astuple(estimate))), 0)


def _percent(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "–"
    low, high = number(100 * estimate.low, 0), number(100 * estimate.high, 0)
    return f"{number(100 * estimate.value, 0)}% [{low}, {high}]"


def _other_skills(board: Board) -> list[tuple[str, ...]]:
    head = ("SKILL IN", *(CALLED[name] for name in ERRORS), "exact reference's error / own")
    return [
        head,
        *(
            (
                name_of(line),
                *(interval(line.skill[name]) for name in ERRORS),
                interval(line.against_reference),
            )
            for line in board.lines
        ),
    ]


def _beside(board: Board) -> list[tuple[str, ...]]:
    head = (
        *("FITTER", "total error, points of sales", "order of channels", "90% holds"),
        *("silent failures", "gain kept", "holdout error", "checks failed", "seconds", "MB"),
    )
    rows = []
    for line in board.lines:
        beside = line.beside
        rows.append(
            (
                name_of(line),
                _points(beside["total_error"]),
                interval(beside["order"]),
                interval(beside["coverage_90"]),
                interval(beside["silent_failure"]),
                interval(beside["gain_share"]),
                interval(beside["holdout_error"]),
                str(line.failed_checks),
                number(line.seconds, 1),
                number(line.memory_mb, 0),
            )
        )
    return [head, *rows]


def _cells(board: Board) -> list[tuple[str, ...]]:
    cells = list(dict.fromkeys(task.cell for task in board.tasks))
    body = [(name_of(line), *(number(line.cells[cell]) for cell in cells)) for line in board.lines]
    return [("FITTER", *cells), *body]


def _wins(board: Board) -> list[tuple[str, ...]]:
    names = [line.entry.name for line in board.lines]
    body = []
    for i, line in enumerate(board.lines):
        own = ["" if i == k else number(board.wins[i, k]) for k in range(len(names))]
        body.append((name_of(line), *own))
    return [("", *names), *body]


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def write_csv(board: Board, directory: Path) -> list[Path]:
    """Write standings, cells and wins of a pool as CSV; return the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    cells = list(dict.fromkeys(task.cell for task in board.tasks))
    names = [line.entry.name for line in board.lines]
    tables: dict[str, Iterable[Sequence[object]]] = {
        "standings": [_standing_head(board), *(_standing(board, line) for line in board.lines)],
        "cells": [
            ("fitter", *cells),
            *((line.entry.name, *(_cell(line.cells[c]) for c in cells)) for line in board.lines),
        ],
        "wins": [
            ("fitter", *names),
            *(
                (name, *(f"{x:.4f}" for x in row))
                for name, row in zip(names, board.wins, strict=True)
            ),
        ],
    }
    paths = []
    for kind, rows in tables.items():
        path = directory / f"{board.pool}_{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        paths.append(path)
    return paths


def _estimates(line: Line) -> dict[str, Estimate]:
    return {
        **{f"skill_{name}": estimate for name, estimate in line.skill.items()},
        "skill_if_finished": line.skill_finished,
        "mean_rank": line.rank,
        "win_rate": line.win_rate,
        "reference_over_own": line.against_reference,
        **line.beside,
    }


def _standing_head(board: Board) -> list[str]:
    head = ["fitter", "pool", "by", "knows", "finished", "failed", "not_run", "checks_failed"]
    if board.lines:
        for name in _estimates(board.lines[0]):
            head += [name, f"{name}_low", f"{name}_high"]
    return [*head, "seconds", "memory_mb"]


def _standing(board: Board, line: Line) -> list[object]:
    row: list[object] = [line.entry.name, line.entry.pool, board.by, line.entry.knows or ""]
    row += [line.finished, line.failed, line.not_run, line.failed_checks]
    for estimate in _estimates(line).values():
        row += [_cell(estimate.value), _cell(estimate.low), _cell(estimate.high)]
    return [*row, _cell(line.seconds), _cell(line.memory_mb)]


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"
