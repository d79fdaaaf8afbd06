"""The physics inside: the linear-Gaussian smoothing solve of all unknowns given sales and x_t.

Given transforms, sales are linear in each channel's share, and the shares are exponentials of
Gaussian paths. Linearised in the log shares and in the transform parameters, the model is a linear
Gaussian one, ``y = A u + e``, whose conditional mean (Wiener 1949; Rasmussen & Williams 2006, eq.
2.25) costs one Cholesky factorisation on (geos x weeks)²; repeating it from the new point is
Gauss-Newton. A noisy diffusion state is one more Gaussian observation of the same unknowns, so the
solve gives E[x_0 | x_t, sales] of the linearised model, at any diffusion time.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmm_benchmark.diffusion.physics.geos import (
    GEO_SHARE_SD,
    MIN_NOISE,
    geo_base,
    geo_groups,
    own_share,
    pooled,
)
from mmm_benchmark.diffusion.physics.kernels import (
    base_kernel,
    by_wander,
    ou_kernel,
    path_kernel,
)
from mmm_benchmark.diffusion.physics.response import response
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    CONTROL_SCALE,
    LEVEL_SCALE,
    PATH_SCALE,
    SHAPE_SCALE,
    State,
    log_share,
    natural_hyper,
)
from mmm_benchmark.diffusion.problem.structure import STILL
from mmm_benchmark.shapes.torch import (
    GroupGeo,
    PerWorld,
    WorldChannelDate,
    WorldDate,
    WorldDateDate,
    WorldGroupDate,
    WorldGroupDateChannel,
    WorldHyper,
    WorldRow,
    WorldRowRow,
    WorldRowScalar,
    WorldScalar,
)

CONTROL_VOLATILITY = 0.03  # mean sales a week, per unit of the paths' volatility
ITERATIONS = 2


@dataclass(frozen=True)
class Posterior:
    """What the solve says, and what the network reads beside it.

    Attributes
    ----------
    mean
        The unknowns' conditional mean.
    scalar_variance
        (B, 4C + K) conditional variance of levels, shapes and controls.
    relative
        (B, M, T, C) media response over its mean, at the solution; M groups of geos.
    fitted
        (B, M, T, C) each channel's contribution, in mean sales.
    weight
        (B, M, T) ``S^-1 r``, the whitened residual that drives every update.
    misfit
        (B,) ``r' S^-1 r / rows``: about 1 when the noise scale and the prior are right.
    """

    mean: State
    scalar_variance: WorldScalar
    relative: WorldGroupDateChannel
    fitted: WorldGroupDateChannel
    weight: WorldGroupDate
    misfit: PerWorld


def _given_noisy(
    noisy: Tensor, values: Tensor, vectors: Tensor, alpha: Tensor, sigma: Tensor
) -> tuple[Tensor, Tensor]:
    """Mean (B, J, T) and covariance (B, T, T) of a path with that prior given its noisy state."""
    total = alpha[:, None] ** 2 * values + sigma[:, None] ** 2 + 1e-8
    gain = alpha[:, None] * values / total
    mean = torch.einsum("ts,bs,bjs->bjt", vectors, gain, noisy @ vectors)
    covariance = (vectors * (values * sigma[:, None] ** 2 / total)[:, None]) @ vectors.T
    return mean, covariance


@dataclass(frozen=True)
class Prior:
    """Gaussian beliefs about the unknowns before sales are seen, standardised.

    Scalars are the levels, shapes and controls side by side, (B, 4C + K), and so are their
    variances; path and base have covariances (B, T, T) over weeks.
    """

    scalar: WorldScalar
    variance: WorldScalar
    path: WorldChannelDate
    path_cov: WorldDateDate
    base: WorldDate
    base_cov: WorldDateDate
    wanders: PerWorld  # 0 where the baseline is known not to
    hyper: WorldHyper
    noise: PerWorld  # of mean sales
    volatility: PerWorld  # weekly, of the log shares


@dataclass(frozen=True)
class Point:
    """Where the model is linearised."""

    scalar: WorldScalar
    path: WorldChannelDate
    base: WorldDate


@dataclass(frozen=True)
class System:
    """The linear-Gaussian model around a point: ``r ~ N(0, S)`` and how each unknown enters it."""

    J: WorldGroupDateChannel  # d sales / d log share: each channel's contribution
    A: WorldRowScalar  # d sales / d standardised scalars
    L: WorldRowRow  # Cholesky factor of S
    r: WorldRow  # sales less what the prior mean predicts
    relative: WorldGroupDateChannel


def prior_given(
    observed: Observed,
    noisy: State,
    alpha: PerWorld,
    sigma: PerWorld,
    hyper: WorldHyper | None = None,
) -> Prior:
    """What is known but for sales: each prior N(0, K) seen through ``alpha x_0 + sigma eps``.

    A N(0, 1) scalar becomes N(alpha x_t, sigma²), since alpha² + sigma² = 1. A belief of precision
    p is one more observation of it, with error variance 1/p. ``hyper`` (B, 2) overrides the noise
    scale and volatility that the noisy state suggests.
    """
    b, t, device = len(alpha), observed.sales.shape[-1], noisy.base.device
    hyper = alpha[:, None] * noisy.hyper if hyper is None else hyper
    stays = observed.moves == 0
    hyper = torch.stack([hyper[:, 0], torch.where(stays, STILL, hyper[:, 1])], 1)
    noise, volatility = natural_hyper(hyper.clamp(-4, 4))
    volatility = torch.where(stays, 0.0, volatility)
    scalars = torch.cat([noisy.level, noisy.shape.flatten(1), noisy.control], 1)
    belief, certainty = believed(observed)
    variance = sigma.square()[:, None]
    weight = variance * certainty  # of the belief, relative to the noisy state
    p_values, p_vectors = (x.to(device) for x in path_kernel(t))
    p_values = p_values * (volatility / PATH_SCALE)[:, None].square()
    path, path_cov = _given_noisy(noisy.path, p_values, p_vectors, alpha, sigma)

    def base_if(wanders: bool) -> Tensor:
        """Mean and covariance side by side, (B, 1 + T, T)."""
        values, vectors = (x.to(device) for x in base_kernel(t, wanders))
        given = _given_noisy(noisy.base[:, None], values.expand(b, t), vectors, alpha, sigma)
        return torch.cat(given, 1)

    base, base_cov = by_wander(observed.wanders, base_if).split([1, t], 1)
    return Prior(
        scalar=(alpha[:, None] * scalars + weight * belief) / (1 + weight),
        variance=variance / (1 + weight),
        path=path,
        path_cov=path_cov,
        base=base[:, 0],
        base_cov=base_cov,
        wanders=observed.wanders,
        hyper=hyper,
        noise=noise.clamp(min=MIN_NOISE),
        volatility=volatility,
    )


def believed(observed: Observed) -> tuple[WorldScalar, WorldScalar]:
    """Beliefs and their precisions in the order of the scalars, (B, 4C + K); none of controls."""

    def aligned(x: Tensor) -> Tensor:
        controls = x.new_zeros(len(x), observed.controls.shape[-1])
        return torch.cat([x[..., 0], x[..., 1:].flatten(1), controls], 1)

    return aligned(observed.belief), aligned(observed.certainty)


def rest_covariance(observed: Observed, prior: Prior, pool: GroupGeo) -> WorldRowRow:
    """Covariance (B, M T, M T) of what is averaged over: moving control effects, geos, noise."""
    u = pooled(observed.controls, pool)
    (b, g, t), device = u.shape[:3], u.device
    u = u.flatten(1, 2)
    wander = (CONTROL_VOLATILITY * prior.volatility).square()[:, None, None]
    wander = wander * ou_kernel(t).to(device)
    S = (u @ u.mT).view(b, g, t, g, t).mul_(wander[:, None, :, None])
    if pool.shape[1] > 1:
        geo = geo_base(observed.wanders, t).to(device)[..., None, :, None, :]
        S += own_share(pool)[:, None, :, None] * geo
    S = S.view(b, g * t, g * t)
    noise = prior.noise.square()[:, None] * own_share(pool).diagonal().repeat_interleave(t)
    S.diagonal(dim1=1, dim2=2).add_(noise)
    return S


def with_base(rest: WorldRowRow, prior: Prior) -> WorldRowRow:
    """Add the common baseline: with it, all of S that does not move with the point."""
    b, t = prior.base.shape
    g = rest.shape[1] // t
    S = rest.view(b, g, t, g, t) + BASE_SCALE**2 * prior.base_cov[:, None, :, None]
    return S.view(b, g * t, g * t)


def linearise(
    observed: Observed, prior: Prior, point: Point, fixed: WorldRowRow, pool: GroupGeo
) -> System:
    """Linearise the response in log shares and transform parameters around ``point``.

    ``fixed`` is :func:`with_base`'s part of S; the rest is added in place, since S is what costs.
    """
    b, t = prior.base.shape
    g, c, k = len(pool), observed.active.shape[1], observed.controls.shape[-1]
    y, u = pooled(observed.sales, pool), pooled(observed.controls, pool)
    level, shape, control = point.scalar.split([c, 3 * c, k], 1)
    relative, gradient, _ = response(observed, shape.unflatten(1, (c, 3)))
    relative, gradient = pooled(relative, pool), pooled(gradient, pool)
    share = log_share(point.path, level, observed.channels).clamp(-9, 1.5).exp()
    share = (share * observed.active[..., None]).mT[:, None]
    J = share * relative
    d_shape = share[..., None] * gradient * gradient.new_tensor(SHAPE_SCALE)
    A = torch.cat([LEVEL_SCALE * J, d_shape.flatten(3), CONTROL_SCALE * u], 3).flatten(1, 2)
    scaled = A * prior.variance.sqrt()[:, None]
    S = torch.baddbmm(fixed, scaled, scaled.mT)
    JJ = (J.flatten(1, 2) @ J.flatten(1, 2).mT).view(b, g, t, g, t)
    S.view(b, g, t, g, t).addcmul_(JJ, (PATH_SCALE**2 * prior.path_cov)[:, None, :, None])
    if pool.shape[1] > 1:
        for m, own in enumerate(own_share(pool).diagonal().tolist()):
            S.view(b, g, t, g, t)[:, m, :, m].add_(JJ[:, m, :, m], alpha=GEO_SHARE_SD**2 * own)
    predicted = (
        J.sum(-1)
        + (BASE_MEAN + BASE_SCALE * prior.base)[:, None]
        + torch.einsum("bgtk,bk->bgt", u, CONTROL_SCALE * control)
        + PATH_SCALE * torch.einsum("bgtc,bct->bgt", J, prior.path - point.path)
    ).flatten(1) + (A @ (prior.scalar - point.scalar)[..., None])[..., 0]
    return System(J, A, torch.linalg.cholesky_ex(S)[0], y.flatten(1) - predicted, relative)


def conditional(system: System, prior: Prior, residual: WorldRow) -> tuple[Point, WorldGroupDate]:
    """Shift of every unknown from its prior mean given ``residual`` (B, M T), and ``S^-1 r``."""
    w = torch.cholesky_solve(residual[..., None], system.L)
    scalar = prior.variance * (system.A.mT @ w)[..., 0]
    w = w[..., 0].view(system.J.shape[:3])
    pull = torch.einsum("bgtc,bgt->bct", system.J, w)
    path = PATH_SCALE * torch.einsum("bts,bcs->bct", prior.path_cov, pull)
    base = BASE_SCALE * (prior.base_cov @ w.sum(1)[..., None])[..., 0]
    return Point(scalar, path, base), w


def advance(point: Point, prior: Prior, shift: Point, size: float = 1.0) -> Point:
    """Step from ``point`` towards the conditional mean; long steps in the exponents are cut."""
    step = (prior.scalar + shift.scalar - point.scalar).clamp(-1.2, 1.2)
    return Point(
        scalar=(point.scalar + size * step).clamp(-4, 4),
        path=(point.path + size * (prior.path + shift.path - point.path)).clamp(-6, 6),
        base=point.base + size * (prior.base + shift.base - point.base),
    )


def solve(
    observed: Observed, noisy: State, alpha: PerWorld, sigma: PerWorld, iterations: int = ITERATIONS
) -> Posterior:
    """E[x_0 | x_t, sales] of the linearised model; ``alpha``, ``sigma`` (B,) of the noisy state."""
    c, k = observed.active.shape[1], observed.controls.shape[-1]
    prior = prior_given(observed, noisy, alpha, sigma)
    pool = geo_groups(*observed.sales.shape[1:]).to(observed.sales.device)
    fixed = with_base(rest_covariance(observed, prior, pool), prior)
    point = Point(prior.scalar.clamp(-3.5, 3.5), prior.path, prior.base)
    for _ in range(iterations):
        system = linearise(observed, prior, point, fixed, pool)
        shift, weight = conditional(system, prior, system.r)
        point = advance(point, prior, shift)
    spread = torch.linalg.solve_triangular(system.L, system.A, upper=False).square().sum(1)
    level, shape, control = point.scalar.split([c, 3 * c, k], 1)
    return Posterior(
        mean=State(point.path, level, shape.unflatten(1, (c, 3)), point.base, control, prior.hyper),
        scalar_variance=(prior.variance - prior.variance.square() * spread).clamp(min=0),
        relative=system.relative,
        fitted=system.J,
        weight=weight,
        misfit=(system.r * weight.flatten(1)).mean(1),
    )
