r"""The exact posterior density of ``published`` worlds of several geos that differ.

As :mod:`.density`, whose laws and coordinates it takes; what is new is

    expected[g,t] = sum_c m_c w[g,c] h[g,c,t] / sum_gt w h
                    + b f_g (1 + tau t/T + A wave[t]) + b sum_k e_k x[g,k,t] / l_k
    w[g,c] = f_g LN(1, v_e)        log f_g ~ N(-s^2/2, s^2), s^2 = log(1 + u^2), u uniform
    noise[g] = nu f_g,  nu^2 sum_g f_g^2 = sum_g var_t(expected[g]) (1 - R2) / R2
    logit decay, log half-saturation and log slope of a geo: those of the channel + v_t N(0, 1)

Half-saturations are multiples of the geo's own spend. Sizes are walked on their logs, which the
data know; deviations of geos on standard normals.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.nn import log_sigmoid, sigmoid
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.lags import lag_tensor
from mmm_benchmark.fitters.published_mmm import density, tables
from mmm_benchmark.fitters.published_mmm.density import (
    FLOOR,
    NOTHING,
    SALES_STEP,
    Curves,
    law_of,
    log_half,
    log_parts,
    log_slope,
    put,
)
from mmm_benchmark.shapes.jax import (
    Broadcast,
    ChannelGeo,
    ChannelGeoDate,
    ChannelGeoDateLag,
    ChannelPoint,
    GeoDate,
    PerChannel,
    PerControl,
    PerDate,
    PerGeo,
    Residuals,
    Scalar,
    Vector,
)
from mmm_data_generator.world.transforms import spend_figure

type Array = NDArray[np.float64]

SIZE_STEP = 0.3  # of the log of a geo's size, for one unit of its coordinate


class Data(NamedTuple):
    """What the density needs, as device arrays."""

    lagged: ChannelGeoDateLag  # shares of the largest weekly spend of the geo
    spend: PerChannel  # log of the window's total over (geos times weeks times mean sales)
    sales: GeoDate  # multiples of mean sales
    controls: Broadcast  # (control, geo, date), multiples of the level
    level_error: PerControl  # sd of the log of a control's level
    size: Broadcast  # (point,), variation of the geos' sizes
    unit: Broadcast  # (law, channel, geo), log of a half-saturation's unit over its mean
    variation: Broadcast  # sd of the geos' log effects, and of their transforms
    waves: Broadcast  # (2, date), sine and cosine of the year
    week: PerDate  # t / T
    decay: ChannelPoint  # log
    curves: Curves
    control: Broadcast  # (point,)
    returns: Broadcast  # mean and sd of log ROAS
    share: Broadcast  # alpha, beta
    r2: Broadcast  # (point,), log odds
    trend: Scalar
    season: Scalar
    without: Broadcast  # (n,), as long as there are channels without effect


class Params(NamedTuple):
    """Unknowns on the scale of the law's statement."""

    decay: ChannelGeo
    half_saturation: ChannelGeo  # multiples of the geo's largest weekly spend
    slope: ChannelGeo
    effect: ChannelGeo  # over the channel's mean one, sizes not counted
    roas: PerChannel
    sales: Scalar  # S, multiples of mean sales
    share: Scalar
    r2: Scalar
    trend: Scalar
    wave: Broadcast  # (2,), of the base sales rate
    control: PerControl  # of the base sales rate at the control's level
    size: PerGeo
    spread: Scalar  # sd of the log sizes
    sells: PerChannel | float = 1.0


class World(NamedTuple):
    """What the unknowns make, multiples of mean sales."""

    coefficient: ChannelGeo
    contribution: ChannelGeoDate
    baseline: GeoDate
    control_contribution: Broadcast  # (control, geo, date)
    noise: PerGeo

    @property
    def expected(self) -> GeoDate:
        """Sales without noise."""
        return self.contribution.sum(0) + self.baseline + self.control_contribution.sum(0)


def prepare(observed: xr.Dataset, family: dict[str, Any]) -> Data:
    """Tabulate the law in the units of these data, and put all on the device."""
    spend = observed["spend"].transpose("channel", "geo", "date").to_numpy()
    sales = observed["sales"].transpose("geo", "date").to_numpy()
    values = observed["controls"].transpose("control", "geo", "date").to_numpy()
    most, weeks = spend.max(axis=2), sales.shape[1]
    most = np.where(most > 0, most, 1.0)
    level, error = _levels(values, density._log_sd(family["level_variation"]))
    decay, _ = density._carry_over(family["carry_over"])
    chance, fixed, slope, half, unit = _curves(family["curves"], spend, most)
    effects, transforms = family["geos"]
    return Data(
        lagged=put(lag_tensor(spend / most[..., None], min(int(family["l_max"]), weeks))),
        spend=put(np.log(spend.sum(axis=(1, 2)) / sales.sum())),
        sales=put(sales / sales.mean()),
        controls=put(values / level[:, None, None]),
        level_error=put(error),
        unit=put(unit),
        variation=put([density._log_sd(effects), transforms]),
        decay=put(np.log(np.maximum(decay, 1e-9))),
        curves=Curves(*(put(part) for part in (chance, fixed, slope, half))),
        **density.of_company(family, weeks),
    )


def _levels(values: Array, between: float) -> tuple[Array, Array]:
    """Level of each control (control, geo, date), and the standard error of its logarithm.

    The mean over geos of the logs of their own means while active, which stray ``between``.
    """
    means, errors = zip(*(density._levels(each) for each in values), strict=True)
    log_level = np.log(np.array(means)).mean(axis=1)
    variance = np.square(errors) + between**2
    return np.exp(log_level), np.sqrt(variance.sum(axis=1)) / values.shape[1]


def _curves(given: list[dict[str, Any]], spend: Array, most: Array) -> tuple[Array, ...]:
    """Chances, fixed slopes and quantiles of the laws of a curve, and each law's units by geo."""
    chance, fixed, slope, _ = density._curves(given, spend[:, 0])
    units = np.log([spend_figure(spend, each["half_saturation"]["of"]) / most for each in given])
    middle = units.mean(axis=2)
    own = np.array([np.log(tables.quantiles(each["half_saturation"])) for each in given])
    return chance, fixed, slope, own[:, None] + middle[..., None], units - middle[..., None]


#: Parts of the vector, in order.
PARTS = (
    *("decay", "slope", "half_saturation", "split", "sales", "share", "r2", "trend", "wave"),
    *("control", "level", "spread", "size"),
    *("effect", "of_decay", "of_half_saturation", "of_slope"),
)
#: Parts that have a law of their own; the others are standard normal.
OWN = ("split", "sales", "share", "size")


def lengths(data: Data) -> list[int]:
    """Sizes of :data:`PARTS`."""
    (c, g), k = data.lagged.shape[:2], len(data.level_error)
    return [c, c, c, c - 1, 1, 1, 1, 1, 2, k, k, 1, g, *[c * g] * 4]


def dimension(data: Data) -> int:
    """Length of the vector."""
    return sum(lengths(data))


def split(z: Vector, data: Data) -> dict[str, Broadcast]:
    """Parts of the vector by name."""
    return dict(zip(PARTS, jnp.split(z, np.cumsum(lengths(data))[:-1]), strict=True))


_read_each = jax.vmap(tables.read)


def adstocked(decay: ChannelGeo, data: Data) -> ChannelGeoDate:
    """Adstocked spend, shares of the largest weekly spend of the geo."""
    weights = decay[..., None] ** jnp.arange(data.lagged.shape[-1])
    weights = weights / weights.sum(-1, keepdims=True)
    return jnp.einsum("cgtl,cgl->cgt", data.lagged, weights)


def response(a: ChannelGeoDate, half: ChannelGeo, slope: ChannelGeo) -> ChannelGeoDate:
    """Hill of adstocked spend; zero stays zero."""
    some = a > NOTHING
    ratio = jnp.log(jnp.where(some, a, 1.0)) - jnp.log(half)[..., None]
    return jnp.where(some, sigmoid(slope[..., None] * ratio), 0.0)


def media(z: Vector, kinds: Broadcast, data: Data) -> tuple[Params, ChannelGeoDate]:
    """Unknowns, and the adstocked spend that they make."""
    at = split(z, data)
    c, g = data.lagged.shape[:2]
    kind = law_of(kinds, data.curves)
    varied = {
        name: data.variation[1] * at[f"of_{name}"].reshape(c, g)
        for name in ("decay", "half_saturation", "slope")
    }
    log_s = log_slope(at["slope"], kinds, data.curves)
    log_k = log_half(at["half_saturation"], kinds, data.curves)
    log_k = log_k[:, None] + data.unit[kind, jnp.arange(c)]
    log_decay = _read_each(data.decay, at["decay"])[:, None]
    logit_decay = log_decay - jnp.log(-jnp.expm1(log_decay))
    log_sales, logit_q = SALES_STEP * at["sales"][0], at["share"][0]
    parts, alive = log_parts(at["split"], kinds, data.curves, data.without)
    radius = jnp.sqrt(jnp.sum(at["wave"] ** 2) + 1e-12)
    spread = jnp.sqrt(jnp.log1p(tables.read(data.size, at["spread"][0]) ** 2) + 1e-12)
    between = data.variation[0]
    control = jax.vmap(tables.read, (None, 0))(data.control, at["control"])
    params = Params(
        decay=sigmoid(logit_decay + varied["decay"]),
        half_saturation=jnp.exp(log_k + varied["half_saturation"]),
        slope=jnp.exp(log_s[:, None] + varied["slope"]),
        effect=jnp.exp(between * at["effect"].reshape(c, g) - 0.5 * between**2),
        roas=jnp.exp(log_sales + log_sigmoid(logit_q) + parts - data.spend),
        sales=jnp.exp(log_sales),
        share=sigmoid(logit_q),
        r2=sigmoid(tables.read(data.r2, at["r2"][0])),
        trend=data.trend * at["trend"][0],
        wave=-data.season * jnp.expm1(-0.5 * radius**2) * at["wave"] / radius,
        control=control * jnp.exp(data.level_error * at["level"]),
        size=jnp.exp(SIZE_STEP * at["size"]),
        spread=spread,
        sells=alive,
    )
    return params, adstocked(params.decay, data)


def hold_curve(
    new: Vector, changed: Broadcast, z: Vector, kinds: Broadcast, c: Scalar, data: Data
) -> Vector:
    """``new`` with deviations at which each geo's curve of channel ``c`` is the one of ``z``."""

    def common(z: Vector, kinds: Broadcast) -> tuple[PerGeo, Scalar]:
        at = split(z, data)
        half = log_half(at["half_saturation"], kinds, data.curves)[c]
        unit = data.unit[law_of(kinds, data.curves)[c], c]
        return half + unit, log_slope(at["slope"], kinds, data.curves)[c]

    place = split(jnp.arange(new.size), data)
    for name, was, now in zip(
        ("of_half_saturation", "of_slope"), common(z, kinds), common(new, changed), strict=True
    ):
        at = place[name].reshape(data.unit.shape[1:])[c]
        new = new.at[at].add((was - now) / data.variation[1])
    return new


def world(params: Params, a: ChannelGeoDate, data: Data) -> World:
    """The parts of expected sales, and the noise of each geo."""
    h = response(a, params.half_saturation, params.slope)
    weight = params.effect * params.size
    sold = params.roas * jnp.exp(data.spend) * data.sales.size
    scale = params.sells * sold / jnp.maximum((weight[..., None] * h).sum((1, 2)), NOTHING)
    coefficient = scale[:, None] * weight
    own = params.size[:, None] * (1 + params.trend * data.week + params.wave @ data.waves)
    controls = params.control[:, None, None] * data.controls
    rest = jnp.maximum(own.mean() + controls.sum(0).mean(), FLOOR * own.mean())
    base = params.sales * (1 - params.share) / rest
    made = World(coefficient, coefficient[..., None] * h, base * own, base * controls, params.size)
    unexplained = made.expected.var(1).sum() * (1 - params.r2) / params.r2
    return made._replace(noise=params.size * jnp.sqrt(unexplained / jnp.sum(params.size**2)))


def log_prior(z: Vector, kinds: Broadcast, params: Params, data: Data) -> Scalar:
    """Log prior density of the vector and the kinds, up to a constant."""
    at = split(z, data)
    mean, sd = data.returns
    alpha, beta = data.share
    sizes = jnp.log(params.size) / params.spread + 0.5 * params.spread
    return (
        -0.5 * sum(jnp.sum(value**2) for name, value in at.items() if name not in OWN)
        - 0.5 * jnp.sum(((jnp.log(params.roas) - mean) / sd) ** 2)
        + alpha * log_sigmoid(at["share"][0]) + beta * log_sigmoid(-at["share"][0])
        - 0.5 * jnp.sum(sizes**2) - len(sizes) * jnp.log(params.spread)
        + jnp.sum(data.curves.log_chance[law_of(kinds, data.curves)])
    )  # fmt: skip


def log_density(z: Vector, kinds: Broadcast, data: Data) -> Scalar:
    """Log posterior density of the vector and the kinds, up to a constant."""
    params, a = media(z, kinds, data)
    made = world(params, a, data)
    misfit = (data.sales - made.expected) / made.noise[:, None]
    return (
        log_prior(z, kinds, params, data)
        - 0.5 * jnp.sum(misfit**2) - data.sales.shape[1] * jnp.sum(jnp.log(made.noise))
    )  # fmt: skip


def standard_residual(z: Vector, given: tuple[Broadcast, Data]) -> Residuals:
    """Residuals whose squares curve as the log density does; the last are of the noise."""
    kinds, data = given
    made = world(*media(z, kinds, data), data)
    misfit = (data.sales - made.expected) / made.noise[:, None]
    of_noise = jnp.sqrt(1.0 * data.sales.shape[1]) * jnp.log(made.noise)
    return jnp.concatenate([misfit.ravel(), of_noise])


def of_kinds(z: Vector, given: tuple[Broadcast, Data]) -> Scalar:
    """:func:`log_density` as searches for a mode take it."""
    return log_density(z, *given)
