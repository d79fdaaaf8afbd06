"""The penalised sum of squares as a function of the transforms alone (variable projection).

Intercepts, trend, seasonality, controls and non-negative channel effects are linear, so they are
solved exactly for every trial of the transforms (Golub & Pereyra, 1973, doi:10.1137/0710036).
At that solution the objective's derivative by the linear parameters is zero, or their bound
holds, so the gradient by the transforms is the partial one (the envelope theorem; the same saving
as Kaufman, 1975, doi:10.1007/BF01932995).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import nnls

from mmm_benchmark.fitters.common.hill import HillGradient, hill_adstock_gradient
from mmm_benchmark.fitters.scipy_hill.design import Design

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        ChannelGeoDate,
        ColumnColumn,
        PerChannel,
        PerColumn,
        PerRow,
        PerTransform,
        TransformChannel,
        Transforms,
        TransformScale,
    )


#: Share of the number of observations added to the normal equations, for collinear channels.
RIDGE = 1e-12
#: exp(45) is beyond every bound of the search; clips keep a stray step finite.
_MAX_EXPONENT = 45.0


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """Weak pull of the transforms and effects towards ordinary values, as Gaussian log densities.

    ``weight`` multiplies all of it; 0 is plain least squares. Effects are in multiples of mean
    sales, with standard deviation ``effect_sd`` about zero.
    """

    centre: TransformChannel  # logit decay, log half-saturation, log slope
    sd: TransformScale
    effect_sd: float = 1.0
    weight: float = 1.0


class LinearSolution(NamedTuple):
    """The best linear parameters for one trial of the transforms."""

    effects: PerChannel  # multiples of mean sales, non-negative
    residual: PerRow


class Projection:
    """Objective and gradient for an optimiser, at a fixed noise variance.

    In units of the noise, the objective is half the sum of squares plus the penalty: a negative
    log density, so that its weight against the data needs no tuning.
    """

    def __init__(self, design: Design, penalty: Penalty, noise_variance: float) -> None:
        self.design = design
        self.penalty = penalty
        self.noise_variance = noise_variance
        self.target = design.without_baseline(design.sales)
        ridge = penalty.weight * noise_variance / penalty.effect_sd**2
        self.ridge = ridge + RIDGE * design.sales.size

    def __call__(self, parameters: PerTransform) -> tuple[float, PerTransform]:
        """Return the objective and its gradient by the flattened (3, channel) parameters."""
        curves = transforms(self.design.spend, parameters)
        effects, residual = self.solve(curves.saturation)
        fit = residual @ residual + self.ridge * (effects @ effects)
        channels = effects.size
        slopes = np.stack([np.reshape(d, (channels, -1)) @ residual for d in curves[1:]])

        pull = (parameters.reshape(3, channels) - self.penalty.centre) / self.penalty.sd
        value = 0.5 * fit / self.noise_variance + 0.5 * self.penalty.weight * np.sum(pull**2)
        gradient = -effects * slopes / self.noise_variance
        gradient += self.penalty.weight * pull / self.penalty.sd
        return float(value), gradient.ravel()

    def solve(self, saturation: ChannelGeoDate) -> LinearSolution:
        """Solve the linear part exactly for saturation of shape (channel, geo, date)."""
        columns = self.design.without_baseline(saturation)
        gram = columns @ columns.T
        gram.flat[:: len(gram) + 1] += self.ridge
        effects = nonnegative(gram, columns @ self.target)
        return LinearSolution(effects, self.target - effects @ columns)

    def sum_of_squares(self, parameters: PerTransform) -> float:
        """Sum of squared residuals, in squared multiples of mean sales."""
        residual = self.solve(transforms(self.design.spend, parameters).saturation).residual
        return float(residual @ residual)


def transforms(spend: ChannelGeoDate, parameters: Transforms) -> HillGradient:
    """Saturation and derivatives for flattened (3, channel) scaled parameters."""
    logit_decay, log_half_saturation, log_slope = parameters.reshape(3, -1)
    return hill_adstock_gradient(
        spend,
        1.0 / (1.0 + np.exp(-np.clip(logit_decay, -_MAX_EXPONENT, _MAX_EXPONENT))),
        np.exp(log_half_saturation),
        np.exp(log_slope),
    )


def nonnegative(gram: ColumnColumn, moment: PerColumn) -> PerColumn:
    """Minimise b' gram b / 2 - moment' b over b >= 0, ``gram`` positive definite.

    Most trials of a fit have no effect at its bound, so the plain solution is tried first.
    """
    unbounded = np.linalg.solve(gram, moment)
    if (unbounded >= 0.0).all():
        return np.asarray(unbounded, dtype=float)
    lower = np.linalg.cholesky(gram)
    return nnls(lower.T, np.linalg.solve(lower, moment))[0]
