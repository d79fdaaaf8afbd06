"""Effects that stay about a baseline of a level, a line and waves: few unknowns, many at once.

Where a prior says so there are no paths, and the baseline has six dimensions, not one a week. What
geos share is then solved for in as many dimensions as it has (levels, curves, controls, baseline);
what each geo has of its own, a baseline and how far its shares stray, is integrated out geo by geo
(Lindley & Smith 1972). No matrix over weeks is factorised. The draws are those of
:mod:`.posterior`: randomised maximum likelihood on a grid of the noise scale, weighted by evidence.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mmm_benchmark.diffusion.physics import posterior
from mmm_benchmark.diffusion.physics.geos import (
    GEO_BASE_SD,
    GEO_SHARE_SD,
    MIN_NOISE,
    geo_groups,
    own_share,
    pooled,
)
from mmm_benchmark.diffusion.physics.kernels import base_kernel
from mmm_benchmark.diffusion.physics.response import response
from mmm_benchmark.diffusion.physics.wiener import Point, believed
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    CONTROL_SCALE,
    LEVEL_SCALE,
    SHAPE_SCALE,
    State,
    log_share,
    natural_hyper,
)
from mmm_benchmark.diffusion.problem.structure import STILL
from mmm_benchmark.shapes.torch import PerWorld, WorldScalar

WAVES = 6  # dimensions of the baseline: a level, a line, sine and cosine of two waves a year
STEP = 0.6
CHUNK = 1024  # draws at once


class Local(NamedTuple):
    """A linear model ``r = H u + L w + e`` once ``w`` and ``e`` are integrated out."""

    gram: Tensor  # (B, d + 1, d + 1) of the columns of H and of r, in the metric of L and e
    log_det: PerWorld  # of that metric's covariance


class Solved(NamedTuple):
    """Where unknowns ``u ~ N(mean, variance)`` lie given sales, and what these weigh."""

    shift: WorldScalar  # from the prior mean
    log_density: PerWorld


class Rows(NamedTuple):
    """Worlds that stay and are calm, one a row, with a noise scale each."""

    observed: Observed
    pool: Tensor  # (M, G) groups of geos
    basis: Tensor  # (T, WAVES) of the baseline, times its prior standard deviations
    mean: WorldScalar  # levels, curves, controls, baseline: (B, 4 C + K + WAVES)
    variance: WorldScalar
    noise: Tensor  # (B, M) standard deviations

    @property
    def scalars(self) -> int:
        """Levels, curves and controls: what is not the baseline."""
        return int(self.mean.shape[1]) - WAVES


def integrated(H: Tensor, r: Tensor, L: Tensor, noise: Tensor) -> Local:
    """Integrate out noise and what each geo has of its own, ``w ~ N(0, I)``.

    Parameters
    ----------
    H
        (B, G, T, d) columns that geos share.
    r
        (B, G, T) sales less what is known.
    L
        (B, G, T, l) columns of each geo's own, times their prior standard deviations.
    noise
        (B, G) standard deviations.
    """
    precision = noise.square().reciprocal()[..., None, None]
    X = torch.cat([H, r[..., None]], -1)
    gram = (precision * (X.mT @ X)).sum(1)
    log_det = 2 * r.shape[-1] * noise.log().sum(1)
    if L.shape[-1]:
        own = precision * (L.mT @ L) + torch.eye(L.shape[-1], dtype=L.dtype)
        root = torch.linalg.cholesky_ex(own)[0]
        seen = torch.linalg.solve_triangular(root, precision * (L.mT @ X), upper=False)
        gram = gram - (seen.mT @ seen).sum(1)
        log_det = log_det + 2 * root.diagonal(dim1=-2, dim2=-1).log().sum((1, 2))
    return Local(gram, log_det)


def given(local: Local, variance: WorldScalar) -> Solved:
    """Solve for ``u`` about its prior mean."""
    d = variance.shape[-1]
    sd = variance.sqrt()
    inner = sd[:, :, None] * local.gram[:, :d, :d] * sd[:, None]
    root = torch.linalg.cholesky_ex(inner + torch.eye(d, dtype=sd.dtype))[0]
    pull = (sd * local.gram[:, :d, d])[..., None]
    half = torch.linalg.solve_triangular(root, pull, upper=False)
    shift = sd * torch.linalg.solve_triangular(root.mT, half, upper=True)[..., 0]
    log_det = local.log_det + 2 * root.diagonal(dim1=1, dim2=2).log().sum(1)
    misfit = local.gram[:, d, d] - half.square().sum((1, 2))
    return Solved(shift, -0.5 * (log_det + misfit))


def rows(observed: Observed, hyper: Tensor) -> Rows:
    """One row a world of ``observed``, at these standardised log noise scales, in double."""
    weeks = observed.sales.shape[-1]
    both = torch.stack([hyper, torch.full_like(hyper, STILL)], -1)
    belief, certainty = (x.double() for x in believed(observed))
    values, vectors = base_kernel(weeks, wanders=False)
    basis = BASE_SCALE * (vectors * values.sqrt())[:, -WAVES:].double()
    pool = geo_groups(*observed.sales.shape[1:])
    waves = torch.ones(len(hyper), WAVES, dtype=torch.float64)
    noise, _ = natural_hyper(both.double())
    own = own_share(pool).diagonal().double()
    return Rows(
        observed,
        pool,
        basis,
        torch.cat([certainty * belief / (1 + certainty), 0 * waves], 1),
        torch.cat([1 / (1 + certainty), waves], 1),
        noise.clamp(min=MIN_NOISE)[:, None] * own.sqrt(),
    )


class Linearised(NamedTuple):
    """The model about a point: media, columns shared and own, and sales left unexplained."""

    H: Tensor
    L: Tensor
    r: Tensor


def linearise(of: Rows, point: WorldScalar) -> Linearised:
    """About levels, curves, controls and baseline (B, 4 C + K + WAVES)."""
    observed, pool = of.observed, of.pool
    c, k = observed.active.shape[1], observed.controls.shape[-1]
    level, shape, rest = point.split([c, 3 * c, k + WAVES], 1)
    relative, gradient, _ = response(observed, shape.float().unflatten(1, (c, 3)))
    relative, gradient = pooled(relative, pool).double(), pooled(gradient, pool).double()
    no_path = torch.zeros(*level.shape, 1, dtype=level.dtype)
    share = log_share(no_path, level, observed.channels).clamp(-9, 1.5).exp()[..., 0]
    share = (share * observed.active)[:, None, None]  # (B, 1, 1, C)
    J = share * relative
    d_shape = share[..., None] * gradient * torch.tensor(SHAPE_SCALE, dtype=J.dtype)
    controls = CONTROL_SCALE * pooled(observed.controls, pool).double()
    base = of.basis.expand(*controls.shape[:3], WAVES)
    linear = torch.cat([controls, base], -1)
    H = torch.cat([LEVEL_SCALE * J, d_shape.flatten(3), linear], -1)
    sales = pooled(observed.sales, pool).double()
    predicted = J.sum(-1) + BASE_MEAN + (linear @ rest[:, None, :, None])[..., 0]
    if len(pool[0]) == 1:
        return Linearised(H, J[..., :0], sales - predicted)
    own = own_share(pool).diagonal().double().sqrt()[:, None, None]
    L = own * torch.cat([GEO_BASE_SD * base, GEO_SHARE_SD * J], -1)
    return Linearised(H, L, sales - predicted)


def solve(
    of: Rows, mean: WorldScalar, point: WorldScalar, iterations: int, drawn: Tensor | None = None
) -> tuple[WorldScalar, PerWorld]:
    """Damped Gauss-Newton from ``point`` about a prior mean, and the evidence at its end.

    Parameters
    ----------
    drawn
        (B, M, T + l) standard normal draws of noise and of what each geo has of its own, which
        sales are perturbed by; none where the mode is sought.
    """
    for last in range(iterations + 1):
        about = linearise(of, point)
        r = about.r + (about.H @ (point - mean)[:, None, :, None])[..., 0]
        if drawn is not None:
            noise, own = drawn.split([r.shape[-1], about.L.shape[-1]], -1)
            r = r - of.noise[..., None] * noise - (about.L @ own[..., None])[..., 0]
        found = given(integrated(about.H, r, about.L, of.noise), of.variance)
        if last == iterations:
            break
        move = mean + found.shift - point
        n = of.scalars
        scalars = (point[:, :n] + STEP * move[:, :n].clamp(-1.2, 1.2)).clamp(-4, 4)
        point = torch.cat([scalars, point[:, n:] + STEP * move[:, n:]], 1)
    return point, found.log_density


def posterior_draws(observed: Observed, draws: int, seed: int) -> State:
    """``draws`` states of each world: leading axis worlds x draws."""
    generator = torch.Generator().manual_seed(seed)
    worlds, cells = len(observed.sales), posterior.GRID
    hyper = torch.linspace(-posterior.REACH, posterior.REACH, cells)
    each = torch.arange(worlds).repeat_interleave(cells)
    grid = rows(observed.take(each), hyper.repeat(worlds))
    mode, log_p = solve(grid, grid.mean, grid.mean, posterior.MODE_ITERATIONS)
    log_p = log_p.view(worlds, cells) - 0.5 * hyper.square()
    weight = torch.softmax(torch.nan_to_num(log_p, nan=-1e9), 1)
    cell = torch.multinomial(weight, draws, replacement=True, generator=generator)
    chosen = (torch.arange(worlds)[:, None] * cells + cell).flatten()
    flat = [_drawn(observed, i // cells, hyper[i % cells], mode[i], generator)
            for i in chosen.split(CHUNK)]  # fmt: skip
    return observed.sizes.unflatten(torch.cat(flat))


def _drawn(
    observed: Observed, world: Tensor, hyper: Tensor, mode: WorldScalar, generator: torch.Generator
) -> Tensor:
    """Perturb prior and sales by draws of their own laws, then solve."""
    of = rows(observed.take(world), hyper)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    c, weeks = observed.active.shape[1], of.basis.shape[0]
    own = 0 if len(of.pool[0]) == 1 else WAVES + c
    mean = of.mean + of.variance.sqrt() * normal(*of.mean.shape)
    shock = normal(len(world), len(of.pool), weeks + own)
    point, _ = solve(of, mean, mode, posterior.DRAW_ITERATIONS, shock)
    scalars, waves = point.split([of.scalars, WAVES], 1)
    base = (waves @ of.basis.T / BASE_SCALE).float()
    whole = Point(scalars.float(), torch.zeros(len(world), c, weeks), base)
    both = torch.stack([hyper, torch.full_like(hyper, STILL)], 1)
    return posterior.as_state(observed, whole, both).flat()
