r"""The linear-Gaussian part of a sales model, integrated out exactly.

For each geo g, ``residual[g] = Z[g] b[g] + C[g] gamma + e``, with ``b[g] ~ N(0, I)`` (intercept,
seasonality: own to the geo), ``gamma ~ N(0, I)`` (controls: shared) and ``e ~ N(0, s[g]^2 I)``;
prior standard deviations are folded into Z and C. With ``Z[g] = U D^(1/2) V'`` the covariance of
``Z b + e`` is diagonal in the basis U, so a density costs one K x K Cholesky factor and no other
decomposition (Woodbury 1950; Lindley and Smith 1972).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular

from mmm_benchmark.shapes.jax import (
    Broadcast,
    ControlControl,
    DrawControl,
    DrawGeo,
    DrawGeoColumn,
    DrawGeoDate,
    GeoColumn,
    GeoColumnControl,
    GeoDate,
    GeoDateColumn,
    GeoDateControl,
    PerControl,
    PerGeo,
    Scalar,
)


class LinearBlock(NamedTuple):
    """Everything about Z and C that does not change while sampling."""

    U: GeoDateColumn  # orthonormal
    D: GeoColumn  # squared singular values of Z
    C_across: GeoDateControl  # (geo, date, K), C less its part within U
    C_within: GeoColumnControl  # (geo, p, K), U' C


def linear_block(Z: GeoDateColumn, C: GeoDateControl) -> LinearBlock:
    """Factor ``Z`` (geo, date, p) and split ``C`` (geo, date, K); both scaled by prior sd.

    What one geo shares with no other is its own: there the columns of C join Z.
    """
    if len(Z) == 1:
        Z, C = np.concatenate([Z, C], axis=2), C[..., :0]
    U, root, _ = np.linalg.svd(Z, full_matrices=False)
    within = np.swapaxes(U, 1, 2) @ C
    dtype = jnp.result_type(float)
    arrays = (U, root**2, C - U @ within, within)
    return LinearBlock(*(jnp.asarray(array, dtype) for array in arrays))


def log_marginal(block: LinearBlock, residual: GeoDate, noise: PerGeo) -> Scalar:
    """Log density of ``residual`` (geo, date) with b and gamma integrated out.

    Parameters
    ----------
    residual
        Sales less everything that is not linear.
    noise
        Standard deviation in each geo, (geo,).
    """
    quad, logdet, L, v = _reduce(block, residual, noise)
    if L is not None:
        quad = quad - jnp.sum(solve_triangular(L, v, lower=True) ** 2)
        logdet = logdet + 2 * jnp.sum(jnp.log(jnp.diagonal(L)))
    return -0.5 * (quad + logdet + residual.size * jnp.log(2 * jnp.pi))


def draw_coefficients(
    rng: np.random.Generator,
    Z: GeoDateColumn,
    C: GeoDateControl,
    residual: DrawGeoDate,
    noise: DrawGeo,
) -> tuple[DrawGeoColumn, DrawControl]:
    """Exact draws of ``b`` (draw, geo, p) and ``gamma`` (draw, K) given the rest, in prior sd.

    In plain numpy, all draws at once: compiling it would take longer than computing it.

    Parameters
    ----------
    Z, C
        As given to :func:`linear_block`.
    residual
        Sales less everything that is not linear, (draw, geo, date).
    noise
        Standard deviation in each geo, (draw, geo).
    """
    weight = noise**-2
    ZZ, ZC, CC = (np.einsum("gti,gtj->gij", a, b) for a, b in ((Z, Z), (Z, C), (C, C)))
    Zr, Cr = (np.einsum("gti,sgt->sgi", a, residual) for a in (Z, C))
    A = np.eye(Z.shape[-1]) + weight[..., None, None] * ZZ  # (draw, geo, p, p)
    B = weight[..., None, None] * ZC  # (draw, geo, p, K)
    own = weight[..., None] * Zr
    solved = np.linalg.solve(A, np.concatenate([B, own[..., None]], axis=-1))
    pull = np.einsum("sgpk,sgpj->skj", B, solved)
    M = np.eye(C.shape[-1]) + np.einsum("sg,gij->sij", weight, CC) - pull[..., :-1]
    v = np.einsum("sg,sgk->sk", weight, Cr) - pull[..., -1]
    gamma = _normal(rng, M, v)
    b = _normal(rng, A, own - np.einsum("sgpk,sk->sgp", B, gamma))
    return b, gamma


def _normal(rng: np.random.Generator, precision: Broadcast, shift: Broadcast) -> Broadcast:
    """Draw from N(P^-1 shift, P^-1) for a batch of precisions P."""
    L = np.linalg.cholesky(precision)
    z = rng.standard_normal(shift.shape)
    mean = np.linalg.solve(precision, shift[..., None])
    return (mean + np.linalg.solve(np.swapaxes(L, -1, -2), z[..., None]))[..., 0]


def _reduce(
    block: LinearBlock, residual: GeoDate, noise: PerGeo
) -> tuple[Scalar, Scalar, ControlControl | None, PerControl | None]:
    """Quadratic form and log determinant without C; factor and right-hand side of gamma."""
    weight = 1 / noise**2
    within = jnp.einsum("gtp,gt->gp", block.U, residual)
    across = residual - jnp.einsum("gtp,gp->gt", block.U, within)
    shrunk = 1 / (noise[:, None] ** 2 + block.D)
    free = residual.shape[1] - block.D.shape[1]
    quad = jnp.sum(across**2 * weight[:, None]) + jnp.sum(within**2 * shrunk)
    logdet = -free * jnp.sum(jnp.log(weight)) - jnp.sum(jnp.log(shrunk))
    K = block.C_across.shape[-1]
    if K == 0:
        return quad, logdet, None, None
    M = (
        jnp.eye(K, dtype=residual.dtype)
        + jnp.einsum("gtk,gtj,g->kj", block.C_across, block.C_across, weight)
        + jnp.einsum("gpk,gpj,gp->kj", block.C_within, block.C_within, shrunk)
    )
    v = jnp.einsum("gtk,gt,g->k", block.C_across, across, weight) + jnp.einsum(
        "gpk,gp,gp->k", block.C_within, within, shrunk
    )
    return quad, logdet, jnp.linalg.cholesky(M), v
