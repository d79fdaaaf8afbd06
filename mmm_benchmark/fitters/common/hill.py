"""Geometric adstock and Hill saturation in numpy, with the derivatives a gradient needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        Broadcast,
        BySeriesDate,
        ChannelGeoDate,
        PerChannel,
        Reduced,
        RestDate,
        RestSeries,
    )


#: Below this many multiples of mean spend a channel counts as silent; keeps log(spend) finite.
SILENCE = 1e-40
#: Weights of past weeks below this are beyond float64 beside the week's own.
NEGLIGIBLE = 1e-18


def geometric_sum(spend: RestDate, decay: RestSeries | float) -> BySeriesDate:
    """Carry spend over: y[t] = spend[t] + decay * y[t - 1], without end, from y[-1] = 0.

    Geometric adstock (Broadbent, 1979, "One way TV advertisements work") as a linear recurrence,
    solved in log2(weeks) vectorised steps by doubling (Hillis & Steele, 1986,
    doi:10.1145/7902.7903), so that every series may have a decay of its own.

    Parameters
    ----------
    spend
        Shape (..., date).
    decay
        In [0, 1); broadcasts against ``spend[..., 0]``.
    """
    carried = np.array(spend, dtype=float)
    power = np.asarray(decay, dtype=float)[..., None]
    largest = float(power.max(initial=0.0))
    lag = 1
    while lag < carried.shape[-1] and largest > NEGLIGIBLE:
        carried[..., lag:] += power * carried[..., :-lag]
        power = power * power
        largest *= largest
        lag *= 2
    return carried


def geometric_adstock(spend: RestDate, decay: RestSeries | float) -> BySeriesDate:
    """Adstock whose weights sum to one: steady spend of s is an adstock of s."""
    return (1.0 - np.asarray(decay, dtype=float)[..., None]) * geometric_sum(spend, decay)


def hill(
    adstock: Broadcast, half_saturation: Broadcast | float, slope: Broadcast | float
) -> Reduced:
    """Saturation a^s / (k^s + a^s), in [0, 1) (Hill, 1910); zero where the adstock is zero.

    ``half_saturation`` has the unit of ``adstock``; both parameters broadcast against it.
    """
    return np.where(adstock > SILENCE, _hill(_log_odds(adstock, half_saturation, slope)), 0.0)


class HillGradient(NamedTuple):
    """Saturation and its derivatives, each shaped like the spend."""

    saturation: ChannelGeoDate
    by_logit_decay: ChannelGeoDate
    by_log_half_saturation: ChannelGeoDate
    by_log_slope: ChannelGeoDate


def hill_adstock_gradient(
    spend: ChannelGeoDate, decay: PerChannel, half_saturation: PerChannel, slope: PerChannel
) -> HillGradient:
    """Hill saturation of normalised geometric adstock, with derivatives in scaled parameters.

    Parameters
    ----------
    spend
        Shape (channel, geo, date), multiples of mean spend.
    decay, half_saturation, slope
        Shape (channel,); the decay in (0, 1), half-saturation in multiples of mean spend.
    """
    d = decay[:, None, None]
    k = half_saturation[:, None, None]
    s = slope[:, None, None]
    carried = geometric_sum(spend, decay[:, None])
    lagged = np.zeros_like(carried)
    lagged[..., 1:] = carried[..., :-1]
    d_carried = geometric_sum(lagged, decay[:, None])

    a = np.maximum((1.0 - d) * carried, SILENCE)
    x = _log_odds(a, k, s)
    h = _hill(x)
    dh_dx = h * (1.0 - h)
    da_dz = ((1.0 - d) * d_carried - carried) * d * (1.0 - d)  # z = logit(d)
    return HillGradient(h, dh_dx * s * da_dz / a, -dh_dx * s, dh_dx * x)


def _log_odds(
    adstock: Broadcast, half_saturation: Broadcast | float, slope: Broadcast | float
) -> Reduced:
    return slope * (np.log(np.maximum(adstock, SILENCE)) - np.log(half_saturation))


def _hill(log_odds: Reduced) -> Reduced:
    return 1.0 / (1.0 + np.exp(-log_odds))
