"""What the stated priors of the PyMC-Marketing model say of ROAS before any sales are seen.

    contribution = sales max sigma[c,g] (expit(beta (a - lam)) - expit(-beta lam))
    sigma[c,g] ~ InverseGamma with mean mu[c] and standard deviation s,  mu[c] ~ HalfNormal(scale)
    s, beta[c], lam[c] ~ HalfNormal(1.5),  alpha[c] ~ Beta(1, 3),  a = adstock of spend / max

Plain draws, so that "the data spoke" and "the prior spoke" can be told apart afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.lags import lag_tensor, lag_weights
from mmm_benchmark.fitters.common.media_priors import media_prior_scale
from mmm_benchmark.fitters.common.prior_draws import labelled
from mmm_benchmark.fitters.common.structure import L_MAX
from mmm_data_generator.fields.parts import REVERSION
from mmm_data_generator.world.coefficients import autoregress

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]

DRAWS: Final = 400
WIDTH: Final = 1.5  # of the half-normal priors of s, beta and lam


def parameters(
    rng: np.random.Generator, scale: Array, geos: int, draws: int = DRAWS
) -> dict[str, Array]:
    """Draws of alpha, beta, lam (draw, channel) and sigma (draw, channel, geo)."""
    shape = draws, len(scale)
    mu = scale * np.abs(rng.standard_normal(shape))
    s = WIDTH * np.abs(rng.standard_normal((draws, 1)))
    a = 2 + (mu / s) ** 2  # mean b / (a - 1) = mu, variance mu^2 / (a - 2) = s^2
    gamma = rng.standard_gamma(np.broadcast_to(a[..., None], (*shape, geos)))
    return {
        "alpha": rng.beta(1, 3, shape),
        "beta": WIDTH * np.abs(rng.standard_normal(shape)),
        "lam": WIDTH * np.abs(rng.standard_normal(shape)),
        "sigma": (mu * (a - 1))[..., None] / gamma,
    }


def prior_of_roas(
    observed: xr.Dataset, priors: str, seed: int, draws: int = DRAWS, volatility: float = 0.0
) -> xr.Dataset:
    """Draws of every channel's ROAS under the stated prior, ``roas (chain, draw, channel)``.

    Parameters
    ----------
    volatility
        Scale of the half-normal prior of the weekly steps of moving effects; 0 where they do not
        move.
    """
    spend = observed["spend"].transpose("channel", "geo", "date").to_numpy()
    largest = spend.max(axis=-1, keepdims=True)
    lagged = lag_tensor(spend / np.where(largest > 0, largest, 1.0), L_MAX)
    sales = observed["sales"].transpose("geo", "date").max("date").to_numpy()
    rng = np.random.default_rng([seed, 2])
    drawn = parameters(rng, media_prior_scale(observed, priors), len(sales), draws)
    multiplier = np.exp(paths(np.random.default_rng([seed, 4]), volatility, spend, draws))
    total = np.empty((draws, len(spend)))
    for d in range(draws):
        a = np.einsum("cgtl,cl->cgt", lagged, lag_weights(drawn["alpha"][d], L_MAX))
        beta, lam = drawn["beta"][d, :, None, None], drawn["lam"][d, :, None, None]
        risen = _expit(beta * (a - lam)) - _expit(-beta * lam)
        effect = np.einsum("cg,g,ct->cgt", drawn["sigma"][d], sales, multiplier[d])
        total[d] = (risen * effect).sum(axis=(1, 2))
    return labelled(observed, total / spend.sum(axis=(1, 2)))


def paths(rng: np.random.Generator, volatility: float, spend: Array, draws: int) -> Array:
    """Logs of moving effects (draw, channel, date): stationary Ornstein-Uhlenbeck paths."""
    channels, _, dates = spend.shape
    if volatility == 0:
        return np.zeros((draws, channels, dates))
    step = volatility * np.abs(rng.standard_normal((draws, channels, 1)))
    shocks = step * rng.standard_normal((draws, channels, dates))
    keep = 1 - REVERSION
    shocks[..., 0] /= np.sqrt(1 - keep**2)
    return autoregress(shocks, keep)


def _expit(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(x / 2))
