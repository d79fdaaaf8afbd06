"""A proposal that bends: each coordinate given those before it, one after another.

    u_i | u_<i  =  mean(u_<i) + exp(spread(u_<i)) r_i,      r_i from a mixture of three t laws

The mean is linear in all coordinates before it and quadratic in the few that matter most, the
spread linear in these; the laws of r_i have skew. Multivariate t laws have none of that, and a
mixture of them cannot: of eight channels whose curves each bend in their own way there are as many
combinations as the product of all. Such a map is triangular (Knothe 1957; Marzouk, Moselhy, Parno
& Spantini 2016, arXiv:1602.05023), so its density is known and each part is a weighted regression.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

BEND = 3  # coordinates in which a conditional may be quadratic
EDGE = 3.0  # standard deviations beyond which it bends no further
PARTS = 3  # t laws of a residual
FREEDOM = 6.0  # of these
STEPS = 12  # of expectation and maximisation
#: Ridge penalties in effective draws: of slopes, of bends and spreads.
LINEAR, BENT = 1.0, 8.0
WIDEST = 1.0  # of a log spread, either way


class Conditional(NamedTuple):
    """The law of one coordinate given those before it."""

    slope: Array  # (earlier,)
    near: NDArray[np.intp]  # (few,) those that it bends in
    bend: Array  # (products of few,)
    shift: float
    spread: Array  # (few,)
    chance: Array  # (part,)
    middle: Array  # (part,)
    width: Array  # (part,)

    def moments(self, before: Array) -> tuple[Array, Array]:
        """Mean and log spread given the coordinates before it (draw, earlier)."""
        few = np.clip(before[:, self.near], -EDGE, EDGE)
        mean = self.shift + before @ self.slope + products(few) @ self.bend
        return mean, np.clip(few @ self.spread, -WIDEST, WIDEST)


@dataclass(frozen=True)
class Triangular:
    """The whole law; ``wide`` stretches every residual."""

    centre: Array  # (dimension,)
    scale: Array  # (dimension,)
    laws: tuple[Conditional, ...]
    wide: float = 1.0

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """Draw points (count, dimension)."""
        u = np.empty((count, len(self.laws)))
        for i, law in enumerate(self.laws):
            mean, spread = law.moments(u[:, :i])
            part = rng.choice(len(law.chance), count, p=law.chance)
            r = law.middle[part] + self.wide * law.width[part] * rng.standard_t(FREEDOM, count)
            u[:, i] = mean + np.exp(spread) * r
        return self.centre + self.scale * u

    def log_density(self, z: Array) -> Array:
        """Log density, (draw,)."""
        u = (z - self.centre) / self.scale
        total = np.full(len(z), -np.log(self.scale).sum())
        for i, law in enumerate(self.laws):
            mean, spread = law.moments(u[:, :i])
            r = (u[:, i] - mean) * np.exp(-spread)
            total += _log_mixture(r, law.chance, law.middle, self.wide * law.width) - spread
        return total

    def wider(self, by: float) -> Triangular:
        """The same with every residual stretched."""
        return replace(self, wide=self.wide * by)


def products(few: Array) -> Array:
    """Columns and their products in pairs, squares among them, (draw, term)."""
    pairs = combinations_with_replacement(range(few.shape[1]), 2)
    return np.concatenate([few, *(few[:, [i]] * few[:, [j]] for i, j in pairs)], axis=1)


def fitted(z: Array, weight: Array) -> Triangular:
    """The law nearest to weighted draws (draw, dimension)."""
    weight = weight / weight.sum()
    ess = 1 / np.sum(weight**2)
    centre = weight @ z
    scale = np.sqrt(np.maximum(weight @ (z - centre) ** 2, 1e-12))
    u = (z - centre) / scale
    gram = u.T @ (u * (ess * weight)[:, None])
    laws = []
    for i in range(u.shape[1]):
        slope = np.asarray(np.linalg.solve(gram[:i, :i] + LINEAR * np.eye(i), gram[:i, i]), float)
        laws.append(_conditional(u[:, :i], u[:, i], slope, weight, ess))
    return Triangular(centre, scale, tuple(laws))


def _conditional(before: Array, own: Array, slope: Array, weight: Array, ess: float) -> Conditional:
    """What a linear regression on the coordinates before it leaves: bends, spread, skew."""
    residual = own - before @ slope
    near = _nearest(before, residual, weight)
    few = np.clip(before[:, near], -EDGE, EDGE)
    terms = products(few)
    shift, bend = _ridge(terms, residual, weight, ess)
    residual = residual - shift - terms @ bend
    _, spread = _ridge(few, np.log(np.abs(residual) + 1e-3), weight, ess)
    r = residual * np.exp(-np.clip(few @ spread, -WIDEST, WIDEST))
    return Conditional(slope, near, bend, shift, spread, *_mixture(r, weight, ess))


def _ridge(X: Array, y: Array, weight: Array, ess: float) -> tuple[float, Array]:
    """Intercept and coefficients of ``y`` on ``X``."""
    X = np.concatenate([np.ones((len(X), 1)), X], axis=1)
    weighted = X * (ess * weight)[:, None]
    penalty = np.full(X.shape[1], BENT)
    penalty[0] = 1e-9
    found = np.asarray(np.linalg.solve(X.T @ weighted + np.diag(penalty), weighted.T @ y), float)
    return float(found[0]), found[1:]


def _nearest(before: Array, residual: Array, weight: Array) -> NDArray[np.intp]:
    """Coordinates of which the residual's mean or size still depends most."""
    if before.shape[1] == 0:
        return np.empty(0, np.intp)
    squared = before**2 - 1
    ties = np.abs((residual * weight) @ squared)
    ties += np.abs((residual**2 * weight) @ before)
    return np.sort(np.argsort(-ties)[:BEND])


def _log_mixture(r: Array, chance: Array, middle: Array, width: Array) -> Array:
    from scipy.special import gammaln

    constant = gammaln((FREEDOM + 1) / 2) - gammaln(FREEDOM / 2) - 0.5 * np.log(FREEDOM * np.pi)
    away = ((r[:, None] - middle) / width) ** 2
    parts = np.log(chance / width) + constant - (FREEDOM + 1) / 2 * np.log1p(away / FREEDOM)
    return np.logaddexp.reduce(parts, axis=1)


def _mixture(r: Array, weight: Array, ess: float) -> tuple[Array, Array, Array]:
    """Chances, middles and widths of t laws on a line (Peel and McLachlan 2000)."""
    mean = float(weight @ r)
    sd = max(float(weight @ (r - mean) ** 2) ** 0.5, 1e-6)
    parts = PARTS if ess > 100 else 1
    chance = np.full(parts, 1 / parts)
    middle = mean + sd * np.linspace(-0.8, 0.8, parts) if parts > 1 else np.array([mean])
    width = np.full(parts, 0.7 * sd)
    prior = 10 / ess  # in shares of all draws: keeps a part of few draws from shrinking
    for _ in range(STEPS):
        away = ((r[:, None] - middle) / width) ** 2
        log_part = np.log(chance / width) - (FREEDOM + 1) / 2 * np.log1p(away / FREEDOM)
        share = np.exp(log_part - np.logaddexp.reduce(log_part, axis=1, keepdims=True))
        share *= weight[:, None]
        pull = share * (FREEDOM + 1) / (FREEDOM + away)
        chance = (share.sum(axis=0) + prior) / (1 + parts * prior)
        middle = (pull.T @ r + prior * mean) / (pull.sum(axis=0) + prior)
        off = (r[:, None] - middle) ** 2
        width = np.sqrt(((pull * off).sum(axis=0) + prior * (0.7 * sd) ** 2)
                        / (share.sum(axis=0) + prior))  # fmt: skip
    return chance, middle, width
