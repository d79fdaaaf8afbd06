"""What an answer lets a reader know of itself, without any truth: trust, check, or do not use.

Three things are looked at. *By its own draws*, how likely is the answer to be wrong as the suite
counts it? If the draws are right, any of them may be the truth, so each is taken as the truth in
turn. *Do its predictions hold the sales that were seen?* Draws whose 90% intervals hold much fewer
weeks than that are of another company. *Is the company one that was trained for?* The first says
only how sure an answer is, the others whether its sureness means anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.floating]

#: A fit is wrong when the ROAS error of half its channels passes the first, or of any the second.
MEDIAN_ERROR: Final = 0.25
WORST_ERROR: Final = 0.50
#: An answer that is more likely wrong than right by its own draws is to be checked.
MOST_CHANCE: Final = 0.5
#: Share of the weeks that 90% predictive intervals must hold of the sales they were fitted to.
LEAST_HELD: Final = 0.75
TRUST, CHECK, DO_NOT_USE = range(3)
#: What each is called, and how its sentence begins.
NAMES: Final = ("trust", "check", "do not use")
BEGINS: Final = ("trust: ", "check with ", "do not use: ")
#: With what an answer that is quick is to be checked.
BY_EXACT: Final = "exact, or test"


@dataclass(frozen=True)
class SelfCheck:
    """How far an answer may be believed.

    Attributes
    ----------
    level
        ``TRUST``, ``CHECK`` or ``DO_NOT_USE``.
    sentence
        What a reader is told.
    chance_wrong
        By the answer's own draws.
    held
        Share of weeks inside the 90% predictive intervals.
    """

    level: int
    sentence: str
    chance_wrong: float
    held: float


def self_check(
    roas: Array,
    sales: Array,
    seen: Array,
    outside: Sequence[str] = (),
    refused: str = "",
    doubt: str = "",
    remedy: str = BY_EXACT,
    most_chance: float = MOST_CHANCE,
) -> SelfCheck:
    """Judge one answer.

    Parameters
    ----------
    roas
        (draw, channel).
    sales
        (draw, geo, date) predictive draws, noise included.
    seen
        (geo, date) the sales that were fitted.
    outside
        Why the data are not such as the answer was made for.
    refused
        The sentence where the answer is not where its own model has its mass; overrules all else.
    doubt
        Why it may not be the posterior that it means to be; none where that was checked.
    remedy
        With what a reader is to check.
    most_chance
        The chance of being wrong by its own draws from which an answer is to be checked: lower
        where draws are known to be surer than the model deserves.
    """
    chance, held = chance_wrong(roas), share_held(sales, seen)
    if refused:
        return SelfCheck(DO_NOT_USE, refused, chance, held)
    if outside:
        return SelfCheck(DO_NOT_USE, f"{BEGINS[DO_NOT_USE]}{outside[0]}", chance, held)
    if held < LEAST_HELD:
        said = f"{BEGINS[DO_NOT_USE]}90% intervals hold {held:.0%} of the weeks it was fitted to"
        return SelfCheck(DO_NOT_USE, said, chance, held)
    if doubt:
        return SelfCheck(CHECK, f"{BEGINS[CHECK]}{remedy}: {doubt}", chance, held)
    if chance > most_chance:
        said = (
            f"{BEGINS[CHECK]}{remedy}: by its own draws some ROAS is off by half, or half of "
            f"them by a quarter, with a chance of {chance:.0%}"
        )
        return SelfCheck(CHECK, said, chance, held)
    said = f"{BEGINS[TRUST]}by its own draws it is wrong with a chance of {chance:.0%} only"
    return SelfCheck(TRUST, said, chance, held)


def chance_wrong(roas: Array) -> float:
    """Share of the draws (draw, channel) that would make their own mean a wrong answer."""
    mean = roas.mean(axis=0)
    error = np.abs(mean - roas) / np.maximum(np.abs(roas), 1e-12)
    wrong = (np.median(error, axis=1) > MEDIAN_ERROR) | (error.max(axis=1) > WORST_ERROR)
    return float(wrong.mean())


def share_held(sales: Array, seen: Array) -> float:
    """Share of ``seen`` (geo, date) inside central 90% intervals of ``sales`` (draw, geo, date)."""
    low, high = np.quantile(sales, (0.05, 0.95), axis=0)
    return float(((low <= seen) & (seen <= high)).mean())
