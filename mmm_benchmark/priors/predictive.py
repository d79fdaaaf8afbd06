"""What a prior says of a company before its sales are seen: prior predictive draws by channel.

    share = sales a channel makes over the window, over all sales      ROAS = those sales over spend
    elasticity = d log share / d log spend, where all of the channel's spend moves together

Sales enter by their total alone, which turns a share into a return. Adstock is geometric over eight
lags with weights that sum to one (Jin et al. 2017, equation 3), the curve that of Hill (1910); one
curve for all geos, whose deviations change neither figure by much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.priors import numbers
from mmm_benchmark.priors.prior import ChannelPrior, Prior, check_channels
from mmm_benchmark.priors.units import units_of_spend
from mmm_data_generator.world.transforms import spend_figure

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]

LAGS = 8
DRAWS = 2000
CHUNK = 2_000_000  # numbers held at once: draws x geos x weeks


class Drawn(NamedTuple):
    """Prior draws, each (draw, channel)."""

    roas: Array  # sales per unit of spend
    share: Array  # of all sales of the window
    elasticity: Array  # of the channel's sales in its spend, at the spend there was


def prior_predictive(
    observed: xr.Dataset, prior: Prior, seed: int = 0, draws: int = DRAWS
) -> Drawn:
    """Draw every channel of ``observed`` from ``prior``.

    Raises
    ------
    UserError
        Where the prior speaks of a channel that the data do not have.
    """
    names = [str(name) for name in observed["channel"].values]
    check_channels(prior, names)
    spend = observed["spend"].transpose("channel", "geo", "date").to_numpy().astype(float)
    sales = observed["sales"].transpose("geo", "date").to_numpy().astype(float)
    weight = sales.sum(axis=1) / sales.sum()
    found = []
    for c, name in enumerate(names):
        rng = np.random.default_rng([seed, 3, c])
        per_spend = float(sales.sum() / max(spend[c].sum(), 1e-30))
        share, elasticity = drawn_channel(prior.of(name), spend[c], weight, per_spend, rng, draws)
        found.append((share * per_spend, share, elasticity))
    return Drawn(*(np.stack(each, axis=1) for each in zip(*found, strict=True)))


def drawn_channel(
    law: ChannelPrior,
    spend: Array,
    weight: Array,
    per_spend: float,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[Array, Array]:
    """Share of sales and elasticity of one channel, each (draw,).

    Parameters
    ----------
    spend
        (geo, date).
    weight
        (geo,) share of all sales.
    per_spend
        All sales over the channel's spend, which turns a return into a share.
    """
    size = (draws,)
    decay = numbers.draw(law.adstock_decay, rng, size)
    half = numbers.draw(numbers.rescaled(law.half_saturation, units_of_spend(spend)), rng, size)
    slope = numbers.draw(law.slope, rng, size)
    effect = numbers.draw(law.effect, rng, size)
    height, bend = response(spend, weight, decay, half, slope)
    if law.effect_is == "effect":
        return height * effect, bend
    return (effect if law.effect_is == "share" else effect / per_spend), bend


def response(
    spend: Array, weight: Array, decay: Array, half: Array, slope: Array
) -> tuple[Array, Array]:
    """Mean response of the window, between 0 and 1, and its elasticity in spend, each (draw,)."""
    active = spend_figure(spend, "mean_active")[:, None]
    scaled = spend / np.where(active > 0, active, 1.0)  # (geo, date)
    lagged = np.zeros((LAGS, *scaled.shape))
    for lag in range(min(LAGS, scaled.shape[1])):
        lagged[lag, :, lag:] = scaled[:, : scaled.shape[1] - lag]
    height, bend = np.zeros(len(decay)), np.zeros(len(decay))
    step = max(1, CHUNK // scaled.size)
    for start in range(0, len(decay), step):
        part = slice(start, start + step)
        weights = decay[part, None] ** np.arange(LAGS)
        weights /= weights.sum(axis=1, keepdims=True)
        stock = np.tensordot(weights, lagged, 1)  # (draw, geo, date)
        some = stock > 0
        log_ratio = np.log(np.where(some, stock, 1.0)) - np.log(half[part])[:, None, None]
        odds = np.clip(slope[part, None, None] * log_ratio, -700, 700)
        risen = np.where(some, 1 / (1 + np.exp(-odds)), 0.0)
        height[part] = risen.mean(axis=2) @ weight
        rise = (risen * (1 - risen)).mean(axis=2) @ weight  # d risen / d log spend, over slope
        bend[part] = slope[part] * rise / np.maximum(height[part], 1e-30)
    return height, bend
