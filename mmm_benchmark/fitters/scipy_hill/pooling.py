"""Linear parameters by geo, once the transforms are known: partially pooled across geos.

With y_g the sales of geo g and X_g its columns (trend, seasonality, controls, saturated spend),

    y_g = intercept_g + X_g gamma_g + noise,   gamma_g ~ N(gamma, diag(tau^2)),

the shared gamma solves the mixed-model equations (Henderson, 1975, doi:10.2307/2529430), the
variances follow by EM (Laird & Ware, 1982, doi:10.2307/2529876), and each gamma_g is the
posterior mode with non-negative channel effects. Intercepts are not pooled: geos differ in size
for reasons that are not media. The transforms themselves stay shared: one geo's weeks say too
little about a curve to tell its own from its neighbours'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.fitters.scipy_hill.design import Design
from mmm_benchmark.fitters.scipy_hill.projection import RIDGE, nonnegative

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        ChannelGeoDate,
        ColumnColumn,
        GeoColumn,
        GeoColumnColumn,
        GeoDate,
        GeoLive,
        PerChannel,
        PerColumn,
        PerGeo,
    )

type Array = NDArray[np.float64]

#: Pseudo-geos that say tau is a tenth of the effect: keeps two geos from deciding alone.
PRIOR_GEOS = 2.0
PRIOR_SPREAD = 0.1
SMALLEST_SPREAD = 0.005  # multiples of mean sales
ITERATIONS = 60


class Linear(NamedTuple):
    """Linear parameters in multiples of each geo's mean sales."""

    intercept: PerGeo
    columns: GeoColumn
    effects: GeoLive  # non-negative


class Spread(NamedTuple):
    """Variance components: what the geos differ by, and the noise."""

    variance: PerColumn  # of the standardised columns
    noise_variance: float


def shared_linear(design: Design, saturation: ChannelGeoDate, effects: PerChannel) -> Linear:
    """One set of coefficients for all geos, given the non-negative ``effects`` (channel,)."""
    rest = design.sales - np.tensordot(effects, saturation, 1)
    centred = design.columns - design.columns.mean(-1, keepdims=True)
    flat = centred.reshape(len(centred), -1)
    target = (rest - rest.mean(-1, keepdims=True)).ravel()
    coefficients = np.linalg.lstsq(flat.T, target, rcond=None)[0]
    intercept = (rest - np.tensordot(coefficients, design.columns, 1)).mean(-1)
    geos = design.sales.shape[0]
    return Linear(intercept, np.tile(coefficients, (geos, 1)), np.tile(effects, (geos, 1)))


def pooled_linear(
    design: Design,
    saturation: ChannelGeoDate,
    ridge: float,
    noise_variance: float,
    spread: Spread | None,
) -> tuple[Linear, Spread]:
    """Coefficients by geo, pulled towards the shared ones as far as the data ask.

    Parameters
    ----------
    saturation
        Shape (channel, geo, date).
    ridge
        Added to the normal equations of the shared effects, as in the projection.
    noise_variance
        Where EM begins.
    spread
        Variance components to keep, or None to estimate them.
    """
    everything = np.concatenate([design.columns, saturation])  # (k, geo, date)
    centred = np.moveaxis(everything - everything.mean(-1, keepdims=True), 1, 0)
    scale = np.sqrt(np.mean(centred**2, axis=(0, 2)))
    scale = np.where(scale > 0.0, scale, 1.0)
    X = centred / scale[:, None]  # (geo, k, date)
    y = design.sales - design.sales.mean(-1, keepdims=True)
    free = design.columns.shape[0]
    penalty = np.full(len(scale), RIDGE * y.size)
    penalty[free:] += ridge / scale[free:] ** 2

    gram = X @ X.swapaxes(1, 2)  # (geo, k, k)
    moment = np.einsum("gkt,gt->gk", X, y)
    gamma = _bounded(gram.sum(0) + np.diag(penalty), moment.sum(0), free)
    if spread is None:
        spread = _estimate_spread(gram, moment, y, gamma, penalty, noise_variance, free)
    gamma, _, _ = _shared(gram, moment, penalty, spread, free)
    by_geo = np.stack(
        [
            _bounded(
                g / spread.noise_variance + np.diag(1 / spread.variance),
                m / spread.noise_variance + gamma / spread.variance,
                free,
            )
            for g, m in zip(gram, moment, strict=True)
        ]
    )
    coefficients = by_geo / scale
    intercept = (design.sales - np.einsum("gk,kgt->gt", coefficients, everything)).mean(-1)
    return Linear(intercept, coefficients[:, :free], coefficients[:, free:]), spread


def _estimate_spread(
    gram: GeoColumnColumn,
    moment: GeoColumn,
    y: GeoDate,
    gamma: PerColumn,
    penalty: PerColumn,
    noise_variance: float,
    free: int,
) -> Spread:
    """EM for the variance of each coefficient across geos and the variance of the noise."""
    geos = len(gram)
    expected = (PRIOR_SPREAD * gamma) ** 2 + SMALLEST_SPREAD**2
    spread = Spread(expected, noise_variance)
    total = float(np.sum(y**2))
    for _ in range(ITERATIONS):
        gamma, mean, covariance = _shared(gram, moment, penalty, spread, free)
        marginal = np.diagonal(covariance, axis1=1, axis2=2)
        squares = np.sum((mean - gamma) ** 2 + marginal, axis=0)
        misfit = (
            total
            - 2 * np.sum(mean * moment)
            + np.einsum("gk,gkl,gl->", mean, gram, mean)
            + np.einsum("gkl,gkl->", gram, covariance)
        )
        spread = Spread(
            (squares + PRIOR_GEOS * expected) / (geos + PRIOR_GEOS),
            max(float(misfit) / (y.size - geos), 1e-14),
        )
    return spread


def _shared(
    gram: GeoColumnColumn, moment: GeoColumn, penalty: PerColumn, spread: Spread, free: int
) -> tuple[PerColumn, GeoColumn, GeoColumnColumn]:
    """Shared coefficients, then each geo's posterior mean and covariance given them."""
    S = gram / spread.noise_variance
    m = moment / spread.noise_variance
    covariance = np.asarray(np.linalg.inv(S + np.diag(1 / spread.variance)), dtype=float)
    left = (S - S @ covariance @ S).sum(0) + np.diag(penalty / spread.noise_variance)
    right = (m - np.einsum("gkl,glm,gm->gk", S, covariance, m)).sum(0)
    gamma = _bounded(0.5 * (left + left.T), right, free)
    mean: Array = np.einsum("gkl,gl->gk", covariance, m + gamma / spread.variance)
    return gamma, mean, covariance


def _bounded(gram: ColumnColumn, moment: PerColumn, free: int) -> PerColumn:
    """Minimise b' gram b / 2 - moment' b with b[free:] >= 0, by eliminating the free ones."""
    if free == 0:
        return nonnegative(gram, moment)
    A, B, C = gram[:free, :free], gram[:free, free:], gram[free:, free:]
    through = np.linalg.solve(A, np.column_stack([B, moment[:free]]))
    effects = nonnegative(C - B.T @ through[:, :-1], moment[free:] - B.T @ through[:, -1])
    return np.concatenate([through[:, -1] - through[:, :-1] @ effects, effects])
