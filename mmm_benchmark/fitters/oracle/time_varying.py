r"""The exact posterior density of ``time_varying`` worlds.

The law and its symbols are those of
``mmm_data_generator.priors.time_varying.TimeVaryingPrior``. Every
unknown is written as a function of one vector whose prior is simple, so that where the data say
little the posterior is simple too:

* decay d, half-saturation k, slope s, sales S, share q, split w: standard normal coordinates, by
  the quantile function of their law (the split by the gamma variables that make it).
* weekly innovations of every path, in units of their ordinary standard deviation s:
  ``(1 - p) N(0, 1) + p N(0, 1 + r^2 / s^2)``, a density in closed form; the first week normal.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.nn import log_sigmoid, sigmoid
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.lags import lag_tensor, lag_weights
from mmm_benchmark.fitters.jax_inference.laws import ou_filter
from mmm_benchmark.shapes.jax import (
    Broadcast,
    ChannelDate,
    ChannelDateLag,
    ControlDate,
    DateDate,
    PerChannel,
    PerControl,
    PerDate,
    Scalar,
    SeriesDate,
    Vector,
)
from mmm_data_generator.world.transforms import spend_figure


class Law(NamedTuple):
    """Hyper-parameters of the prior, as numbers."""

    decay_a: float
    decay_b: float
    half_saturation_median: float
    half_saturation_sd: float
    slope_median: float
    slope_sd: float
    reversion: float
    volatility: float
    jump_probability: float
    jump_sd: float
    control_volatility: float
    control_jump_sd: float
    control_sd: float
    control_unit: float
    sales_median: float
    sales_sd: float
    share_low: float
    share_high: float
    split: float
    noise_share: float


class Data(NamedTuple):
    """What the density needs, as device arrays."""

    lagged: ChannelDateLag  # multiples of mean spend while active
    controls: ControlDate
    sales: PerDate  # currency per week
    path_filter: DateDate
    law: Law


class Params(NamedTuple):
    """Unknowns on the scale of the law's statement."""

    decay: PerChannel
    half_saturation: PerChannel  # multiples of mean spend while active
    slope: PerChannel
    sales: Scalar  # S, currency per week
    share: Scalar  # q
    weight: PerChannel  # gamma variables that make the split
    path: ChannelDate  # u
    control_level: PerControl  # b
    control_path: ControlDate  # g


def prepare(observed: xr.Dataset, family: dict[str, Any]) -> Data:
    """Put one geo's data on the device."""
    given = dict(family["prior"])
    l_max = int(given.pop("l_max"))
    law = Law(**given)
    spend = observed["spend"].isel(geo=0).transpose("channel", "date").to_numpy()
    active = spend_figure(spend, "mean_active")
    controls = observed["controls"].isel(geo=0).transpose("control", "date").to_numpy()
    dtype = jnp.result_type(float)
    return Data(
        jnp.asarray(lag_tensor(spend / active[:, None], l_max), dtype),
        jnp.asarray(controls, dtype),
        jnp.asarray(observed["sales"].isel(geo=0).to_numpy(), dtype),
        jnp.asarray(ou_filter(len(observed["date"]), law.reversion), dtype),
        law,
    )


def lengths(data: Data) -> list[int]:
    """Sizes of the parts of the vector, in order."""
    c, t = data.lagged.shape[:2]
    k = data.controls.shape[0]
    return [c, c, c, 1, 1, c, c * t, k, k * t]


def dimension(data: Data) -> int:
    """Length of the unconstrained vector."""
    return int(sum(lengths(data)))


def split(z: Vector, data: Data) -> Params:
    """Parts of the vector, each at the place of the unknown it makes."""
    t = data.lagged.shape[1]
    at = Params(*jnp.split(z, np.cumsum(lengths(data))[:-1]))
    return at._replace(
        sales=at.sales[0],
        share=at.share[0],
        path=at.path.reshape(-1, t),
        control_path=at.control_path.reshape(-1, t),
    )


def constrain(z: Vector, data: Data) -> Params:
    """Unknowns from the vector."""
    at, p = split(z, data), data.law
    u = p.volatility * at.path
    g = p.control_volatility * at.control_path
    return Params(
        decay=sigmoid(at.decay),
        half_saturation=p.half_saturation_median
        * jnp.exp(p.half_saturation_sd * at.half_saturation),
        slope=p.slope_median * jnp.exp(p.slope_sd * at.slope),
        sales=p.sales_median * jnp.exp(p.sales_sd * at.sales),
        share=p.share_low + (p.share_high - p.share_low) * sigmoid(at.share),
        weight=jnp.exp(at.weight),
        path=u @ data.path_filter.T,
        control_level=p.control_sd * at.control_level,
        control_path=g @ data.path_filter.T,
    )


def log_prior(z: Vector, data: Data) -> Scalar:
    """Log prior density of the vector, up to a constant."""
    at, p = split(z, data), data.law
    control_jump = p.control_jump_sd / p.control_volatility
    normal = (at.half_saturation, at.slope, at.sales, at.control_level)
    return (
        sum(-0.5 * jnp.sum(x**2) for x in normal)
        + jnp.sum(p.decay_a * log_sigmoid(at.decay) + p.decay_b * log_sigmoid(-at.decay))
        + log_sigmoid(at.share) + log_sigmoid(-at.share)
        + jnp.sum(p.split * at.weight - jnp.exp(at.weight))
        + _innovations(at.path, p.jump_probability, p.jump_sd / p.volatility)
        + _innovations(at.control_path, p.jump_probability, control_jump)
    )  # fmt: skip


def _innovations(
    e: SeriesDate, jump_probability: Broadcast | float, jump: Broadcast | float
) -> Scalar:
    """Log density of scaled innovations, (series, date), up to a constant."""
    wide = 1 + jump**2
    narrow_part = jnp.log1p(-jump_probability) - 0.5 * e[:, 1:] ** 2
    wide_part = jnp.log(jump_probability / jnp.sqrt(wide)) - 0.5 * e[:, 1:] ** 2 / wide
    first = -0.5 * jnp.sum(e[:, 0] ** 2) / (1 + jump_probability * jump**2)
    return first + jnp.sum(jnp.logaddexp(narrow_part, wide_part))


def response(a: ChannelDate, params: Params) -> ChannelDate:
    """Hill of adstocked spend ``a`` (channel, date) over its half-saturation; zero stays zero."""
    ratio = jnp.where(a > 0, a, 1.0) / params.half_saturation[:, None]
    return jnp.where(a > 0, sigmoid(params.slope[:, None] * jnp.log(ratio)), 0.0)


def adstocked(params: Params, data: Data) -> ChannelDate:
    """Adstocked spend, (channel, date), multiples of mean spend while active."""
    weights = lag_weights(params.decay, data.lagged.shape[-1])
    return jnp.einsum("ctl,cl->ct", data.lagged, weights)


def parts(params: Params, data: Data) -> tuple[ChannelDate, ControlDate]:
    """Contributions (channel, date) and control coefficients (control, date), over S."""
    moving = jnp.exp(params.path) * response(adstocked(params, data), params)
    split_ = params.weight / jnp.sum(params.weight)
    media = params.share * split_[:, None] * moving / jnp.mean(moving, axis=1, keepdims=True)
    gamma = data.law.control_unit * (params.control_level[:, None] + params.control_path)
    return media, gamma


def expected(params: Params, media: ChannelDate, gamma: ControlDate, data: Data) -> PerDate:
    """Expected sales over S, (date,); its mean over the window is one by construction."""
    effect = jnp.sum(gamma * data.controls, axis=0)
    return 1 - params.share + jnp.sum(media, axis=0) + effect - jnp.mean(effect)


def standard_residual(z: Vector, data: Data) -> PerDate:
    """Residual in units of the noise, (date,)."""
    params = constrain(z, data)
    mean = expected(params, *parts(params, data), data)
    return (data.sales / params.sales - mean) / data.law.noise_share


def paths(data: Data) -> NDArray[np.intp]:
    """Places in the vector of all innovations, (series, date), channels first."""
    sizes = lengths(data)
    t = data.lagged.shape[1]
    start = np.concatenate([[0], np.cumsum(sizes)])
    names = [Params._fields.index(name) for name in ("path", "control_path")]
    return np.concatenate([np.arange(start[k], start[k + 1]).reshape(-1, t) for k in names])


def log_density(z: Vector, data: Data) -> Scalar:
    """Log posterior density of the vector, up to a constant."""
    params = constrain(z, data)
    loss = 0.5 * jnp.sum(standard_residual(z, data) ** 2)
    return log_prior(z, data) - loss - len(data.sales) * jnp.log(params.sales)
