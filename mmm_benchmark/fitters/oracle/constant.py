r"""A well-specified posterior for worlds with fixed parameters: their forms under a broad prior.

    sales[g,t] / m[g] = intercept[g] (+ trend[g] t) + wave of the year + sum_c effect[g,c] h[g,c,t]
                        + controls gamma + e,        m[g] = mean sales of the geo
    h = a^s / (a^s + k^s),   a = adstock of spend over its mean while active, weights normalised
    log effect[c] ~ N(log 0.3, 1),  decay[c] ~ Beta(1, 2),  log k[c] ~ N(0, 1.2^2)
    log s[c] ~ N(log 1.3, 0.6^2),   noise[g] ~ HalfNormal(0.5),   intercept[g] ~ N(1, 1)
    wave and trend ~ N(0, 0.5^2),   gamma: sd of one mean sales at the control's largest value

Geos deviate from these by the family's own coefficients of variation: in log effect, in log odds
of decay, in log k and log s. An adstock that is not normalised is the same model with k in
units of steady spend.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.nn import log_sigmoid, sigmoid
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.lags import lag_tensor
from mmm_benchmark.fitters.jax_inference.laws import half_normal
from mmm_benchmark.fitters.jax_inference.linear import LinearBlock, linear_block, log_marginal
from mmm_benchmark.shapes.jax import (
    Broadcast,
    ChannelGeo,
    ChannelGeoDate,
    ChannelGeoDateLag,
    ChannelLag,
    GeoChannel,
    GeoDate,
    GeoDateColumn,
    GeoDateControl,
    PerChannel,
    PerGeo,
    Scalar,
    Vector,
)
from mmm_data_generator.world.transforms import spend_figure

type Array = NDArray[np.float64]

EFFECT = (np.log(0.3), 1.0)
HALF_SATURATION_SD = 1.2
SLOPE = (np.log(1.3), 0.6)
DECAY = (1.0, 2.0)
NOISE = 0.5
LINEAR_SD = (1.0, 0.5)  # intercept; wave and trend

#: Less adstock than this is none: near the smallest number in single precision, the slope of a
#: logarithm is infinity times zero.
NOTHING = 1e-30


class Data(NamedTuple):
    """What the density needs, as device arrays."""

    lagged: ChannelGeoDateLag  # multiples of mean spend while active
    kept: ChannelLag  # 1 where the channel's adstock has that lag
    residual: GeoDate  # shares of mean sales, less the prior mean of the intercept
    linear: LinearBlock
    variation: Broadcast  # (4, 1, 1), of effect, decay, half-saturation, slope between geos


class Design(NamedTuple):
    """The linear part in plain numpy, and the scales that bring answers back to currency."""

    own: GeoDateColumn  # scaled by prior sd
    controls: GeoDateControl  # scaled by prior sd
    sales: PerGeo  # mean sales, currency per week
    active: GeoChannel  # mean spend while active


class Params(NamedTuple):
    """Nonlinear unknowns, (channel, geo) but for the noise (geo,)."""

    decay: ChannelGeo
    half_saturation: ChannelGeo
    slope: ChannelGeo
    effect: ChannelGeo
    noise: PerGeo


def design(observed: xr.Dataset, family: dict[str, Any]) -> Design:
    """Scale sales, spend and controls; lay out the columns of the linear part."""
    sales = observed["sales"].transpose("geo", "date").to_numpy()
    spend = observed["spend"].transpose("geo", "date", "channel").to_numpy()
    controls = observed["controls"].transpose("geo", "date", "control").to_numpy()
    mean = sales.mean(axis=1)
    weeks = np.arange(sales.shape[1])
    angle = 2 * np.pi * weeks / family["seasonal_period"]
    first, rest = LINEAR_SD
    columns = [np.full(len(weeks), first), rest * np.sin(angle), rest * np.cos(angle)]
    if family["trend"]:
        columns.append(rest * (weeks / weeks[-1] - 0.5))
    own = np.broadcast_to(np.stack(columns, axis=1), (len(mean), len(weeks), len(columns)))
    largest = np.abs(controls).max(axis=(0, 1), initial=0.0)
    unit = mean.mean() / np.where(largest > 0, largest, 1.0)
    active = spend_figure(spend.swapaxes(1, 2), "mean_active")
    return Design(own, controls * unit / mean[:, None, None], mean, active)


def prepare(observed: xr.Dataset, family: dict[str, Any], plain: Design) -> Data:
    """Put the data on the device."""
    dtype = jnp.result_type(float)
    weeks = observed.sizes["date"]
    lags = [min(length or weeks, weeks) for length in family["l_max"]]
    spend = observed["spend"].transpose("geo", "date", "channel").to_numpy()
    scaled = np.moveaxis(spend / plain.active[:, None], 2, 0)
    sales = observed["sales"].transpose("geo", "date").to_numpy() / plain.sales[:, None]
    of_effect, of_transform = family["effect_variation"], family["transform_variation"]
    variation = np.array([of_effect, of_transform, of_transform, of_transform])[:, None, None]
    return Data(
        jnp.asarray(lag_tensor(scaled, max(lags)), dtype),
        jnp.asarray(np.arange(max(lags)) < np.array(lags)[:, None], dtype),
        jnp.asarray(sales - 1.0, dtype),
        linear_block(plain.own, plain.controls),
        jnp.asarray(variation if len(sales) > 1 else np.zeros((0, 1, 1)), dtype),
    )


def lengths(data: Data) -> list[int]:
    """Sizes of the parts of the vector: decay, half-saturation, slope, level, noise, deviations."""
    c, g = data.lagged.shape[:2]
    return [c, c, c, c, g, len(data.variation) * c * g]


def dimension(data: Data) -> int:
    """Length of the unconstrained vector."""
    return sum(lengths(data))


def start(data: Data) -> Array:
    """A plausible first position."""
    c, g = data.lagged.shape[:2]
    known = [[-1.0] * c, [0.0] * c, [0.0] * c, [-2.0] * c, [np.log(0.1)] * g]
    flat = np.concatenate(known)
    return np.concatenate([flat, np.zeros(dimension(data) - flat.size)])


def constrain(z: Vector, data: Data) -> Params:
    """Unknowns from the vector; ``level`` is the log effect at typical spend, known to the data."""
    c, g = data.lagged.shape[:2]
    decay, half, slope, level, noise, rest = jnp.split(z, np.cumsum(lengths(data))[:-1])
    of_effect, of_decay, of_half, of_slope = (
        data.variation * rest.reshape(4, c, g) if len(data.variation) else jnp.zeros((4, 1, 1))
    )
    log_k, log_s = HALF_SATURATION_SD * half, SLOPE[0] + SLOPE[1] * slope
    log_effect = level - log_sigmoid(-jnp.exp(log_s) * log_k)

    def all_geos(values: PerChannel, deviation: Broadcast) -> ChannelGeo:
        return jnp.broadcast_to(values[:, None] + deviation, (c, g))

    return Params(
        decay=sigmoid(all_geos(decay, of_decay)),
        half_saturation=jnp.exp(all_geos(log_k, of_half)),
        slope=jnp.exp(all_geos(log_s, of_slope)),
        effect=jnp.exp(all_geos(log_effect, of_effect)),
        noise=jnp.exp(noise),
    )


def log_prior(z: Vector, data: Data) -> Scalar:
    """Log prior density of the vector, up to a constant."""
    decay, half, slope, level, noise, rest = jnp.split(z, np.cumsum(lengths(data))[:-1])
    log_k, log_s = HALF_SATURATION_SD * half, SLOPE[0] + SLOPE[1] * slope
    log_effect = level - log_sigmoid(-jnp.exp(log_s) * log_k)
    return (
        jnp.sum(DECAY[0] * log_sigmoid(decay) + DECAY[1] * log_sigmoid(-decay))
        - 0.5 * jnp.sum(half**2) - 0.5 * jnp.sum(slope**2) - 0.5 * jnp.sum(rest**2)
        - 0.5 * jnp.sum(((log_effect - EFFECT[0]) / EFFECT[1]) ** 2)
        + half_normal(jnp.exp(noise), NOISE) + jnp.sum(noise)
    )  # fmt: skip


def adstocked(params: Params, data: Data) -> ChannelGeoDate:
    """Adstocked spend, (channel, geo, date), multiples of mean spend while active."""
    lag = jnp.arange(data.lagged.shape[-1])
    weights = params.decay[..., None] ** lag * data.kept[:, None]
    weights = weights / jnp.sum(weights, axis=-1, keepdims=True)
    return jnp.einsum("cgtl,cgl->cgt", data.lagged, weights)


def response(a: ChannelGeoDate, params: Params) -> ChannelGeoDate:
    """Hill of adstocked spend; zero stays zero."""
    some = a > NOTHING
    ratio = jnp.where(some, a, 1.0) / params.half_saturation[..., None]
    return jnp.where(some, sigmoid(params.slope[..., None] * jnp.log(ratio)), 0.0)


def media(params: Params, data: Data) -> GeoDate:
    """Sum of the channels' contributions, (geo, date), shares of mean sales."""
    return jnp.einsum("cg,cgt->gt", params.effect, response(adstocked(params, data), params))


def log_density(z: Vector, data: Data) -> Scalar:
    """Log posterior density of the vector with linear terms integrated out, up to a constant."""
    params = constrain(z, data)
    residual = data.residual - media(params, data)
    return log_prior(z, data) + log_marginal(data.linear, residual, params.noise)
