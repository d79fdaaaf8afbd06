r"""Log density of an MMM with Hill curves under a stated prior, linear terms integrated out.

    sales[g,t] / m[g] = intercept[g] + waves of the year + sum_c effect[c,g] h[c,g,t]
                        + controls gamma + e,          m[g] = mean sales of the geo
    h = a^s / (a^s + k^s),   a = adstock of spend over its mean while active, eight lags
    share[c] = contribution of the window over sales of the window

A number with a law of its own is tabulated as a function of a standard normal deviate (its
quantiles), so that every coordinate is N(0, 1) beforehand, whatever the prior, and one compiled
program serves all priors. The level of a channel is walked on the log of its share, which the data
know. Where the prior is one of sales at full saturation, its law is taken at that quantity.
Geos' effects stray by exp(N(0, geo_variation^2)); transforms are shared.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.nn import sigmoid
from numpy.typing import NDArray

from mmm_benchmark.errors import UserError
from mmm_benchmark.fitters.common.lags import lag_tensor, lag_weights
from mmm_benchmark.fitters.common.structure import L_MAX, fourier
from mmm_benchmark.fitters.jax_inference.laws import half_normal
from mmm_benchmark.fitters.jax_inference.linear import LinearBlock, linear_block, log_marginal
from mmm_benchmark.priors import numbers
from mmm_benchmark.priors.prior import Prior, check_channels
from mmm_benchmark.priors.units import units_of_spend
from mmm_benchmark.shapes.jax import (
    Broadcast,
    ChannelGeo,
    ChannelGeoDate,
    ChannelGeoDateLag,
    ChannelPoint,
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

CONTROL_SD = 1.0  # mean sales, at the control's largest value
NOTHING = 1e-30  # less adstock than this is none


class Table(NamedTuple):
    """A :class:`.numbers.Table` of every channel, on the device."""

    value: ChannelPoint
    slope: ChannelPoint


class Tables(NamedTuple):
    """Quantiles by channel."""

    decay: Table  # logit
    half_saturation: Table  # log, multiples of mean spend while active
    slope: Table  # log
    level: Table  # log share; or any rising line where the effect's law is elsewhere


class Data(NamedTuple):
    """What the density needs, as device arrays."""

    lagged: ChannelGeoDateLag  # multiples of mean spend while active
    residual: GeoDate  # multiples of mean sales, less one
    linear: LinearBlock
    weight: PerGeo  # share of all sales
    tables: Tables
    at_full: PerChannel  # 1 where the law is that of sales at full saturation
    full_mean: PerChannel  # of its logarithm
    full_sd: PerChannel
    noise: Scalar  # scale of its half-normal law
    geo_variation: Scalar


class Design(NamedTuple):
    """The linear part in plain numpy, and the scales that bring answers back to currency."""

    own: GeoDateColumn  # scaled by prior sd
    controls: GeoDateControl  # scaled by prior sd
    sales: PerGeo  # mean sales, currency per week
    active: GeoChannel  # mean spend while active


class Params(NamedTuple):
    """Unknowns on their natural scale."""

    decay: PerChannel
    half_saturation: PerChannel
    slope: PerChannel
    effect: ChannelGeo  # multiples of the geo's mean sales
    noise: PerGeo


def design(observed: xr.Dataset, prior: Prior) -> Design:
    """Scale sales, spend and controls; lay out the columns of the linear part."""
    sales = observed["sales"].transpose("geo", "date").to_numpy().mean(axis=1)
    spend = observed["spend"].transpose("geo", "channel", "date").to_numpy()
    controls = observed["controls"].transpose("geo", "date", "control").to_numpy()
    waves = prior.seasonality * fourier(observed["date"].dt.dayofyear.to_numpy())
    own = np.concatenate([np.ones((len(waves), 1)), waves], axis=1)
    largest = np.abs(controls).max(axis=(0, 1), initial=0.0)
    return Design(
        own=np.repeat(own[None], len(sales), axis=0),
        controls=CONTROL_SD * controls / np.where(largest > 0, largest, 1.0),
        sales=sales,
        active=spend_figure(spend, "mean_active"),
    )


def prepare(observed: xr.Dataset, prior: Prior, plain: Design) -> Data:
    """Tabulate the prior in the units of these data, and put all on the device."""
    names = [str(name) for name in observed["channel"].values]
    check_channels(prior, names)
    spend = observed["spend"].transpose("channel", "geo", "date").to_numpy()
    unit = np.where(plain.active > 0, plain.active, 1.0).T[..., None]
    sales = observed["sales"].transpose("geo", "date").to_numpy()
    per_spend = sales.sum() / np.maximum(spend.sum(axis=(1, 2)), 1e-30)
    each = [
        _channel_tables(prior, name, units_of_spend(spend[c]), float(per_spend[c]))
        for c, name in enumerate(names)
    ]
    dtype = jnp.result_type(float)

    def put(values: object) -> Broadcast:
        return jnp.asarray(np.asarray(values, float), dtype)

    stacked = [
        Table(*(put([tables[i][part] for tables, *_ in each]) for part in range(2)))
        for i in range(4)
    ]
    at_full, full_mean, full_sd = (put([row[i] for row in each]) for i in (1, 2, 3))
    return Data(
        lagged=put(lag_tensor(spend / unit, L_MAX)),
        residual=put(sales / plain.sales[:, None] - 1.0),
        linear=linear_block(plain.own, plain.controls),
        weight=put(plain.sales / plain.sales.sum()),
        tables=Tables(*stacked),
        at_full=at_full,
        full_mean=full_mean,
        full_sd=full_sd,
        noise=put(prior.noise),
        geo_variation=put(prior.geo_variation),
    )


def _channel_tables(
    prior: Prior, name: str, units: dict[str, float], per_spend: float
) -> tuple[tuple[numbers.Table, ...], float, float, float]:
    law = prior.of(name)
    at_full = law.effect_is == "effect"
    mean, sd = numbers.log_moments(law.effect, "log")
    if at_full:
        if law.effect.kind != "lognormal":
            raise UserError(
                f"prior: effect of '{name}' must be lognormal; say roas or share for another law"
            )
        # a line wide enough for any share: the law itself is taken at full saturation
        level = numbers.table(mean - 1.0 + max(sd, 1.0) * numbers.deviates())
    else:
        level = numbers.quantile_table(law.effect, "log")
        shift = -np.log(per_spend) if law.effect_is == "roas" else 0.0
        level = level._replace(value=level.value + shift)
    half = numbers.rescaled(law.half_saturation, units)
    tables = (
        numbers.quantile_table(law.adstock_decay, "logit"),
        numbers.quantile_table(half, "log"),
        numbers.quantile_table(law.slope, "log"),
        level,
    )
    return tables, float(at_full), mean, sd


def lengths(data: Data) -> list[int]:
    """Sizes of the vector's parts: decay, half-saturation, slope, level, noise, geos."""
    c, g = data.lagged.shape[:2]
    return [c, c, c, c, g, c * g if g > 1 else 0]


def dimension(data: Data) -> int:
    """Length of the unconstrained vector."""
    return sum(lengths(data))


def start(data: Data) -> Vector:
    """A plausible first position: the middle of the prior, a tenth of sales unexplained."""
    c, g, *_ = data.lagged.shape
    flat = np.zeros(dimension(data))
    flat[4 * c : 4 * c + g] = np.log(0.1)
    return flat


def read(table: Table, u: PerChannel) -> PerChannel:
    """The tabulated function at ``u``, a cubic between its points."""
    step = 2 * numbers.REACH / (numbers.STEPS - 1)
    at = (jnp.clip(u, -numbers.REACH, numbers.REACH) + numbers.REACH) / step
    i = jnp.clip(jnp.floor(at), 0, numbers.STEPS - 2).astype(int)
    t = at - i
    c = jnp.arange(len(u))
    left, right = table.value[c, i], table.value[c, i + 1]
    rise, fall = step * table.slope[c, i], step * table.slope[c, i + 1]
    return (
        left * (1 + 2 * t) * (1 - t) ** 2
        + rise * t * (1 - t) ** 2
        + right * t**2 * (3 - 2 * t)
        - fall * t**2 * (1 - t)
    )


def constrain(z: Vector, data: Data) -> tuple[Params, ChannelGeoDate]:
    """Unknowns, and the response that they make."""
    params, h, _ = _unpacked(z, data)
    return params, h


def _unpacked(z: Vector, data: Data) -> tuple[Params, ChannelGeoDate, PerChannel]:
    c, g = data.lagged.shape[:2]
    decay, half, slope, level, noise, rest = jnp.split(z, np.cumsum(lengths(data))[:-1])
    rho = sigmoid(read(data.tables.decay, decay))
    log_k, s = read(data.tables.half_saturation, half), jnp.exp(read(data.tables.slope, slope))
    strays = data.geo_variation * rest.reshape(c, g) if g > 1 else jnp.zeros((c, g))
    h = response(adstocked(data.lagged, rho), log_k, s)
    mean = jnp.einsum("g,cg,cgt->c", data.weight, jnp.exp(strays), h) / h.shape[-1]
    log_full = read(data.tables.level, level) - jnp.log(jnp.maximum(mean, NOTHING))
    params = Params(rho, jnp.exp(log_k), s, jnp.exp(log_full[:, None] + strays), jnp.exp(noise))
    return params, h, log_full


def adstocked(lagged: ChannelGeoDateLag, decay: PerChannel) -> ChannelGeoDate:
    """Adstocked spend."""
    return jnp.einsum("cgtl,cl->cgt", lagged, lag_weights(decay, lagged.shape[-1]))


def response(a: ChannelGeoDate, log_k: PerChannel, s: PerChannel) -> ChannelGeoDate:
    """Hill of adstocked spend (Hill 1910); zero stays zero."""
    some = a > NOTHING
    log_odds = s[:, None, None] * (jnp.log(jnp.where(some, a, 1.0)) - log_k[:, None, None])
    return jnp.where(some, sigmoid(log_odds), 0.0)


def media(params: Params, h: ChannelGeoDate) -> GeoDate:
    """Sum of the channels' contributions, multiples of the geo's mean sales."""
    return jnp.einsum("cg,cgt->gt", params.effect, h)


def log_density(z: Vector, data: Data) -> Scalar:
    """Log posterior density of the vector, up to a constant."""
    params, h, log_full = _unpacked(z, data)
    c, g = data.lagged.shape[:2]
    level = z[3 * c : 4 * c]
    others = jnp.concatenate([z[: 3 * c], z[4 * c + g :]])
    at_full = -0.5 * ((log_full - data.full_mean) / data.full_sd) ** 2
    log_prior = (
        -0.5 * jnp.sum(others**2)
        + jnp.sum(jnp.where(data.at_full > 0, at_full, -0.5 * level**2))
        + half_normal(params.noise, data.noise)
        + jnp.sum(jnp.log(params.noise))
    )
    residual = data.residual - media(params, h)
    return log_prior + log_marginal(data.linear, residual, params.noise)
