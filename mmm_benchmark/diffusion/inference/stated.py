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
from torch import Tensor

from mmm_benchmark.diffusion.problem.beliefs import SPREAD, with_beliefs
from mmm_benchmark.diffusion.problem.observed import Observed
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
        ``PYMC_CURVES``. Half-saturation is in multiples of mean weekly spend, ROAS that of the
        window over all geos.

    Raises
    ------
    UserError
        For a channel or a quantity that does not exist, or a value that cannot be.
    """
    names = sorted(dataset["channel"].values.astype(str))
    check_beliefs(stated, names)
    if isinstance(stated, str):
        return with_beliefs(observed, *_pymc_curves(observed))
    natural = _natural(dataset, names, float(observed.channels[0]))
    both = torch.zeros(2, 1, len(names), len(QUANTITIES))
    for channel, quantities in sorted(stated.items(), key=lambda item: item[0] != EVERY):
        places = range(len(names)) if channel == EVERY else [names.index(channel)]
        for quantity, pair in quantities.items():
            value, error = checked(channel, quantity, pair)
            for c in places:
                found = message(natural[quantity](c), value, error)
                both[:, 0, c, QUANTITIES.index(quantity)] = torch.tensor(found)
    return with_beliefs(observed, *both)


def message(quantity: Callable[[Array], Array], value: float, error: float) -> tuple[float, float]:
    """Belief and precision about z ~ N(0, 1), of which ``quantity(z)`` was seen with an error."""
    z = np.linspace(-LIMIT, LIMIT, 4001)
    log_p = -0.5 * ((quantity(z) - value) / error) ** 2 - 0.5 * z**2
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    mean = float(p @ z)
    variance = max(float(p @ (z - mean) ** 2), 1 / (1 + SUREST))
    precision = max(1 / variance - 1, 0.0)
    return (mean / variance / precision if precision else 0.0), precision


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


def _pymc_curves(observed: Observed) -> tuple[Tensor, Tensor]:
    """The Hill curves near the baselines' sigmoids: ``mmm_data_generator.PublishedPrior``."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    log_slope = np.log1p(np.exp(SIGMOID_SLOPE[0] + SIGMOID_SLOPE[1] * nodes))
    weights = weights / weights.sum()
    slope = float(weights @ log_slope)
    slope_variance = float(weights @ (log_slope - slope) ** 2)
    largest = observed.lagged[..., 0].amax(2).clamp(min=1e-6).log().mean(1)  # (B, C)
    belief = torch.zeros(*largest.shape, len(QUANTITIES))
    certainty = torch.zeros_like(belief)
    belief[..., 2] = (SIGMOID_HALF[0] + largest - SHAPE_MEAN[1]) / SHAPE_SCALE[1]
    certainty[..., 2] = (SHAPE_SCALE[1] / SIGMOID_HALF[1]) ** 2
    belief[..., 3] = (slope - SHAPE_MEAN[2]) / SHAPE_SCALE[2]
    certainty[..., 3] = SHAPE_SCALE[2] ** 2 / slope_variance
    return belief.clamp(-LIMIT, LIMIT), certainty
