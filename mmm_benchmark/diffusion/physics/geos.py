"""Geos: averaged in groups where they are many, and how far each strays from what they share."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from mmm_benchmark.diffusion.physics.kernels import base_kernel, base_root, by_wander
from mmm_benchmark.diffusion.problem.state import BASE_SCALE
from mmm_benchmark.shapes.torch import (
    GroupGeo,
    GroupGroup,
    PerWorld,
    WorldGeoChannel,
    WorldGeoDate,
    WorldGeoDateChannel,
    WorldGeoRest,
    WorldGroupRest,
)

GEO_SHARE_SD = 0.15  # log units: how far a geo's share of a channel strays from the common one
GEO_BASE_SD = 0.5  # of the common baseline's prior sd
MIN_NOISE = 0.012  # of mean sales: keeps the single-precision factorisation sound
MAX_ROWS = 640  # geos x weeks of one factorisation; more geos are averaged in groups first


@lru_cache(maxsize=64)
def geo_groups(geos: int, weeks: int, max_rows: int = MAX_ROWS) -> GroupGeo:
    """Averaging matrix (groups, geos) that keeps groups x weeks within ``max_rows``."""
    groups = min(geos, max(1, max_rows // weeks))
    member = torch.arange(geos) * groups // geos
    matrix = torch.nn.functional.one_hot(member, groups).T.float()
    return matrix / matrix.sum(1, keepdim=True)


def pooled(x: WorldGeoRest, pool: GroupGeo) -> WorldGroupRest:
    """Average the geos (second axis) of ``x`` in groups."""
    if pool.shape[0] == pool.shape[1]:
        return x
    return torch.einsum("mg,bg...->bm...", pool, x)


def own_share(pool: GroupGeo) -> GroupGroup:
    """(M, M) diagonal: the variance left of what geos do not share once a group is averaged."""
    return torch.diag(pool.square().sum(1))


def geo_base(wanders: PerWorld, weeks: int) -> Tensor:
    """Covariance (weeks, weeks) of a geo's own baseline, worlds in front where they differ."""

    def of(wanders: bool) -> Tensor:
        values, vectors = base_kernel(weeks, wanders)
        return (vectors * values) @ vectors.T * (BASE_SCALE * GEO_BASE_SD) ** 2

    return by_wander(wanders, of)


def geo_deviations(
    residual: WorldGeoDate,
    fitted: WorldGeoDateChannel,
    noise: PerWorld,
    wanders: PerWorld,
    generator: torch.Generator,
) -> tuple[WorldGeoChannel, WorldGeoDate]:
    """Draw each geo's log-share shifts (B, G, C) and baseline shift (B, G, T), given the rest.

    ``residual = fitted @ share_shift + base_shift + noise`` is linear Gaussian, so a prior draw
    corrected by its own residual is an exact posterior draw (Matheron's rule).
    """
    b, g, t, c = fitted.shape
    kernel = geo_base(wanders, t).to(residual.device)
    kernel = kernel if kernel.ndim == 2 else kernel[:, None]
    root = by_wander(wanders, lambda each: base_root(t, each)).to(residual.device)
    spread = BASE_SCALE * GEO_BASE_SD

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(residual.device)

    share = GEO_SHARE_SD * normal(b, g, c)
    base = normal(b, g, t) @ root.mT * spread
    noise = noise.clamp(min=MIN_NOISE)[:, None, None]
    seen = (fitted @ share[..., None])[..., 0] + base + noise * normal(b, g, t)
    S = GEO_SHARE_SD**2 * fitted @ fitted.mT + kernel
    S = S + noise[..., None].square() * torch.eye(t, device=S.device)
    w = torch.cholesky_solve((residual - seen)[..., None], torch.linalg.cholesky_ex(S)[0])
    share = share + GEO_SHARE_SD**2 * (fitted.mT @ w)[..., 0]
    return share.clamp(-1, 1), base + (kernel @ w)[..., 0]
