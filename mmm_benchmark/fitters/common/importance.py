"""Independent weighted draws of a density: adaptive mixtures, and how far they may be trusted.

Draws come from a mixture of multivariate t laws, begun at modes and their curvature, and are
weighted by the density over the mixture of all proposals so far (Cornuet, Marin, Mira & Robert
2012, "Adaptive multiple importance sampling"). The mixture is then fitted to the weighted draws
(Cappé, Douc, Guillin, Marin & Robert 2008, arXiv:0710.4242). The largest weights are smoothed by a
generalised Pareto law, whose shape k says whether to believe the answer: above 0.7 not (Vehtari,
Simpson, Gelman, Yao & Gabry 2024, arXiv:1507.02646).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type LogDensity = Callable[[Array], Array]  # (draw, dimension) to (draw,)


class Proposal(Protocol):
    """What points are drawn from, and weighted by."""

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """Draw points (count, dimension)."""

    def log_density(self, z: Array) -> Array:
        """Log density, (draw,)."""

    def wider(self, by: float) -> Proposal:
        """The same, stretched."""


#: A better proposal from the one before, points so far and their weights.
type Refit = Callable[[Proposal, Array, Array], Proposal]

FREEDOM = 5.0  # of the t laws: tails heavier than a posterior's
LARGEST_K = 0.7
LEAST_ROUNDS = 3
WINDOW = 3  # last rounds whose draws count: early proposals are far from the posterior
WIDE = 0.2  # of the last draws come from the wider copy
LAST = 2
#: Times that the last round is drawn again, where weights are sound but too few.
MOST_BLOCKS = 4
#: For fitting alone, no weight is more than this over the root of the number of draws.
CUT = 1.0


@dataclass(frozen=True)
class Mixture:
    """Multivariate t laws with chances (Peel and McLachlan 2000)."""

    chance: Array  # (component,)
    centre: Array  # (component, dimension)
    factor: Array  # (component, dimension, dimension), Cholesky factors of the scale matrices

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """Draw points (count, dimension), each component as often as its chance has it."""
        dimension = self.centre.shape[1]
        times = rng.multinomial(count, self.chance)
        parts = []
        for centre, factor, n in zip(self.centre, self.factor, times, strict=True):
            normal = rng.standard_normal((n, dimension)) @ factor.T
            stretch = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, (n, 1)))
            parts.append(centre + stretch * normal)
        return np.concatenate(parts)

    def log_parts(self, z: Array) -> Array:
        """Log chance times density of each component, (draw, component)."""
        from scipy.linalg import solve_triangular
        from scipy.special import gammaln

        d = z.shape[1]
        constant = (
            gammaln((FREEDOM + d) / 2) - gammaln(FREEDOM / 2) - d / 2 * np.log(FREEDOM * np.pi)
        )
        found = np.empty((len(z), len(self.chance)))
        for k, (centre, factor) in enumerate(zip(self.centre, self.factor, strict=True)):
            away = solve_triangular(factor, (z - centre).T, lower=True)
            squared = np.sum(away**2, axis=0)
            found[:, k] = constant - np.log(np.diagonal(factor)).sum()
            found[:, k] -= (FREEDOM + d) / 2 * np.log1p(squared / FREEDOM)
        with np.errstate(divide="ignore"):
            return found + np.log(self.chance)

    def log_density(self, z: Array) -> Array:
        """Log density, (draw,)."""
        return np.logaddexp.reduce(self.log_parts(z), axis=1)

    def wider(self, by: float) -> Mixture:
        """The same with every component stretched."""
        return replace(self, factor=by * self.factor)


@dataclass(frozen=True)
class Defended:
    """A proposal and, one time in five, a wider copy of it (Hesterberg 1995)."""

    own: Proposal
    wide: Proposal

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """Draw points (count, dimension)."""
        wide = rng.binomial(count, WIDE)
        drawn = [self.own.draw(rng, count - wide), self.wide.draw(rng, wide)]
        return np.concatenate(drawn)[rng.permutation(count)]

    def log_density(self, z: Array) -> Array:
        """Log density, (draw,)."""
        own = np.log(1 - WIDE) + self.own.log_density(z)
        return np.logaddexp(own, np.log(WIDE) + self.wide.log_density(z))


class Weighted(NamedTuple):
    """Draws and what they count for."""

    z: Array  # (draw, dimension)
    log_weight: Array  # (draw,), smoothed, summing to one
    k_hat: float
    ess: float  # of the smoothed weights (Kong 1992)
    proposal: Proposal

    def resampled(self, rng: np.random.Generator, count: int) -> Array:
        """Draw ``count`` points by their weights, evenly (Kitagawa 1996), in random order."""
        total = np.cumsum(np.exp(self.log_weight))
        at = (rng.random() + np.arange(count)) / count * total[-1]
        chosen = np.minimum(np.searchsorted(total, at), len(total) - 1)
        return self.z[rng.permutation(chosen)]


def from_modes(centres: list[Array], covariances: list[Array], heights: list[float]) -> Mixture:
    """One component for each mode, chances by the volume under it (Laplace)."""
    factors = [np.linalg.cholesky(each) for each in covariances]
    log_mass = np.array(heights) + [np.log(np.diagonal(f)).sum() for f in factors]
    chance = np.exp(log_mass - log_mass.max())
    chance = np.maximum(chance / chance.sum(), 0.02)
    return Mixture(chance / chance.sum(), np.stack(centres), np.stack(factors))


def smoothed(log_ratio: Array) -> tuple[Array, float]:
    """Pareto-smoothed log weights that sum to one, and k-hat."""
    from arviz_stats.base import array_stats

    log_ratio = np.where(np.isfinite(log_ratio), log_ratio, -np.inf)
    least = np.min(log_ratio[np.isfinite(log_ratio)], initial=np.inf)
    if not np.isfinite(least):
        return np.full(len(log_ratio), -np.log(len(log_ratio))), np.inf
    filled = np.maximum(log_ratio, min(least, log_ratio.max() - 700.0))
    log_weight, k_hat = array_stats.psislw(-filled)
    k = float(k_hat)
    return np.asarray(log_weight), (k if np.isfinite(k) else np.inf)


def sample(
    log_density: LogDensity,
    first: Mixture,
    rng: np.random.Generator,
    count: int,
    rounds: int,
    least_ess: float,
    refit: Refit | None = None,
) -> Weighted:
    """Adapt a mixture for some rounds, then weigh fresh draws of it.

    The answer and its k-hat come from draws that the mixture was not fitted to: judged on those it
    was fitted to, a proposal that misses a tail looks good (a bent normal in three dimensions:
    means off by five of their errors at k-hat 0.5).

    Parameters
    ----------
    log_density
        Of a batch of points, up to a constant.
    first
        What to propose from at the start.
    count
        Draws of a round; the last has :data:`LAST` times as many.
    rounds
        Of adaptation, at most; fewer once weights are trustworthy.
    least_ess
        Effective draws that the last round should give.
    refit
        How a proposal is made better; None: :func:`refitted`, mixtures of t laws.
    """
    proposals: list[Proposal] = [first]
    batches: list[tuple[Array, Array]] = []
    for done in range(1, rounds + 1):
        fresh = proposals[-1].draw(rng, count)
        batches = [*batches, (fresh, log_density(fresh))][-WINDOW:]
        points, heights = (np.concatenate(each) for each in zip(*batches, strict=True))
        each = [proposal.log_density(points) for proposal in proposals[-len(batches) :]]
        weight, k_hat, ess = _weighed(heights - np.logaddexp.reduce(each, axis=0))
        proposals.append((refit or _mixture_of_t)(proposals[-1], points, weight))
        if k_hat < LARGEST_K and done >= LEAST_ROUNDS and ess > len(points) / 10:
            break
    return weighed(log_density, proposals[-1], rng, LAST * count, least_ess)


def weighed(
    log_density: LogDensity,
    proposal: Proposal,
    rng: np.random.Generator,
    count: int,
    least_ess: float,
) -> Weighted:
    """Weigh fresh draws of a proposal, ``count`` at a time until enough are effective.

    A fifth of them comes from a wider copy.
    """
    safe = defensive(proposal, proposal.draw(rng, 1).shape[1])
    points, heights = np.empty((0, 0)), np.empty(0)
    for _ in range(MOST_BLOCKS):
        fresh = safe.draw(rng, count)
        points = np.concatenate([points, fresh]) if points.size else fresh
        heights = np.concatenate([heights, log_density(fresh)])
        weight, k_hat, ess = _weighed(heights - safe.log_density(points))
        if k_hat > LARGEST_K or ess >= least_ess:
            break
    return Weighted(points, np.log(np.maximum(weight, 1e-300)), k_hat, ess, proposal)


def defensive(proposal: Proposal, dimension: int) -> Defended:
    """The proposal and, one time in five, a wider copy of it."""
    return Defended(proposal, proposal.wider(1 + 3 / np.sqrt(dimension)))


def bent(before: Proposal, z: Array, weight: Array) -> Proposal:
    """A triangular law fitted to draws whose weights are flattened as far as few demand.

    Flattened weights are those of a target between the proposals and the posterior (Koblents and
    Míguez 2015, doi:10.1007/s11222-013-9440-2), which the next round nears from closer by.
    """
    from mmm_benchmark.fitters.common import triangular

    return triangular.fitted(z, flattened(weight, max(len(z) / 8, 5.0 * z.shape[1])))


def flattened(weight: Array, least_ess: float) -> Array:
    """``weight`` to the largest power, at most one, that leaves so many effective draws."""
    log_weight = np.log(np.maximum(weight, 1e-300))

    def raised(power: float) -> Array:
        found = np.exp(power * (log_weight - log_weight.max()))
        return np.asarray(found / found.sum())

    low, high = 0.0, 1.0
    if 1 / np.sum(raised(1.0) ** 2) >= least_ess:
        return raised(1.0)
    for _ in range(40):
        power = (low + high) / 2
        enough = 1 / np.sum(raised(power) ** 2) >= least_ess
        low, high = (power, high) if enough else (low, power)
    return raised(low)


def _weighed(log_ratio: Array) -> tuple[Array, float, float]:
    """Smoothed weights that sum to one, their k-hat and effective number."""
    log_weight, k_hat = smoothed(log_ratio)
    weight = np.exp(log_weight - np.logaddexp.reduce(log_weight))
    return weight, k_hat, float(1 / np.sum(weight**2))


def _mixture_of_t(before: Proposal, z: Array, weight: Array) -> Proposal:
    assert isinstance(before, Mixture)
    return refitted(before, z, weight)


def refitted(mixture: Mixture, z: Array, weight: Array, components: int = 8) -> Mixture:
    """The mixture after steps of expectation and maximisation on weighted draws.

    Weights are cut first, so that no draw stands for more than its share, and each scale matrix
    is shrunk towards that of all draws as far as few draws demand, and widened a little.
    """
    count, d = z.shape
    wider = 1 + 0.25 / np.sqrt(d)
    weight = np.minimum(weight, CUT / np.sqrt(count))
    weight = weight / weight.sum()
    ess = 1 / np.sum(weight**2)
    mean = weight @ z
    spread = (z - mean).T @ ((z - mean) * weight[:, None])
    prior = min(0.9, d / ess)
    # few effective draws: keep the shape of what was proposed, by the parallel axis theorem
    before = np.einsum("k,kij,klj->il", mixture.chance, mixture.factor, mixture.factor)
    overall = (1 - prior) * spread + prior * before
    most = int(np.clip(ess / (5 * d), 1, components))
    if most == 1:
        return Mixture(np.ones(1), mean[None], wider * _factors(overall[None]))
    found = _split(mean, overall, most)
    for _ in range(10):
        log_parts = found.log_parts(z)
        share = np.exp(log_parts - np.logaddexp.reduce(log_parts, axis=1, keepdims=True))
        share *= weight[:, None]
        chance = share.sum(axis=0)
        keep = chance > 0.02
        share, chance = share[:, keep], chance[keep]
        centre = (share.T @ z) / chance[:, None]
        scale = np.empty((len(chance), d, d))
        for k in range(len(chance)):
            away = z - centre[k]
            scale[k] = away.T @ (away * share[:, k : k + 1]) / chance[k]
            own = chance[k] ** 2 / np.sum(share[:, k] ** 2)
            thin = min(0.9, d / own)
            scale[k] = (1 - thin) * scale[k] + thin * overall
        found = Mixture(chance / chance.sum(), centre, _factors(scale))
    return Mixture(found.chance, found.centre, wider * found.factor)


def _split(mean: Array, spread: Array, count: int) -> Mixture:
    """Components side by side along the longest axis."""
    values, vectors = np.linalg.eigh(spread)
    along = np.sqrt(values[-1]) * vectors[:, -1]
    at = np.linspace(-1, 1, count)
    factors = np.repeat(_factors(spread[None]), count, axis=0)
    return Mixture(np.full(count, 1 / count), mean + at[:, None] * along, factors)


def _factors(scales: Array) -> Array:
    eye = np.eye(scales.shape[-1])
    size = np.trace(scales, axis1=-2, axis2=-1)[:, None, None] / len(eye)
    return np.linalg.cholesky(scales + 1e-9 * size * eye)
