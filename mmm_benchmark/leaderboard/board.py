"""The leaderboard as numbers: every entrant of a pool on the tasks of an edition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm_benchmark.errors import UserError, unknown
from mmm_benchmark.leaderboard import standing
from mmm_benchmark.leaderboard.entry import POOLS, Entry
from mmm_benchmark.leaderboard.standing import Array, Estimate
from mmm_benchmark.suite.tasks import Task

BASELINE = "scipy"
#: Errors that skill is taken of: lower is better. ``regret`` is 1 - ``gain_share``, at least 0.01.
ERRORS = ("energy_score", "roas_crps", "total_crps", "regret")
#: A plan that keeps more than 99% of the best gain counts as keeping 99%: else tasks where all
#: keep nearly everything would decide a geometric mean.
LEAST_REGRET = 0.01
#: What stands beside skill, never inside it: means over tasks.
BESIDE = ("total_error", "order", "coverage_90", "silent_failure", "holdout_error", "gain_share")


@dataclass(frozen=True)
class Line:
    """One entrant on a board.

    Attributes
    ----------
    skill, skill_finished
        By error; a task that failed or was not run has the baseline's error in the first, and is
        left out of the second.
    cells
        Skill by cell on the board's own error, NaN where nothing finished.
    against_reference
        Geometric mean of the exact reference's error over its own, on the tasks where an exact
        reference passed its checks; 1 is as good as the data allow.
    """

    entry: Entry
    skill: dict[str, Estimate]
    skill_finished: Estimate
    rank: Estimate
    win_rate: Estimate  # over all others and tasks
    beside: dict[str, Estimate]
    cells: dict[str, float]
    against_reference: Estimate
    finished: int
    failed: int
    not_run: int
    failed_checks: int  # finished fits that did not pass their own checks
    seconds: float  # median
    memory_mb: float  # median


@dataclass(frozen=True)
class Board:
    """One pool's table. ``wins[i, j]`` is the share of tasks on which i beat j."""

    pool: str
    by: str
    tasks: tuple[Task, ...]
    lines: tuple[Line, ...]
    wins: Array
    within_cells: bool


def error_of(entry: Entry, task: str, name: str) -> float:
    """One error of one task; NaN where the entrant has none."""
    if name == "regret":
        regret = 1 - entry.value(task, "gain_share")
        return regret if math.isnan(regret) else max(regret, LEAST_REGRET)
    return entry.value(task, name)


def errors(entries: Sequence[Entry], tasks: Sequence[Task], name: str) -> Array:
    """One error of all (entrant, task)."""
    return np.array([[error_of(entry, task.name, name) for task in tasks] for entry in entries])


def board(
    entries: Sequence[Entry], tasks: Sequence[Task], pool: str = "honest", by: str = ERRORS[0]
) -> Board:
    """The entrants of a pool, best first; ranks and wins are among them alone.

    Raises
    ------
    UserError
        For a pool or an error that is not there, and when the baseline has no scores.
    """
    if pool not in POOLS:
        raise unknown("pool", pool, POOLS)
    if by not in ERRORS:
        raise unknown("error", by, ERRORS)
    baseline = next((entry for entry in entries if entry.name == BASELINE), None)
    if baseline is None:
        raise UserError(f"there are no scores of '{BASELINE}', which skill is measured against")
    chosen = [entry for entry in entries if entry.pool == pool]
    if baseline not in chosen and chosen:
        chosen.append(baseline)
    # a task that the baseline failed measures nobody
    tasks = tuple(task for task in tasks if not math.isnan(error_of(baseline, task.name, by)))
    if not tasks:
        raise UserError(f"'{BASELINE}' finished no task of this edition")
    cells = [task.cell for task in tasks]
    weight = standing.resamples(cells)
    base = {name: errors([baseline], tasks, name)[0] for name in ERRORS}
    own = {name: errors(chosen, tasks, name) for name in ERRORS}
    full = standing.imputed(own[by], base[by])
    rank, won = standing.ranks(full), standing.wins(full)
    references = [entry for entry in entries if entry.metadata.get("exact")]
    best = _reference_errors(references, tasks, by)
    lines = [
        _line(entry, i, tasks, by, own, base, weight, rank, won, best)
        for i, entry in enumerate(chosen)
    ]
    order = sorted(range(len(lines)), key=lambda i: -lines[i].skill[by].value)
    return Board(
        pool,
        by,
        tasks,
        tuple(lines[i] for i in order),
        won.mean(2)[np.ix_(order, order)] if lines else np.zeros((0, 0)),
        standing.within_cells(cells),
    )


def _reference_errors(references: Sequence[Entry], tasks: Sequence[Task], by: str) -> Array:
    """The exact reference's error on each task, NaN where none passed all its checks."""
    best = np.full(len(tasks), np.nan)
    for entry in references:
        for place, task in enumerate(tasks):
            if entry.value(task.name, "checks_failed") == 0:
                best[place] = error_of(entry, task.name, by)
    return best


def _line(
    entry: Entry,
    i: int,
    tasks: Sequence[Task],
    by: str,
    own: dict[str, Array],
    base: dict[str, Array],
    weight: Array,
    rank: Array,
    won: Array,
    best: Array,
) -> Line:
    def log(name: str, impute: bool) -> Array:
        error = own[name][i]
        filled = standing.imputed(error, base[name]) if impute else error
        return standing.log_ratio(filled, base[name])

    cells: dict[str, float] = {}
    finished_log = log(by, impute=False)
    for cell in dict.fromkeys(task.cell for task in tasks):
        at = np.array([task.cell == cell for task in tasks])
        cells[cell] = float(standing.skill(finished_log[at], np.ones((1, at.sum())))[0])
    rows = [entry.rows.get(task.name) for task in tasks]
    finished = [row for row in rows if row is not None and row.ok]
    others = [k for k in range(len(rank)) if k != i]
    beaten = won[i][others].mean(0) if others else np.full(len(tasks), np.nan)
    # 1 - skill is the geometric mean of the ratios itself
    against = standing.skill_of(standing.log_ratio(best, own[by][i]), weight)
    return Line(
        entry=entry,
        skill={name: standing.skill_of(log(name, impute=True), weight) for name in ERRORS},
        skill_finished=standing.skill_of(finished_log, weight),
        rank=standing.mean_of(rank[i], weight),
        win_rate=standing.mean_of(beaten, weight),
        beside={
            name: standing.mean_of(
                np.array([entry.value(task.name, name) for task in tasks]), weight
            )
            for name in BESIDE
        },
        cells=cells,
        against_reference=Estimate(1 - against.value, 1 - against.high, 1 - against.low),
        finished=len(finished),
        failed=sum(row is not None and not row.ok for row in rows),
        not_run=rows.count(None),
        failed_checks=sum(row.values["checks_failed"] > 0 for row in finished),
        seconds=_median([row.values["seconds"] for row in finished]),
        memory_mb=_median([row.values["memory_mb"] for row in finished]),
    )


def _median(values: Sequence[float]) -> float:
    there = [value for value in values if not math.isnan(value)]
    return float(np.median(there)) if there else math.nan
