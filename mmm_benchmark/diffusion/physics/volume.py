"""Whether the solves of ``wiener`` stand where the posterior has its mass, or only its peak.

A channel's sales are its share times the exponential of a path. The joint mode of share and path
explains the swings of sales cheapest by a large share whose path hardly moves: on worlds whose
effects move it puts media at two to three times what they sell, and a mode has no spread to warn
of it. With the paths integrated out, the evidence of a share carries the volume of its paths,
``-1/2 log det S``, which that mode leaves out. Here levels and curves climb that evidence; where
it gains many nats on the solves, these stand in the wrong place.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import torch

from mmm_benchmark.diffusion.physics import posterior
from mmm_benchmark.diffusion.physics.geos import geo_groups
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
from mmm_benchmark.diffusion.problem.state import PATH_SCALE
from mmm_benchmark.shapes.torch import PerWorld, WorldRowRow, WorldScalar

#: Nats above which media are not where the solves put them.
MOST_GAIN = 1.0
#: Geos (or groups of them) times weeks up to which paths are integrated out at every draw.
MOST_ROWS = 210
#: Nats above which solves of more rows than that are not to be used. Chosen on 16 worlds: seeds
#: 1 to 5, 11, 14 and 15 of small_business and time_varying.
FAR_GAIN = 25.0
#: What a reader is told then: how it was answered, or that it was not.
PATHS_OUT = (
    "moving effects integrated out, levels and curves by weights: other levels explain these sales"
    " better by {gain:.0f} nats than those of the solves"
)
TOO_LARGE = (
    "do not use: other levels of media explain these sales better by {gain:.0f} nats once moving"
    " effects are integrated out, which takes too long on so many geos and weeks; check with"
    " numpyro-mmm-tv, or exact where effects stay"
)
IN_DOUBT = "k-hat of the weights of levels and curves {k:.2f}, {ess:.0f} effective draws"
DO_NOT_USE = (
    "do not use: other levels of media explain these sales better by {gain:.0f} nats once moving"
    " effects are integrated out, and weights did not find them (k-hat {k:.2f}, {ess:.0f} effective"
    " draws); check with numpyro-mmm-tv, or exact where effects stay"
)
ITERATIONS = 15
STEP = 0.6
CELLS = 4  # values of each of noise scale and volatility


class Climbed(NamedTuple):
    """Where each cell of noise and volatility stands after a climb of its evidence."""

    prior: Prior
    point: Point
    system: System
    log_evidence: PerWorld
    best: float  # highest evidence met on the way


def evidence_gain(climbed: Climbed, solved: posterior.Grid) -> float:
    """Nats of linearised evidence that the solves of one world leave lying, at least 0."""
    here = float(torch.nan_to_num(solved.log_evidence, nan=-math.inf).max())
    return max(climbed.best - here, 0.0)


def climb(observed: Observed) -> Climbed:
    """Climb the evidence of one world with its paths' volume, on a coarse grid."""
    axis = torch.linspace(-posterior.REACH, posterior.REACH, CELLS)
    hyper = torch.cartesian_prod(axis, axis).to(observed.sales.device)
    many = observed.take(torch.zeros(len(hyper), dtype=torch.long))
    prior = posterior.prior_at(many, hyper)
    pool = geo_groups(*many.sales.shape[1:]).to(hyper.device)
    fixed = with_base(rest_covariance(many, prior, pool), prior)
    point = Point(prior.scalar, prior.path, prior.base)
    best = -math.inf
    for _ in range(ITERATIONS):
        system = linearise(many, prior, point, fixed, pool)
        found = posterior.log_evidence(system, prior)
        best = max(best, float(torch.nan_to_num(found, nan=-math.inf).max()))
        pull = prior.variance * volume_slope(system, prior, fixed)
        shifted = replace(prior, scalar=prior.scalar - pull)
        residual = system.r + (system.A @ pull[..., None])[..., 0]
        shift, _ = conditional(system, shifted, residual)
        point = advance(point, shifted, shift, size=STEP)
    system = linearise(many, prior, point, fixed, pool)
    found = torch.nan_to_num(posterior.log_evidence(system, prior), nan=-math.inf)
    return Climbed(prior, point, system, found, best)


def volume_slope(system: System, prior: Prior, fixed: WorldRowRow) -> WorldScalar:
    """Slope of ``1/2 log det S`` in the scalars, paths integrated out, (B, 4C + K)."""
    b, g, t, c = system.J.shape
    J = system.J.flatten(1, 2)
    paths = (PATH_SCALE**2 * prior.path_cov)[:, None, :, None]
    S = (fixed.view(b, g, t, g, t) + (J @ J.mT).view(b, g, t, g, t) * paths).view(b, g * t, g * t)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky_ex(S)[0])
    weight = (inverse.view(b, g, t, g, t) * paths).view(b, g * t, g * t) @ J  # (B, M T, C)
    A = system.A
    level = torch.einsum("bic,bic->bc", weight, A[..., :c])
    shape = torch.einsum("bic,bics->bcs", weight, A[..., c : 4 * c].unflatten(-1, (c, 3)))
    controls = A.new_zeros(b, A.shape[-1] - 4 * c)
    return torch.nan_to_num(torch.cat([level, shape.flatten(1), controls], 1))
