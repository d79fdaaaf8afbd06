"""Skill, ranks and wins of entrants over tasks, with intervals.

All are functions of ``error`` (entrant, task): lower is better, NaN where an entrant has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A ratio of errors counts within these, so that no single task decides.
CLIP = (0.01, 100.0)
RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A number and its 95% interval."""

    value: float
    low: float
    high: float


def imputed(error: Array, baseline: Array) -> Array:
    """Give an entrant the baseline's error where it has none."""
    return np.where(np.isnan(error), baseline, error)


def log_ratio(error: Array, baseline: Array) -> Array:
    """Log of error over the baseline's, clipped; two errors of zero are equal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((error == 0) & (baseline == 0), 1.0, error / baseline)
    return np.where(np.isnan(error), np.nan, np.log(np.clip(ratio, *CLIP)))


def skill(log: Array, weight: Array) -> Array:
    """``1 - geometric mean of the ratios``, for each row of weights (resample, task).

    Tasks without a ratio are left out; without any, NaN.
    """
    there = ~np.isnan(log)
    total = weight @ there
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - np.exp(weight @ np.where(there, log, 0.0) / total)


def ranks(error: Array) -> Array:
    """Rank of each entrant on each task (entrant, task), 1 is best, ties share their mean."""
    below = (error[None] < error[:, None]).sum(1)
    equal = (error[None] == error[:, None]).sum(1)
    return 1 + below + (equal - 1) / 2


def wins(error: Array) -> Array:
    """Whether the first beat the second (entrant, entrant, task); a tie is one half."""
    first, second = error[:, None], error[None]
    return (first < second) + 0.5 * (first == second)


def resamples(cells: Sequence[str], n: int = RESAMPLES, seed: int = 0) -> Array:
    """How often each task counts in each resample (n, task).

    Worlds are drawn again within their cell. Where some cell holds a single world that says
    nothing of luck, and tasks are drawn again over all cells instead.
    """
    rng = np.random.default_rng(seed)
    labels = np.array(cells)
    groups = [np.flatnonzero(labels == cell) for cell in dict.fromkeys(cells)]
    if min(map(len, groups)) < 2:
        groups = [np.arange(len(labels))]
    weight = np.zeros((n, len(labels)))
    rows = np.arange(n)[:, None]
    for places in groups:
        drawn = places[rng.integers(len(places), size=(n, len(places)))]
        np.add.at(weight, (rows, drawn), 1.0)
    return weight


def within_cells(cells: Sequence[str]) -> bool:
    """Whether every cell holds two worlds or more, so that worlds are drawn within cells."""
    return min(cells.count(cell) for cell in set(cells)) >= 2


def estimate(at: float, draws: Array) -> Estimate:
    """A value with the central interval of its resamples; NaN where there is none."""
    draws = draws[~np.isnan(draws)]
    if not len(draws) or np.isnan(at):
        return Estimate(at, np.nan, np.nan)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Estimate(float(at), float(low), float(high))


def mean_of(values: Array, weight: Array) -> Estimate:
    """Mean over tasks (task,) and its interval; tasks without a value are left out."""
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    if not there.any():
        return Estimate(np.nan, np.nan, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = weight @ filled / (weight @ there)
    return estimate(float(values[there].mean()), draws)


def skill_of(log: Array, weight: Array) -> Estimate:
    """Skill over tasks and its interval."""
    return estimate(float(skill(log, np.ones((1, len(log))))[0]), skill(log, weight))
