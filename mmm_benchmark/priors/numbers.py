"""Laws as numbers: quantiles, densities, and tables of them that a compiled density can read."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.priors.laws import Law

type Array = NDArray[np.float64]

#: Standard normal deviates at which quantiles are tabulated.
REACH, STEPS = 6.0, 481
BISECTIONS = 60


class Table(NamedTuple):
    """A monotone cubic between evenly spaced points (Fritsch and Carlson 1980)."""

    value: Array  # (..., STEPS)
    slope: Array  # (..., STEPS)


@lru_cache(maxsize=1024)
def _plain(law: Law) -> tuple[object, float, float]:
    """The scipy law, and the probabilities between which it is cut."""
    from scipy import stats

    a = law.numbers
    found = {
        "normal": lambda: stats.norm(a[0], a[1]),
        "lognormal": lambda: stats.lognorm(a[1], scale=np.exp(a[0])),
        "half_normal": lambda: stats.halfnorm(scale=a[0]),
        "uniform": lambda: stats.uniform(a[0], a[1] - a[0]),
        "beta": lambda: stats.beta(a[0], a[1]),
    }[law.kind]()
    return found, float(found.cdf(law.above)), float(found.cdf(law.below))


def cdf(law: Law, x: Array) -> Array:
    """Probability of at most ``x``."""
    if law.kind == "fixed":
        return (x >= law.numbers[0]).astype(float)
    if law.kind == "mixture":
        return np.sum([chance * cdf(part, x) for chance, part in law.parts], axis=0)
    found, low, high = _plain(law)
    inside = np.asarray(found.cdf(x - law.shift))  # type: ignore[attr-defined]
    return np.clip((inside - low) / (high - low), 0.0, 1.0)


def quantile(law: Law, p: Array) -> Array:
    """The value that is not exceeded with chance ``p``."""
    if law.kind == "fixed":
        return np.full(np.shape(p), law.numbers[0])
    if law.kind == "mixture":
        ends = [quantile(part, np.array([p.min(), p.max()])) for _, part in law.parts]
        low, high = np.full(p.shape, np.min(ends)), np.full(p.shape, np.max(ends))
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            over = cdf(law, middle) >= p
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return high
    found, low_p, high_p = _plain(law)
    inside = low_p + np.asarray(p) * (high_p - low_p)
    return np.asarray(found.ppf(inside)) + law.shift  # type: ignore[attr-defined]


def rescaled(law: Law, unit: dict[str, float]) -> Law:
    """The same law in other units: each part times ``unit[part.of]``."""
    if law.kind == "mixture":
        parts = tuple((chance, rescaled(part, unit)) for chance, part in law.parts)
        return replace(law, parts=parts)
    factor = unit[law.of]
    numbers = tuple(number * factor for number in law.numbers)
    if law.kind == "lognormal":
        numbers = (law.numbers[0] + np.log(factor), law.numbers[1])
    return replace(
        law,
        numbers=numbers,
        shift=law.shift * factor,
        above=law.above * factor,
        below=law.below * factor,
    )


def deviates() -> Array:
    """Standard normal deviates of a table's points."""
    return np.linspace(-REACH, REACH, STEPS)


def table(values: Array) -> Table:
    """Tabulate rising values at :func:`deviates`."""
    from scipy.interpolate import PchipInterpolator

    u = deviates()
    return Table(values, PchipInterpolator(u, values).derivative()(u))


def quantile_table(law: Law, scale: str) -> Table:
    """The ``"log"`` or ``"logit"`` of a number, as a function of a standard normal deviate."""
    return table(values(law, scale))


def values(law: Law, scale: str) -> Array:
    """The same at :func:`deviates`, (STEPS,)."""
    from scipy.special import logit, ndtr

    tiny = 1e-9
    drawn = np.maximum(quantile(law, ndtr(deviates())), tiny)
    return logit(np.minimum(drawn, 1 - tiny)) if scale == "logit" else np.log(drawn)


def draw(law: Law, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
    """Draw from a law."""
    return quantile(law, rng.uniform(1e-12, 1 - 1e-12, size))


def log_moments(law: Law, scale: str) -> tuple[float, float]:
    """Mean and standard deviation of the log or logit: the normal law nearest in moments."""
    return moments(values(law, scale))


def moments(at: Array) -> tuple[float, float]:
    """Mean and standard deviation of what has these values at :func:`deviates`."""
    nodes = deviates()
    weights = np.exp(-0.5 * nodes**2)
    weights /= weights.sum()
    mean = float(weights @ at)
    return mean, float(np.sqrt(weights @ (at - mean) ** 2))
