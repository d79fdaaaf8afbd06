r"""The exact posterior density of ``published`` worlds: one geo, effects that stay.

The law is that of ``PublishedPrior`` and ``presets/cells.py``. With S the mean of expected sales,
q media's share, T weeks, m_c a channel's sales over the window and b the base sales rate:

    expected[t] = sum_c m_c h[c,t] / sum_t h[c,t]
                  + b (1 + tau t/T + A wave[t] + sum_k e_k x[k,t] / (f l_k))
    h = a^s / (a^s + k^s)         log(m_c / spend_c) ~ N(mean, sd^2)       q ~ Beta
    b = S (1 - q) / mean of the bracket          noise^2 = var(expected) (1 - R2) / R2, R2 ~ Beta
    tau ~ N(0, 0.2^2)      A ~ U(0, season), phase uniform: a function of two normals
    e_k: log-normal, or with a chance negative and no less than a bound

Every number with a law of its own is a function of a standard normal deviate. Returns and share
are walked on what the data know: log S, the logit of q, and the logs of the ratios of the m_c; the
change of variables has determinant 1. A curve comes from one of several laws: ``kinds`` says which
and is not walked but exchanged (:mod:`.kinds`). A law with a fixed slope has a stand-in, whose only
use is that a curve can leave it. Where a law has channels without effect, any set of so many is as
likely. ``kinds`` says which too; these keep a would-be return, which brings nothing, and the parts
are shares of those that sell.

A control's level l_k is the mean of the law that its values were drawn around, b f the base sales
rate of the law, f the size of the geo: LN with mean 1 and a variation that is uniform. Values while
active are known, so log l_k is known but for the geo's own deviation and the error of a mean, taken
as normal, by differences of neighbours.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.nn import log_sigmoid, log_softmax, logsumexp, sigmoid
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.lags import lag_tensor
from mmm_benchmark.fitters.published_mmm import tables
from mmm_benchmark.shapes.jax import (
    Broadcast,
    ChannelDate,
    ChannelDateLag,
    ChannelPoint,
    ControlDate,
    PerChannel,
    PerControl,
    PerDate,
    Residuals,
    Scalar,
    Vector,
)
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR
from mmm_data_generator.world.transforms import spend_figure

type Array = NDArray[np.float64]

NOTHING = 1e-30  # less adstock than this is none
#: Standard deviation of the log slope that stands in for a fixed one.
STAND_IN = 0.25
SALES_STEP = 0.1  # of log S, for one unit of its coordinate
FLOOR = 0.1  # of the baseline, what controls leave of it at least


class Curves(NamedTuple):
    """The laws that a curve may come from."""

    log_chance: Broadcast  # (law,)
    fixed: Broadcast  # (law,), 1 where the slope is known
    slope: Broadcast  # (law, point), log
    half_saturation: Broadcast  # (law, channel, point), log, multiples of the largest spend


class Data(NamedTuple):
    """What the density needs, as device arrays."""

    lagged: ChannelDateLag  # shares of the largest weekly spend
    spend: PerChannel  # log of the window's total over (weeks times mean sales)
    sales: PerDate  # multiples of mean sales
    controls: ControlDate  # multiples of the mean while active
    level_error: PerControl  # sd of the log of a control's level, its mean while active known
    size: Broadcast  # (point,), variation of a geo's size
    waves: Broadcast  # (2, date), sine and cosine of the year
    week: PerDate  # t / T
    decay: ChannelPoint  # log
    peak: Broadcast  # (channel, point), weeks; (0, point) where no adstock has a later peak
    delayed: Broadcast  # (channel,)
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

    decay: PerChannel
    half_saturation: PerChannel  # multiples of the largest weekly spend
    slope: PerChannel
    roas: PerChannel  # of a channel without effect: what it would have been
    sales: Scalar  # S, multiples of mean sales
    share: Scalar
    r2: Scalar
    trend: Scalar
    wave: Broadcast  # (2,), of the base sales rate
    control: PerControl  # of the base sales rate at the control's mean while active
    sells: PerChannel | float = 1.0  # 0 without effect


class World(NamedTuple):
    """What the unknowns make, multiples of mean sales."""

    coefficient: PerChannel
    contribution: ChannelDate
    baseline: PerDate
    control_contribution: ControlDate
    noise: Scalar

    @property
    def expected(self) -> PerDate:
        """Sales without noise."""
        return self.contribution.sum(0) + self.baseline + self.control_contribution.sum(0)


def prepare(observed: xr.Dataset, family: dict[str, Any]) -> Data:
    """Tabulate the law in the units of these data, and put all on the device."""
    spend = observed["spend"].isel(geo=0).transpose("channel", "date").to_numpy()
    sales = observed["sales"].isel(geo=0).to_numpy()
    values = observed["controls"].isel(geo=0).transpose("control", "date").to_numpy()
    most, weeks = spend.max(axis=1), len(sales)
    level, error = _levels(values)
    decay, peak = _carry_over(family["carry_over"])
    return Data(
        lagged=put(lag_tensor(spend / most[:, None], min(int(family["l_max"]), weeks))),
        spend=put(np.log(spend.sum(axis=1) / sales.sum())),
        sales=put(sales / sales.mean()),
        controls=put(values / level[:, None]),
        level_error=put(np.hypot(error, _log_sd(family["level_variation"]))),
        decay=put(np.log(np.maximum(decay, 1e-9))),
        peak=put(peak if peak.any() else peak[:0]),
        delayed=put(peak.any(axis=1)),
        curves=Curves(*(put(part) for part in _curves(family["curves"], spend))),
        **of_company(family, weeks),
    )


def put(given: object) -> Broadcast:
    """An array on the device, in the precision that is on."""
    return jnp.asarray(np.asarray(given, float), jnp.result_type(float))


def of_company(family: dict[str, Any], weeks: int) -> dict[str, Any]:
    """What the law says of a company as a whole, however many geos it has."""
    from scipy.special import logit

    angle = 2 * np.pi * np.arange(weeks) / WEEKS_PER_YEAR
    a, b = family["r2"]
    return {
        "size": put(tables.quantiles({"uniform": family["size_variation"]})),
        "waves": put([np.sin(angle), np.cos(angle)]),
        "week": put(np.arange(weeks) / weeks),
        "control": put(tables.control_effects(family["control"], tuple(family["harm"]))),
        "returns": put(family["returns"]),
        "share": put(family["share"]),
        "r2": put(logit(tables.quantiles({"beta": [a, b]}, 1.0))),
        "trend": put(family["trend"]),
        "season": put(family["season"]),
        "without": put(np.zeros(family.get("without", 0))),
    }


def _log_sd(variation: Any) -> Any:
    """Standard deviation of the logarithm of a log-normal law with mean 1."""
    return np.sqrt(np.log1p(variation**2))


def _levels(values: Array) -> tuple[Array, Array]:
    """Mean of each control while active, and the standard error of its logarithm."""
    mean, error = np.ones(len(values)), np.zeros(len(values))
    for k, each in enumerate(values):
        on = each != 0
        if on.any():
            mean[k] = each[on].mean()
            steps = np.diff(each)[on[1:] & on[:-1]]
            step = np.mean(steps**2) / 2 if steps.size else each[on].var()
            error[k] = np.sqrt(step / on.sum()) / mean[k]
    return mean, error


def _carry_over(given: list[dict[str, Any]]) -> tuple[Array, Array]:
    """Quantiles of decay and of peak, (channel, point); no peak is zero."""
    decay = np.empty((len(given), tables.POINTS))
    peak = np.zeros_like(decay)
    for c, each in enumerate(given):
        if "decay" in each:
            decay[c] = tables.quantiles(each["decay"], 1.0)
            continue
        half_life = tables.quantiles(each["half_life"])
        decay[c] = 0.5 ** (1 / half_life ** (2 if "peak" in each else 1))
        if "peak" in each:
            peak[c] = tables.quantiles(each["peak"])
    return decay, peak


def _curves(given: list[dict[str, Any]], spend: Array) -> tuple[Array, ...]:
    """Chances, fixed slopes and quantiles of the laws of a curve."""
    slopes, halves, most = [], [], spend.max(axis=1)
    fixed = [isinstance(each["slope"], float) for each in given]
    for each, known in zip(given, fixed, strict=True):
        log_slope = np.log(tables.quantiles(each["slope"]))
        slopes.append(log_slope + (STAND_IN * tables.DEVIATES if known else 0.0))
        unit = spend_figure(spend, each["half_saturation"]["of"]) / most
        own = np.log(tables.quantiles(each["half_saturation"]))
        halves.append(own + np.log(unit)[:, None])
    chances = np.log([each["chance"] for each in given])
    return chances, np.array(fixed, float), np.array(slopes), np.array(halves)


#: Parts of the vector, in order.
PARTS = (
    *("decay", "peak", "slope", "half_saturation", "split", "sales", "share", "r2"),
    *("trend", "wave", "control", "level", "size"),
)


def lengths(data: Data) -> list[int]:
    """Sizes of :data:`PARTS`."""
    c, k = len(data.spend), len(data.level_error)
    return [c, len(data.peak), c, c, c - 1, 1, 1, 1, 1, 2, k, k, 2]


def dimension(data: Data) -> int:
    """Length of the vector."""
    return sum(lengths(data))


def split(z: Vector, data: Data) -> dict[str, Broadcast]:
    """Parts of the vector by name."""
    return dict(zip(PARTS, jnp.split(z, np.cumsum(lengths(data))[:-1]), strict=True))


_read_each = jax.vmap(tables.read)


def law_of(kinds: Broadcast, curves: Curves) -> Broadcast:
    """Which law each curve is of."""
    return kinds % len(curves.log_chance)


def sells(kinds: Broadcast, curves: Curves) -> PerChannel:
    """0 for a channel without effect, whose kind is that of its curve and the number of laws."""
    return jnp.where(kinds < len(curves.log_chance), 1.0, 0.0)


def log_slope(u: PerChannel, kinds: Broadcast, curves: Curves) -> PerChannel:
    """Logs of the slopes; a stand-in moves no slope that is fixed."""
    kind = law_of(kinds, curves)
    found = _read_each(curves.slope[kind], u)
    return jnp.where(curves.fixed[kind] > 0, found - STAND_IN * u, found)


def log_half(u: PerChannel, kinds: Broadcast, curves: Curves) -> PerChannel:
    """Logs of the half-saturations."""
    return _read_each(curves.half_saturation[law_of(kinds, curves), jnp.arange(len(u))], u)


def adstocked(decay: PerChannel, peak: Broadcast, data: Data) -> ChannelDate:
    """Adstocked spend, shares of the largest weekly spend."""
    lag = jnp.arange(data.lagged.shape[-1])
    power = jnp.broadcast_to(lag, (len(decay), len(lag)))
    if len(peak):
        power = jnp.where(data.delayed[:, None] > 0, (lag - peak[:, None]) ** 2, power)
    weights = decay[:, None] ** power
    weights = weights / weights.sum(-1, keepdims=True)
    return jnp.einsum("ctl,cl->ct", data.lagged, weights)


def response(a: ChannelDate, half: PerChannel, slope: PerChannel) -> ChannelDate:
    """Hill of adstocked spend; zero stays zero."""
    some = a > NOTHING
    ratio = jnp.log(jnp.where(some, a, 1.0)) - jnp.log(half)[:, None]
    return jnp.where(some, sigmoid(slope[:, None] * ratio), 0.0)


def media(z: Vector, kinds: Broadcast, data: Data) -> tuple[Params, ChannelDate]:
    """Unknowns, and the adstocked spend that they make."""
    at = split(z, data)
    logit_q, r2 = at["share"][0], sigmoid(tables.read(data.r2, at["r2"][0]))
    log_sales = SALES_STEP * at["sales"][0]
    parts, alive = log_parts(at["split"], kinds, data.curves, data.without)
    radius = jnp.sqrt(jnp.sum(at["wave"] ** 2) + 1e-12)
    decay = jnp.exp(_read_each(data.decay, at["decay"]))
    peak = _read_each(data.peak, at["peak"]) if len(data.peak) else data.peak[:, 0]
    control = jax.vmap(tables.read, (None, 0))(data.control, at["control"])
    params = Params(
        decay=decay,
        half_saturation=jnp.exp(log_half(at["half_saturation"], kinds, data.curves)),
        slope=jnp.exp(log_slope(at["slope"], kinds, data.curves)),
        roas=jnp.exp(log_sales + log_sigmoid(logit_q) + parts - data.spend),
        sales=jnp.exp(log_sales),
        share=sigmoid(logit_q),
        r2=r2,
        trend=data.trend * at["trend"][0],
        wave=-data.season * jnp.expm1(-0.5 * radius**2) * at["wave"] / radius,
        control=control * jnp.exp(data.level_error * at["level"] - _log_size(at["size"], data)),
        sells=alive,
    )
    return params, adstocked(decay, peak, data)


def log_parts(
    ratios: Vector, kinds: Broadcast, curves: Curves, without: Broadcast
) -> tuple[PerChannel, PerChannel | float]:
    """Logs of the channels' shares of media, and which of them sell."""
    ratios = jnp.concatenate([ratios, jnp.zeros(1)])
    if not len(without):
        return log_softmax(ratios), 1.0
    alive = sells(kinds, curves)
    return ratios - logsumexp(ratios, b=alive), alive


def _log_size(u: Vector, data: Data) -> Scalar:
    """Logarithm of the size of the geo, from its variation and its own deviate."""
    variance = jnp.log1p(tables.read(data.size, u[0]) ** 2)
    return jnp.sqrt(variance + 1e-12) * u[1] - 0.5 * variance


def world(params: Params, a: ChannelDate, data: Data) -> World:
    """The parts of expected sales, and the noise."""
    h = response(a, params.half_saturation, params.slope)
    weeks = len(data.sales)
    sold = params.roas * jnp.exp(data.spend) * weeks
    coefficient = params.sells * sold / jnp.maximum(h.sum(1), NOTHING)
    own = 1 + params.trend * data.week + params.wave @ data.waves
    controls = params.control[:, None] * data.controls
    rest = jnp.maximum(own.mean() + controls.sum(0).mean(), FLOOR * own.mean())
    base = params.sales * (1 - params.share) / rest
    made = World(coefficient, coefficient[:, None] * h, base * own, base * controls, jnp.ones(()))
    return made._replace(noise=made.expected.std() * jnp.sqrt((1 - params.r2) / params.r2))


def log_prior(z: Vector, kinds: Broadcast, params: Params, data: Data) -> Scalar:
    """Log prior density of the vector and the kinds, up to a constant."""
    at = split(z, data)
    own = ("split", "sales", "share")
    mean, sd = data.returns
    alpha, beta = data.share
    return (
        -0.5 * sum(jnp.sum(value**2) for name, value in at.items() if name not in own)
        - 0.5 * jnp.sum(((jnp.log(params.roas) - mean) / sd) ** 2)
        + alpha * log_sigmoid(at["share"][0]) + beta * log_sigmoid(-at["share"][0])
        + jnp.sum(data.curves.log_chance[law_of(kinds, data.curves)])
    )  # fmt: skip


def log_density(z: Vector, kinds: Broadcast, data: Data) -> Scalar:
    """Log posterior density of the vector and the kinds, up to a constant."""
    params, a = media(z, kinds, data)
    made = world(params, a, data)
    misfit = (data.sales - made.expected) / made.noise
    return (
        log_prior(z, kinds, params, data)
        - 0.5 * jnp.sum(misfit**2) - len(misfit) * jnp.log(made.noise)
    )  # fmt: skip


def standard_residual(z: Vector, given: tuple[Broadcast, Data]) -> Residuals:
    """Residuals whose squares curve as the log density does; the last is of the noise."""
    kinds, data = given
    made = world(*media(z, kinds, data), data)
    misfit = (data.sales - made.expected) / made.noise
    return jnp.append(misfit, jnp.sqrt(1.0 * len(misfit)) * jnp.log(made.noise))


def of_kinds(z: Vector, given: tuple[Broadcast, Data]) -> Scalar:
    """:func:`log_density` as searches for a mode take it."""
    return log_density(z, *given)
