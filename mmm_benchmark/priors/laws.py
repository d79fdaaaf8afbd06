"""Laws of one positive number, as JSON says them. Standard library only: checked before any fit.

    1.0                                   known exactly
    [0.4, 0.1]                            normal, an observation and its standard error (as beliefs)
    {"normal": [0.8, 0.8], "above": 0.1, "below": 10}
    {"lognormal": [0.2, 0.9]}             mean and standard deviation of the logarithm
    {"half_normal": 1.5}   {"uniform": [0.5, 3]}   {"beta": [1, 2]}
    {"mixture": [[0.3, LAW], [0.7, LAW]]} chances and laws

``of`` names what a half-saturation is a multiple of; ``shift`` is added to what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mmm_benchmark.errors import UserError, unknown

#: Kinds of laws, and what their two numbers are.
KINDS: Final = {
    "fixed": ("value",),
    "normal": ("mean", "standard deviation"),
    "lognormal": ("mean of the log", "standard deviation of the log"),
    "half_normal": ("scale",),
    "uniform": ("least", "most"),
    "beta": ("alpha", "beta"),
}
#: What a half-saturation may be a multiple of: figures of a channel's weekly spend.
UNITS: Final = ("mean", "mean_active", "median_active", "max")


@dataclass(frozen=True)
class Law:
    """The law of one number.

    Attributes
    ----------
    kind
        A key of :data:`KINDS`, or ``"mixture"``.
    numbers
        As :data:`KINDS` names them.
    above, below
        Cut to between these.
    of
        One of :data:`UNITS`, for a half-saturation.
    shift
        Added to what is drawn (before nothing else: bounds are those of what is drawn).
    parts
        Chances and laws of a mixture.
    """

    kind: str
    numbers: tuple[float, ...] = ()
    above: float = -math.inf
    below: float = math.inf
    of: str = "mean"
    shift: float = 0.0
    parts: tuple[tuple[float, Law], ...] = ()


def fixed(value: float) -> Law:
    """A number that is known."""
    return Law("fixed", (value,))


def normal(mean: float, sd: float, above: float = -math.inf, below: float = math.inf) -> Law:
    """Normal, cut to between two bounds."""
    return Law("normal", (mean, sd), above, below)


def lognormal(mean: float, sd: float) -> Law:
    """Exponential of a normal."""
    return Law("lognormal", (mean, sd))


def uniform(least: float, most: float) -> Law:
    """Equally likely between two bounds."""
    return Law("uniform", (least, most))


def mixture(*parts: tuple[float, Law]) -> Law:
    """One of several laws, with given chances."""
    return Law("mixture", parts=parts)


def read_law(where: str, given: Any, least: float, most: float) -> Law:
    """The law that JSON says, of a number between ``least`` and ``most``.

    Raises
    ------
    UserError
        Naming ``where``, what is wrong and what would be right.
    """
    if isinstance(given, Mapping):
        return _read_named(where, given, least, most)
    if isinstance(given, Sequence) and not isinstance(given, str):
        value, error = _numbers(where, given, 2, "a value and its standard error")
        law = normal(value, error, least, most)
    else:
        (value,) = _numbers(where, [given], 1, "a number, a pair or a law such as {'uniform': ..}")
        law = fixed(value)
    return _possible(where, law, least, most)


def _read_named(where: str, given: Mapping[str, Any], least: float, most: float) -> Law:
    extras = {"above", "below", "of", "shift"}
    kinds = [name for name in given if name not in extras]
    if len(kinds) != 1:
        listed = ", ".join((*KINDS, "mixture"))
        raise UserError(f"{where}: must name one law; there are: {listed}")
    kind = kinds[0]
    if kind not in (*KINDS, "mixture"):
        raise unknown(f"law of {where}", kind, (*KINDS, "mixture"))
    of = given.get("of", "mean")
    if of not in UNITS:
        raise unknown(f"unit of {where}", str(of), UNITS)
    if kind == "mixture":
        return replace(_read_mixture(where, given["mixture"], least, most), of=of)
    wanted = KINDS[kind]
    told = given[kind] if isinstance(given[kind], list | tuple) else [given[kind]]
    numbers = _numbers(f"{where}: {kind}", told, len(wanted), " and ".join(wanted))
    (shift,) = _numbers(f"{where}: shift", [given.get("shift", 0.0)], 1, "a number")
    above, below = least - shift, most - shift
    if "above" in given:
        above = max(above, _numbers(f"{where}: above", [given["above"]], 1, "a number")[0])
    if "below" in given:
        below = min(below, _numbers(f"{where}: below", [given["below"]], 1, "a number")[0])
    return _possible(where, Law(kind, numbers, above, below, of, shift), least, most)


def _read_mixture(where: str, given: Any, least: float, most: float) -> Law:
    wrong = UserError(f"{where}: a mixture is a list of pairs, each a chance and a law")
    if not isinstance(given, list | tuple) or not given:
        raise wrong
    parts = []
    for each in given:
        if not isinstance(each, list | tuple) or len(each) != 2:
            raise wrong
        (chance,) = _numbers(f"{where}: chance", [each[0]], 1, "a number above 0")
        if chance <= 0:
            raise UserError(f"{where}: chance = {chance}; must be a number above 0")
        parts.append((chance, read_law(where, each[1], least, most)))
    total = sum(chance for chance, _ in parts)
    return mixture(*((chance / total, law) for chance, law in parts))


def _numbers(where: str, given: Any, count: int, wanted: str) -> tuple[float, ...]:
    try:
        if any(isinstance(each, bool | str) for each in given):
            raise TypeError
        values = tuple(float(each) for each in given)
    except (TypeError, ValueError):
        values = ()
    if len(values) != count or not all(math.isfinite(value) for value in values):
        shown = given[0] if len(given) == 1 else list(given)
        raise UserError(f"{where} = {shown!r}; must be {wanted}")
    return values


def _possible(where: str, law: Law, least: float, most: float) -> Law:
    """``law``, whose numbers make one that lies between the bounds."""
    numbers, kind = law.numbers, law.kind
    if kind == "fixed" and not least < numbers[0] < most:
        raise UserError(f"{where} = {numbers[0]}; must lie between {least:g} and {most:g}")
    if kind in ("normal", "lognormal") and not numbers[1] > 0:
        raise UserError(f"{where}: standard deviation = {numbers[1]}; must be above 0")
    if kind == "half_normal" and not numbers[0] > 0:
        raise UserError(f"{where}: scale = {numbers[0]}; must be above 0")
    if kind == "beta" and not (min(numbers) > 0 and most <= 1):
        raise UserError(f"{where}: beta {list(numbers)} is for numbers in 0 to 1, alpha, beta > 0")
    if kind == "uniform" and not least <= numbers[0] + law.shift < numbers[1] + law.shift <= most:
        raise UserError(
            f"{where}: uniform {list(numbers)}; must rise, between {least:g} and {most:g}"
        )
    if not law.above < law.below:
        raise UserError(f"{where}: above {law.above:g} must be less than below {law.below:g}")
    return law
