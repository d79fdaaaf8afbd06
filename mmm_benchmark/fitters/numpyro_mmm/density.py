r"""The MMM as a log density of one unconstrained vector, linear terms integrated out.

    sales[g,t] / max = intercept[g] + sum_c sigma[c,g] h[c,g,t] + controls gamma + Fourier b[g] + e
    h = 1 / (1 + exp(-beta (a - lam))) - 1 / (1 + exp(beta lam)),   a = adstock of spend / max
    sigma[c,g] ~ InverseGamma with mean mu[c] and standard deviation s
    mu[c] ~ HalfNormal(prior scale),  s, beta[c], lam[c] ~ HalfNormal(1.5),  alpha[c] ~ Beta(1, 3)
    intercept[g] ~ N(mean, (2 sd)^2),  gamma ~ N(0, 2^2),  b ~ N(0, 1),  noise[g] ~ HalfNormal(2 sd)

The coordinates in which the density is taken are chosen so that it is near a normal one, with
tails that fall as fast; every change of variables carries its Jacobian, so the model is the one
above.

* ``level[c]``: the channel's effect at its typical spend, averaged over geos, in units of the
  precision to which the data know it. The data know it well, while asymptote and steepness alone
  trade off against one another.
* ``spread[c,:]``: deviations of log sigma from that level, divided by the width that s gives
  them on the log scale, but no more than the precision to which the data know them. So neither
  small nor large s makes a funnel (Papaspiliopoulos et al. 2007).
* ``beta[c]`` and ``lam[c]``: where the curve is so flat or rises so late that typical spend gets
  little of the asymptote, sigma = effect / saturation, an exponential of beta lam, runs into the
  prior of mu as into a wall. From where sigma equals the prior's scale, it grows slowly with
  both: slowly enough for a wall, and fast enough where s is large and sigma has a long tail.
* ``mean[c]``: from the inverse gamma law mu is normal about sigma where s is small, and log mu
  falls off exponentially where s is large. ``mu = unit softplus(mean / bend + ...)`` is both:
  its steps are near the local standard deviation everywhere. It is centred between sigma and
  zero, as the prior of mu has it.
* Positive numbers are ``softplus(bent(x))``, a decay is ``sigmoid(bent(x))``: near zero, where
  their priors are flat, a log or a logit would have an exponential tail.

Where effects move, sigma[c,g] is multiplied by exp(u[c,t]): a stationary Ornstein-Uhlenbeck path
shared by geos, mean reversion 0.05 a week, volatility[c] ~ HalfNormal(0.15) a week.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.nn import log_sigmoid, sigmoid, softplus
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.lags import lag_weights
from mmm_benchmark.fitters.jax_inference.laws import half_normal, log_inverse_gamma, ou_filter
from mmm_benchmark.fitters.jax_inference.linear import LinearBlock, linear_block, log_marginal
from mmm_benchmark.fitters.numpyro_mmm.prepare import Inputs, design
from mmm_benchmark.shapes.jax import (
    Broadcast,
    ChannelContrast,
    ChannelDate,
    ChannelGeo,
    ChannelGeoDateLag,
    DateDate,
    GeoContrast,
    GeoDate,
    PerChannel,
    PerGeo,
    Places,
    Scalar,
    Vector,
)
from mmm_data_generator.fields.parts import REVERSION

HALF_NORMAL_SCALE = 1.5
VOLATILITY_SCALE = 0.15  # per week, prior scale of its steps

#: Steps of a coordinate in which sigma grows by a factor of e, beyond the scale of its prior.
SOFTNESS = 1.25


class Data(NamedTuple):
    """What the density needs, as device arrays."""

    lagged: ChannelGeoDateLag
    residual: GeoDate  # sales less the prior mean of the intercept
    linear: LinearBlock
    sales_sd: PerGeo
    prior_scale: PerChannel
    typical_spend: PerChannel
    variation: PerChannel  # norm of spend's movement within a geo, multiples of typical spend
    contrasts: GeoContrast  # orthonormal, each column sums to zero
    path_filter: DateDate | None = None  # unit shocks to a path; None: effects do not move


class Params(NamedTuple):
    """Parameters; positive ones whose density is taken on the log scale are logs."""

    logit_alpha: PerChannel
    beta: PerChannel
    lam: PerChannel
    log_mu: PerChannel
    s: Scalar
    log_sigma: ChannelGeo
    noise: PerGeo
    volatility: PerChannel | None = None  # per week; None where effects do not move
    path: ChannelDate | None = None  # log multiplier of the effect

    @property
    def alpha(self) -> PerChannel:
        """Adstock decay, (channel,)."""
        return sigmoid(self.logit_alpha)


class Coordinates(NamedTuple):
    """Slices of the unconstrained vector."""

    alpha: PerChannel
    beta: PerChannel
    lam: PerChannel
    mean: PerChannel
    s: Scalar
    level: PerChannel
    spread: ChannelContrast
    noise: PerGeo
    volatility: Broadcast  # a channel, or empty where effects do not move
    shocks: Broadcast  # a channel and date, or empty


def device_data(given: Inputs, *, time_varying: bool = False) -> Data:
    """Put scaled data on the device, in the precision that JAX runs in."""
    geos = len(given.sales)
    basis = np.linalg.qr(np.concatenate([np.ones((geos, 1)), np.eye(geos)[:, 1:]], axis=1))[0]
    dates = given.sales.shape[1]

    def put(array: NDArray[np.floating]) -> Broadcast:
        return jnp.asarray(array, jnp.result_type(float))

    return Data(
        lagged=put(given.lagged),
        residual=put(given.sales - given.sales_mean[:, None]),
        linear=linear_block(*design(given)),
        sales_sd=put(given.sales_sd),
        prior_scale=put(given.prior_scale),
        typical_spend=put(given.typical_spend),
        variation=put(given.variation),
        contrasts=put(basis[:, 1:]),
        path_filter=put(ou_filter(dates, REVERSION)) if time_varying else None,
    )


def dimension(data: Data) -> int:
    """Length of the unconstrained vector."""
    return int(sum(_lengths(data)))


def _lengths(data: Data) -> list[int]:
    c, g, t = data.lagged.shape[:3]
    moving = [c, c * t] if data.path_filter is not None else [0, 0]
    return [c, c, c, c, 1, c, c * (g - 1), g, *moving]


def split(z: Places, data: Data) -> Coordinates:
    """Name the parts of the unconstrained vector."""
    c, g = data.lagged.shape[:2]
    parts = jnp.split(z, np.cumsum(_lengths(data))[:-1])
    at = Coordinates(*parts)
    shocks = at.shocks.reshape(c, -1)
    return at._replace(s=at.s[0], spread=at.spread.reshape(c, g - 1), shocks=shocks)


def start(data: Data) -> NDArray[np.float64]:
    """A plausible first position: small effects, half the variation unexplained."""
    c, g = data.lagged.shape[:2]
    parts = [[-0.8] * c, [0.8] * c, [0.0] * c, [0.0] * c, [0.0], [1.0] * c, [0.0] * (c * (g - 1))]
    known = np.concatenate([*parts, np.log(0.5 * np.asarray(data.sales_sd))])
    moving = np.zeros(dimension(data) - known.size)
    if data.path_filter is not None:
        moving[:c] = -1.0
    return np.concatenate([known, moving])


def constrain(z: Vector, data: Data) -> tuple[Params, Scalar]:
    """Parameters and the log Jacobian of the map from ``z`` to (logit alpha, beta, ..., log noise).

    Densities of sigma and mu are taken on the log scale, that of alpha on the logit scale.
    """
    at = split(z, data)
    to_be_positive = jnp.concatenate([at.beta, at.lam, at.level, at.s[None]])
    above_zero = positive(to_be_positive)
    steep, late, known, spread = jnp.split(above_zero, np.cumsum([len(at.beta)] * 3))
    s = HALF_NORMAL_SCALE * spread[0]
    known_to = jnp.exp(jnp.mean(at.noise)) / data.variation
    log_effect = jnp.log(known_to) + jnp.log(known)
    share = jnp.exp(log_effect) / data.prior_scale
    beta, log_steeper = steepness(at.beta, steep, 4 * share / data.typical_spend)
    risen = jnp.expm1(beta * data.typical_spend)
    log_late_odds, log_later = lateness(late, beta, jnp.log((1 + risen) / share))
    lam, late_odds = log_late_odds / beta, jnp.exp(log_late_odds)
    saturated = late_odds * risen / ((1 + risen + late_odds) * (1 + late_odds))
    centre = log_effect - jnp.log(saturated)  # log sigma of a typical geo
    geos = data.lagged.shape[1]
    log_mu, log_width = means(at.mean, centre, s, data)
    shape = 2 + jnp.exp(2 * centre) / s**2  # of the inverse gamma law of sigma
    scale = 1 / jnp.sqrt(shape + jnp.exp(2 * log_effect) / known_to**2)
    params = Params(
        logit_alpha=bent(at.alpha),
        beta=beta,
        lam=lam,
        log_mu=log_mu,
        s=s,
        log_sigma=centre[:, None] + scale[:, None] * (at.spread @ data.contrasts.T),
        noise=jnp.exp(at.noise),
    )
    log_jacobian = (
        jnp.sum(log_width + (geos - 1) * jnp.log(scale))
        + jnp.sum(log_steeper + log_later - jnp.log(known))
        + log_positive_slope(to_be_positive[len(at.beta) :])
        + jnp.sum(log_bent_slope(at.alpha))
    )
    if data.path_filter is not None:
        volatility = VOLATILITY_SCALE * positive(at.volatility)
        path = volatility[:, None] * (at.shocks @ data.path_filter.T)
        params = params._replace(volatility=volatility, path=path)
        # the prior of the shocks is that of the path: a linear map with a constant Jacobian
        log_jacobian += log_positive_slope(at.volatility) - 0.5 * jnp.sum(at.shocks**2)
    return params, log_jacobian


def means(
    x: PerChannel, centre: PerChannel, s: Scalar, data: Data
) -> tuple[PerChannel, PerChannel]:
    """Log of the mean of sigma's law, and the log of its own log slope in ``x``.

    ``centre`` is the log sigma of a typical geo.
    """
    geos = data.lagged.shape[1]
    squared = jnp.exp(2 * centre)
    ratio = squared / s**2
    shape = 2 + ratio  # of the inverse gamma law of sigma
    shift = jnp.log1p(1 / (1 + ratio)) + jnp.log1p(1 / (geos * shape))
    bend = np.sqrt(1 + 2 * geos)
    unit = bend / jnp.sqrt(geos / s**2 + data.prior_scale**-2)
    shrunk = 1 / (1 + squared / (geos * shape * data.prior_scale**2))
    middle = shrunk * jnp.exp(centre + shift) / unit
    mean = (middle + jnp.log(-jnp.expm1(-middle))) + x / bend
    log_mu = jnp.log(unit) + jnp.log(softplus(mean))
    log_width = jnp.log(unit / bend) + log_sigmoid(mean) - log_mu
    return log_mu, log_width


def steepness(x: PerChannel, steep: PerChannel, low: PerChannel) -> tuple[PerChannel, PerChannel]:
    """Beta, and the log of its slope in ``x``.

    ``HALF_NORMAL_SCALE * steep`` with ``steep = positive(x)`` where that is above ``low``; below,
    it falls by a factor of e every ``SOFTNESS``, so that sigma, which goes as 1 / beta there,
    grows by as much.
    """
    rest = low * jnp.exp(log_sigmoid(x) / SOFTNESS)
    slope = HALF_NORMAL_SCALE * sigmoid(bent(x)) * jnp.exp(log_bent_slope(x))
    return HALF_NORMAL_SCALE * steep + rest, jnp.log(slope + rest * sigmoid(-x) / SOFTNESS)


def lateness(
    late: PerChannel, beta: PerChannel, log_room: PerChannel
) -> tuple[PerChannel, PerChannel]:
    """``beta lam``, and the log of its slope in ``HALF_NORMAL_SCALE * beta * late``.

    Equal to that up to ``log_room``; above, sigma goes as ``exp(beta lam)``, and grows by no more
    than a factor of e every ``SOFTNESS`` of ``late``.
    """
    q = HALF_NORMAL_SCALE * beta * late
    rate = 1 / (1 + SOFTNESS * HALF_NORMAL_SCALE * beta)
    farthest = (1 - rate) * log_room
    rise, rest = jnp.exp(-q), jnp.exp(-rate * q - farthest)
    slope = (rise + rate * rest) / (rise + rest)
    return softplus(-farthest) - jnp.log(rise + rest), jnp.log(slope)


def bent(x: Broadcast) -> Broadcast:
    """``x`` where it is large, ``-x^2 / 4`` where it is far below zero: a normal tail."""
    return x - 0.25 * softplus(-x) ** 2


def log_bent_slope(x: Broadcast) -> Broadcast:
    """Log derivative of :func:`bent`."""
    return jnp.log1p(0.5 * softplus(-x) * sigmoid(-x))


def positive(x: Broadcast) -> Broadcast:
    """A positive number, ``x`` where it is large."""
    return softplus(bent(x))


def log_positive_slope(x: Broadcast) -> Scalar:
    """Log derivative of :func:`positive`, summed."""
    return jnp.sum(log_sigmoid(bent(x)) + log_bent_slope(x))


def log_density(z: Vector, data: Data) -> Scalar:
    """Log posterior density of ``z``, up to a constant."""
    params, log_jacobian = constrain(z, data)
    residual = data.residual - media(params, data)
    return (
        log_jacobian + log_prior(params, data) + log_marginal(data.linear, residual, params.noise)
    )


def log_prior(params: Params, data: Data) -> Scalar:
    """Log prior of (logit alpha, beta, lam, log mu, s, log sigma, log noise)."""
    moving = 0.0 if params.volatility is None else half_normal(params.volatility, VOLATILITY_SCALE)
    return (
        moving
        + jnp.sum(log_sigmoid(params.logit_alpha) + 3 * log_sigmoid(-params.logit_alpha))
        + half_normal(params.beta, HALF_NORMAL_SCALE)
        + half_normal(params.lam, HALF_NORMAL_SCALE)
        + half_normal(params.s, HALF_NORMAL_SCALE)
        + half_normal(jnp.exp(params.log_mu), data.prior_scale)
        + jnp.sum(params.log_mu)
        + jnp.sum(log_inverse_gamma(params.log_sigma, params.log_mu[:, None], params.s))
        + half_normal(params.noise, 2 * data.sales_sd)
        + jnp.sum(jnp.log(params.noise))
    )


def saturation(x: Broadcast, beta: Broadcast, lam: Broadcast) -> Broadcast:
    """Sigmoid through the origin, for an asymptote of one; by tanh, which costs less."""
    return 0.5 * (jnp.tanh(0.5 * beta * (x - lam)) + jnp.tanh(0.5 * beta * lam))


def media(params: Params, data: Data) -> GeoDate:
    """Sum of the channels' contributions, (geo, date), shares of largest sales."""
    a = jnp.einsum("cgtl,cl->cgt", data.lagged, lag_weights(params.alpha, data.lagged.shape[-1]))
    h = saturation(a, params.beta[:, None, None], params.lam[:, None, None])
    if params.path is not None:
        h = h * jnp.exp(params.path)[:, None]
    return jnp.einsum("cg,cgt->gt", jnp.exp(params.log_sigma), h)
