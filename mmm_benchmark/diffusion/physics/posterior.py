"""The Wiener solve as a posterior of its own: no network, no training.

The noise scale and the volatility are integrated over a grid weighted by the linearised evidence
(Rue, Martino & Chopin 2009). Given them, a draw is a randomised maximum likelihood solution
(Oliver, He & Reynolds 1996): perturb the prior mean and the data by draws of their own laws, then
solve. It is exact where the model is linear, and follows the curve where it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from mmm_benchmark.diffusion.physics.geos import geo_groups
from mmm_benchmark.diffusion.physics.kernels import base_root, by_wander, path_kernel
from mmm_benchmark.diffusion.physics.wiener import (
    Point,
    Prior,
    System,
    advance,
    conditional,
    linearise,
    prior_given,
    rest_covariance,
    with_base,
)
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import State
from mmm_benchmark.diffusion.problem.structure import STILL, known_to_stay
from mmm_benchmark.shapes.torch import PerWorld, WorldHyper

GRID = 7  # values of each of noise scale and volatility
FARTHEST = 4.0  # standard deviations to which a solve may go
REACH = 2.0  # prior standard deviations the grid spans, each way
MODE_ITERATIONS, DRAW_ITERATIONS = 15, 8
CHUNK = 64


def prior_at(observed: Observed, hyper: WorldHyper) -> Prior:
    size = observed.sizes
    noisy = size.unflatten(observed.sales.new_zeros(len(hyper), size.total))
    ones = observed.sales.new_ones(len(hyper))
    return prior_given(observed, noisy, 0 * ones, ones, hyper)


def _solve(
    observed: Observed, prior: Prior, start: Point, rest: Tensor, shock: Tensor, iterations: int
) -> tuple[Point, System]:
    """Damped Gauss-Newton from ``start``, sales less ``shock``."""
    pool = geo_groups(*observed.sales.shape[1:]).to(observed.sales.device)
    point, fixed = start, with_base(rest, prior)
    for _ in range(iterations):
        system = linearise(observed, prior, point, fixed, pool)
        shift, _ = conditional(system, prior, system.r - shock)
        point = advance(point, prior, shift, size=0.6)
    return point, system


class Grid(NamedTuple):
    """Solves of one world on a grid of noise scale and volatility."""

    hyper: WorldHyper
    log_evidence: PerWorld  # linearised, with the prior of hyper
    mode: Point


def solved_grid(observed: Observed) -> Grid:
    """Solve one world at every value of the grid; effects that stay have one volatility."""
    axis = torch.linspace(-REACH, REACH, GRID)
    volatility = torch.tensor([STILL]) if known_to_stay(observed) else axis
    hyper = torch.cartesian_prod(axis, volatility).to(observed.sales.device)
    many = observed.take(torch.zeros(len(hyper), dtype=torch.long))
    prior = prior_at(many, hyper)
    pool = geo_groups(*many.sales.shape[1:]).to(hyper.device)
    rest = rest_covariance(many, prior, pool)
    start = Point(prior.scalar, prior.path, prior.base)
    zero = rest.new_zeros(rest.shape[:2])
    point, system = _solve(many, prior, start, rest, zero, MODE_ITERATIONS)
    return Grid(hyper, log_evidence(system, prior), point)


def log_evidence(system: System, prior: Prior) -> PerWorld:
    """Log density of sales under the linearised model, and the prior of hyper, (N,)."""
    w = torch.cholesky_solve(system.r[..., None], system.L)[..., 0]
    log_p = -0.5 * (system.r * w).sum(1) - system.L.diagonal(dim1=1, dim2=2).log().sum(1)
    return log_p - 0.5 * prior.hyper.square().sum(1)


def posterior_draws(observed: Observed, draws: int, seed: int, grid: Grid | None = None) -> State:
    """Draw ``draws`` states of one world; ``grid`` where it is solved already."""
    generator = torch.Generator().manual_seed(seed)
    hyper, log_p, mode = solved_grid(observed) if grid is None else grid
    weight = torch.softmax(torch.nan_to_num(log_p, nan=-1e9), 0)
    cell = torch.multinomial(weight.cpu(), draws, replacement=True, generator=generator)
    chunks = cell.to(hyper.device).split(CHUNK)
    flat = [_draw(observed, hyper[i], _at(mode, i), generator).flat() for i in chunks]
    return observed.sizes.unflatten(torch.cat(flat))


def _at(point: Point, index: Tensor) -> Point:
    return Point(point.scalar[index], point.path[index], point.base[index])


def _draw(observed: Observed, hyper: Tensor, mode: Point, generator: torch.Generator) -> State:
    many = observed.take(torch.zeros(len(hyper), dtype=torch.long))
    return perturbed_draw(observed, prior_at(many, hyper), mode, hyper, generator)


def perturbed_draw(
    observed: Observed, prior: Prior, mode: Point, hyper: Tensor, generator: torch.Generator
) -> State:
    """Randomised maximum likelihood: prior and sales perturbed by their own laws, then solved."""
    many = observed.take(torch.zeros(len(hyper), dtype=torch.long))
    device = hyper.device

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(device)

    rest = rest_covariance(many, prior, geo_groups(*many.sales.shape[1:]).to(device))
    shock = (torch.linalg.cholesky(rest) @ normal(*rest.shape[:2], 1))[..., 0]
    perturbed = drawn_from(prior, normal)
    point, _ = _solve(many, perturbed, mode, rest, shock, DRAW_ITERATIONS)
    return as_state(observed, point, hyper)


def drawn_from(prior: Prior, normal: Callable[..., Tensor]) -> Prior:
    """The prior with a draw of it in the place of its means; ``normal(*shape)`` draws N(0, 1)."""
    b, c, t = prior.path.shape
    p_values, p_vectors = (x.to(prior.path.device) for x in path_kernel(t))
    root = by_wander(prior.wanders, lambda wanders: base_root(t, wanders)).to(prior.path.device)
    scale = (prior.path_cov.diagonal(dim1=1, dim2=2).sum(1) / p_values.sum()).sqrt()
    return replace(
        prior,
        scalar=prior.scalar + prior.variance.sqrt() * normal(*prior.scalar.shape),
        path=scale[:, None, None] * (normal(b, c, t) * p_values.sqrt()) @ p_vectors.T,
        base=(root @ normal(b, t)[..., None])[..., 0],
    )


def prior_states(observed: Observed, draws: int, seed: int) -> State:
    """Draw states of one world before its sales are seen; beliefs it holds are heeded.

    Noise scale and volatility go as far as the grid of the solves does: beyond, paths are absurd.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    low, high = torch.special.ndtr(torch.tensor([-REACH, REACH]))
    hyper = torch.special.ndtri(low + (high - low) * torch.rand(draws, 2, generator=generator))
    hyper[:, 1] = STILL if known_to_stay(observed) else hyper[:, 1]
    many = observed.take(torch.zeros(draws, dtype=torch.long))
    drawn = drawn_from(prior_at(many, hyper), normal)
    return as_state(observed, Point(drawn.scalar, drawn.path, drawn.base), hyper)


def as_state(observed: Observed, point: Point, hyper: WorldHyper) -> State:
    """Scalars cut into levels, curves and controls; paths and baseline as they are."""
    size = observed.sizes
    c = size.channels
    level, shape, control = point.scalar.split([c, 3 * c, size.controls], 1)
    return State(point.path, level, shape.unflatten(1, (c, 3)), point.base, control, hyper)
