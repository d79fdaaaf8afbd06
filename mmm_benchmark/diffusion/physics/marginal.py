"""The posterior of levels, curves, noise and volatility with moving paths integrated out.

Where effects move, the joint mode of shares and paths is not where the posterior has its mass
(:mod:`.volume`). Here paths, baseline and controls are integrated out at each value of the few
unknowns that are left, by Laplace's approximation at the paths' own mode given them (Rue, Martino &
Chopin 2009), so that the volume of the paths counts; these few are then drawn by weights, and the
paths given them by randomised maximum likelihood as in :mod:`.posterior`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmm_benchmark.diffusion.physics import posterior
from mmm_benchmark.diffusion.physics.geos import geo_groups
from mmm_benchmark.diffusion.physics.volume import Climbed
from mmm_benchmark.diffusion.physics.wiener import (
    Point,
    Prior,
    System,
    advance,
    conditional,
    linearise,
    rest_covariance,
    with_base,
)
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import State
from mmm_benchmark.shapes.torch import PerWorld

type Array = NDArray[np.float64]

BATCH = 100
PATH_ITERATIONS = 6
MODES = 6  # cells of noise and volatility that a proposal starts from
NARROWEST = 0.3  # standard deviation of noise and volatility within a cell, at the least


class Start(NamedTuple):
    """Modes of the few unknowns with their covariances, and how high each stands."""

    centres: list[Array]
    covariances: list[Array]
    heights: list[float]


def few(observed: Observed) -> int:
    """How many levels and curve parameters there are."""
    return 4 * observed.active.shape[1]


def start(observed: Observed, climbed: Climbed) -> Start:
    """The highest cells of an evidence that was climbed, in the order of :func:`log_density`."""
    n = few(observed)
    best = torch.argsort(climbed.log_evidence, descending=True)[:MODES].tolist()
    system, prior = climbed.system, climbed.prior
    scaled = torch.linalg.solve_triangular(system.L, system.A, upper=False)
    spread = NARROWEST**2 * np.eye(2)
    found = Start([], [], [])
    for i in best:
        theta = torch.cat([climbed.point.scalar[i, :n], prior.hyper[i]])
        own = scaled[i, :, :n] * prior.variance[i, :n]
        covariance = torch.diag(prior.variance[i, :n]) - own.mT @ own
        whole = np.zeros((n + 2, n + 2))
        whole[:n, :n] = covariance.double().numpy() + 1e-4 * np.eye(n)
        whole[n:, n:] = spread
        found.centres.append(theta.double().numpy())
        found.covariances.append(1.2 * whole)
        found.heights.append(float(climbed.log_evidence[i]))
    return found


def log_density(observed: Observed, climbed: Climbed) -> Callable[[Array], Array]:
    """Of rows of levels, curves, log noise and log volatility, standardised, up to a constant.

    Paths are sought from where those of the highest cell lie.
    """
    best = int(climbed.log_evidence.argmax())
    path, base = climbed.point.path[best], climbed.point.base[best]

    def one_batch(rows: Tensor) -> PerWorld:
        n = few(observed)
        theta, hyper = rows[:, :n], rows[:, n:]
        given, point, _ = _given(observed, theta, hyper)
        point = Point(point.scalar, path.expand_as(point.path), base.expand_as(point.base))
        wide = posterior.prior_at(_copies(observed, len(rows)), hyper)
        away = (theta - wide.scalar[:, :n]).square() / wide.variance[:, :n]
        _, system = _solved(observed, given, point)
        return posterior.log_evidence(system, given) - 0.5 * away.sum(1)

    def heights(z: Array) -> Array:
        rows = torch.from_numpy(z).float()
        inside = (rows.abs() < posterior.FARTHEST).all(1)
        parts = [one_batch(part.clamp(-4, 4)) for part in rows.split(BATCH)]
        found = torch.where(inside, torch.cat(parts), -torch.inf)
        return torch.where(found.isnan(), -torch.inf, found).double().numpy()

    return heights


def draws(observed: Observed, z: Array, seed: int) -> State:
    """Whole states: paths, baseline and controls drawn given each row of ``z``."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.from_numpy(z).float().clamp(-4, 4)
    flat = [
        posterior.perturbed_draw(observed, *_given(observed, part[:, :-2], part[:, -2:]), generator)
        for part in rows.split(posterior.CHUNK)
    ]
    return observed.sizes.unflatten(torch.cat([state.flat() for state in flat]))


def _copies(observed: Observed, count: int) -> Observed:
    return observed.take(torch.zeros(count, dtype=torch.long))


def _given(observed: Observed, theta: Tensor, hyper: Tensor) -> tuple[Prior, Point, Tensor]:
    """The prior with levels and curves known, where to start, and noise and volatility."""
    n = few(observed)
    prior = posterior.prior_at(_copies(observed, len(theta)), hyper)
    scalar = torch.cat([theta, prior.scalar[:, n:]], 1)
    variance = torch.cat([torch.zeros_like(theta), prior.variance[:, n:]], 1)
    known = replace(prior, scalar=scalar, variance=variance)
    return known, Point(scalar, prior.path, prior.base), hyper


def _solved(observed: Observed, given: Prior, point: Point) -> tuple[Point, System]:
    many = _copies(observed, len(given.noise))
    pool = geo_groups(*many.sales.shape[1:])
    fixed = with_base(rest_covariance(many, given, pool), given)
    for _ in range(PATH_ITERATIONS):
        system = linearise(many, given, point, fixed, pool)
        shift, _ = conditional(system, given, system.r)
        point = advance(point, given, shift)
    return point, linearise(many, given, point, fixed, pool)
