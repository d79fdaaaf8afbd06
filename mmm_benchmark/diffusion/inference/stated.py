"""Beliefs as people state them, in natural units, made into the standardised ones of the model.

``{"TV": {"roas": (2.0, 0.5)}, "*": {"slope": (1.0, 0.1)}}``: an observation and its standard error,
for a channel or for every channel (a channel's own counts before that of ``"*"``). The observation
is normal in the quantity itself; the model wants it normal in a standardised log. It gets the one
that has, with the unknown's N(0, 1), the same posterior mean and variance (Minka 2001,
arXiv:1301.2294), so that a test whose error is as large as its result says as little as it should.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from mmm_benchmark.diffusion.problem.beliefs import SPREAD, expected, with_beliefs
from mmm_benchmark.diffusion.problem.laws import with_laws
from mmm_benchmark.diffusion.problem.observed import LEVELS, Observed
from mmm_benchmark.diffusion.problem.state import (
    LEVEL_MEAN,
    LEVEL_SCALE,
    LIMIT,
    SHAPE_MEAN,
    SHAPE_SCALE,
)
from mmm_benchmark.priors.beliefs import (
    EVERY,
    QUANTITIES,
    Stated,
    check_beliefs,
    checked,
    from_on_off_tests,
)
from mmm_data_generator.priors.published import SIGMOID_HALF, SIGMOID_SLOPE

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["from_on_off_tests", "heed", "message"]

type Array = NDArray[np.float64]

SUREST = SPREAD[0] ** -2  # precision: no surer than it was trained for


def heed(stated: Stated | str, dataset: xr.Dataset, observed: Observed) -> Observed:
    """Add what is stated of the channels of ``dataset`` to its scaled data, one world.

    Parameters
    ----------
    stated
        By channel and quantity (``QUANTITIES``) an observation and its standard error, or
        ``PYMC_CURVES``, which stands in place of the model's law of curves. Half-saturation is in
        multiples of mean weekly spend, ROAS that of the window over all geos.

    Raises
    ------
    UserError
        For a channel or a quantity that does not exist, or a value that cannot be.
    """
    names = sorted(dataset["channel"].values.astype(str))
    check_beliefs(stated, names)
    if isinstance(stated, str):
        return _with_pymc_curves(observed)
    natural = _natural(dataset, names, float(observed.channels[0]))
    mean, variance = expected(observed)
    both = torch.zeros(2, 1, len(names), len(QUANTITIES))
    for channel, quantities in sorted(stated.items(), key=lambda item: item[0] != EVERY):
        places = range(len(names)) if channel == EVERY else [names.index(channel)]
        for quantity, pair in quantities.items():
            value, error = checked(channel, quantity, pair)
            for c in places:
                q = QUANTITIES.index(quantity)
                before = float(mean[0, c, q]), float(variance[0, c, q])
                found = message(natural[quantity](c), value, error, before)
                both[:, 0, c, q] = torch.tensor(found)
    if not observed.certainty.any():
        return with_beliefs(observed, *both)
    certainty = observed.certainty + both[1]  # beside a stated prior, one more observation
    pull = observed.certainty * observed.belief + both[1] * both[0]
    return with_beliefs(observed, pull / torch.where(certainty == 0, 1.0, certainty), certainty)


def message(
    quantity: Callable[[Array], Array],
    value: float,
    error: float,
    before: tuple[float, float] = (0.0, 1.0),
) -> tuple[float, float]:
    """Belief and precision about z, of which ``quantity(z)`` was seen with an error.

    z is normal with the mean and variance ``before``: those of the model, or of a stated prior.
    """
    middle, wide = before
    z = np.linspace(-LIMIT, LIMIT, 4001)
    log_p = -0.5 * ((quantity(z) - value) / error) ** 2 - 0.5 * (z - middle) ** 2 / wide
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    mean = float(p @ z)
    variance = max(float(p @ (z - mean) ** 2), 1 / (1 / wide + SUREST))
    precision = max(1 / variance - 1 / wide, 0.0)
    return ((mean / variance - middle / wide) / precision if precision else 0.0), precision


def _natural(
    dataset: xr.Dataset, names: list[str], channels: float
) -> dict[str, Callable[[int], Callable[[Array], Array]]]:
    """By quantity and channel: its natural value as a function of the standardised one."""
    spend = dataset["spend"].sel(channel=names).values.astype(float)  # (G, T, C)
    sales_per_spend = float(dataset["sales"].sum()) / np.maximum(spend.sum((0, 1)), 1e-9)
    on = (spend > 0).mean((0, 1)).clip(min=1e-9)  # mean over weeks = on x mean while active
    share = LEVEL_MEAN - np.log(channels)

    def log_normal(mean: float, scale: float, unit: float) -> Callable[[Array], Array]:
        return lambda z: unit * np.exp(mean + scale * z)

    def logit_normal(z: Array) -> Array:
        return 1 / (1 + np.exp(-(SHAPE_MEAN[0] + SHAPE_SCALE[0] * z)))

    return {
        "roas": lambda c: log_normal(share, LEVEL_SCALE, float(sales_per_spend[c])),
        "adstock_decay": lambda c: logit_normal,
        "half_saturation": lambda c: log_normal(SHAPE_MEAN[1], SHAPE_SCALE[1], 1 / float(on[c])),
        "slope": lambda c: log_normal(SHAPE_MEAN[2], SHAPE_SCALE[2], 1.0),
    }


def _with_pymc_curves(observed: Observed) -> Observed:
    """The Hill curves near the baselines' sigmoids as the prior of half-saturation and slope.

    ``mmm_data_generator.PublishedPrior``; level and decay stay those of the model.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    log_slope = np.log1p(np.exp(SIGMOID_SLOPE[0] + SIGMOID_SLOPE[1] * nodes))
    weights = weights / weights.sum()
    slope = float(weights @ log_slope)
    slope_variance = float(weights @ (log_slope - slope) ** 2)
    largest = observed.lagged[..., 0].amax(2).clamp(min=1e-6).log().mean(1)  # (B, C)
    mean, variance = (each.clone() for each in expected(observed))
    mean[..., 2] = (SIGMOID_HALF[0] + largest - SHAPE_MEAN[1]) / SHAPE_SCALE[1]
    variance[..., 2] = (SIGMOID_HALF[1] / SHAPE_SCALE[1]) ** 2
    mean[..., 3] = (slope - SHAPE_MEAN[2]) / SHAPE_SCALE[2]
    variance[..., 3] = slope_variance / SHAPE_SCALE[2] ** 2
    law, said = observed.law.clone(), observed.said.clone()
    at = torch.from_numpy(ndtri(LEVELS)).float()
    law[..., 2:, :] = (mean[..., None] + variance.sqrt()[..., None] * at)[..., 2:, :]
    said[..., 2:4] = 1
    return with_laws(observed, law, mean, variance, said)
