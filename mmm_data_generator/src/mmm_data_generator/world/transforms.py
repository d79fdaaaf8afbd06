"""Adstock and saturation, vectorised over any leading axes, geos and channels.

Adstock is a weighted sum over lags, so every type is a vector of lag weights. Saturation types
reduce to three shapes of spend relative to a pivot: ``hill`` z^p / (1 + z^p), ``tanh``
tanh(z artanh(1/2)), and ``power`` z^p. The pivot is the half-saturation point of the bounded
shapes. Weeks before the window have no spend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig

if TYPE_CHECKING:
    from mmm_data_generator.fields.shapes import (
        AnyWorldChannelCode,
        Decays,
        DecaysLag,
        Path,
        Series,
        SeriesDate,
        WorldGeoChannel,
        WorldGeoDateChannel,
        WorldGeoLagChannel,
    )


HILL, TANH, POWER = 0, 1, 2

_ARTANH_HALF = float(np.arctanh(0.5))


def lag_weights(
    config: AdstockConfig, n_periods: int, alpha: Decays | float | None = None
) -> DecaysLag:
    """Return the weights of lags 0, 1, ..., shape ``alpha.shape + (lag,)``.

    Parameters
    ----------
    config
        Type and parameters.
    n_periods
        Weeks of the window: the number of lags of an adstock without a last lag.
    alpha
        Decays that replace the configured one, for example one for each geo.
    """
    n_lags, p = config.l_max or n_periods, config.parameters
    lag = np.arange(n_lags, dtype=float)
    decay = np.asarray(p.get("alpha", 0.0) if alpha is None else alpha, dtype=float)[..., None]
    match config.type:
        case "geometric":  # Broadbent 1979
            weights = decay**lag
        case "delayed":  # Jin, Wang, Sun, Chan, Koehler 2017, eq. 2
            weights = decay ** ((lag - p["theta"]) ** 2)
        case "binomial":  # Google Meridian 2025: (1 - lag / L)^(1/alpha - 1)
            weights = (1 - lag / n_lags) ** (1 / decay - 1)
        case "weibull_cdf":  # Meta Robyn 2021: running product of survival probabilities
            survival = np.exp(-(((lag[:-1] + 1) / p["lam"]) ** p["k"]))
            weights = np.cumprod(np.concatenate([[1.0], survival]))
        case "weibull_pdf":  # Meta Robyn 2021: density, scaled to peak at 1
            t = (lag + 1) / p["lam"]
            density = t ** (p["k"] - 1) * np.exp(-(t ** p["k"]))
            weights = density / density.max()
        case _:
            weights = np.where(lag == 0, 1.0, 0.0)
    weights = np.broadcast_to(weights, (*decay.shape[:-1], n_lags))
    return weights / weights.sum(-1, keepdims=True) if config.normalize else weights.copy()


def adstock(spend: WorldGeoDateChannel, weights: WorldGeoLagChannel) -> WorldGeoDateChannel:
    """Carry spend over: ``out[t] = sum_l weights[l] * spend[t - l]``.

    Parameters
    ----------
    spend
        Shape (..., geo, date, channel).
    weights
        Shape (..., geo, lag, channel).
    """
    n = spend.shape[-2]
    out = weights[..., 0:1, :] * spend
    for lag in range(1, min(n, weights.shape[-2])):
        weight = weights[..., lag : lag + 1, :]
        # in a batch few worlds have long lags: leave the others out
        used = weight.any((-3, -2, -1))
        if used.all():
            out[..., lag:, :] += weight * spend[..., : n - lag, :]
        elif used.any():
            out[used, ..., lag:, :] += weight[used] * spend[used, ..., : n - lag, :]
    return out


def reach_and_frequency(impressions: Path, audience: Path) -> tuple[Path, Path]:
    """Return people reached, and impressions per person reached (0 where nobody is).

    Each impression falls on a random member of the audience, so a share ``exp(-impressions /
    audience)`` of it is missed.
    """
    # -expm1(-x) keeps its digits where few are reached
    reach = -audience * np.expm1(-impressions / audience)
    return reach, np.where(reach > 0, impressions / np.where(reach > 0, reach, 1.0), 0.0)


def adstock_transpose(
    values: WorldGeoDateChannel, weights: WorldGeoLagChannel
) -> WorldGeoDateChannel:
    """Apply the transpose of :func:`adstock`: ``out[t] = sum_l weights[l] * values[t + l]``."""
    return adstock(values[..., ::-1, :], weights)[..., ::-1, :]


def saturation_form(
    config: SaturationConfig, scale: Path, log_pivot: Path | float, log_power: Path | float
) -> tuple[int, Path, Path]:
    """Return (shape code, pivot in currency, power) of a saturation on spend over ``scale``.

    ``log_pivot`` and ``log_power`` are deviations of a geo from the configured parameters.
    """
    one = np.ones(np.broadcast_shapes(scale.shape, np.shape(log_pivot)))
    pivot, bend, p = scale * np.exp(log_pivot), np.exp(log_power), config.parameters
    match config.type:
        case "hill":  # Hill 1910; Jin et al. 2017, eq. 5
            return HILL, pivot * p["kappa"], one * p["slope"] * bend
        case "michaelis_menten":  # Michaelis, Menten 1913: z / (kappa + z)
            return HILL, pivot * p["kappa"], one
        case "logistic":  # PyMC-Marketing: (1 - exp(-lam z)) / (1 + exp(-lam z)) = tanh(lam z / 2)
            return TANH, pivot * 2 * _ARTANH_HALF / p["lam"], one
        case "tanh":  # tanh(z / c)
            return TANH, pivot * p["c"] * _ARTANH_HALF, one
        case "root":  # z^exponent; a geo varies the exponent
            return POWER, scale * one, np.minimum(p["exponent"] * bend * one, 1.0)
        case _:
            return POWER, scale * one, one


def spend_figure(spend: SeriesDate, scale: str) -> Series:
    """Return the figure of spend (..., date) by which a saturation measures it: see its ``scale``.

    A channel that never spends has 1.
    """
    active = spend > 0
    weeks = np.maximum(active.sum(-1), 1)
    match scale:
        case "max":
            value = spend.max(-1)
        case "mean":
            value = spend.mean(-1)
        case "mean_active":
            value = spend.sum(-1) / weeks
        case "median_active":
            rank = spend.shape[-1] - weeks + np.array([(weeks - 1) // 2, weeks // 2])
            ranked = np.moveaxis(np.sort(spend, axis=-1), -1, 0)
            value = np.take_along_axis(ranked, rank, axis=0).mean(0)
        case _:
            value = np.ones(spend.shape[:-1])
    return np.where(value > 0, value, 1.0)


#: Bounded curves have reached 1 to the last digit long before; its square is still a float.
SATURATED = 1e150


def saturate(
    x: WorldGeoDateChannel,
    kind: AnyWorldChannelCode,
    pivot: WorldGeoChannel,
    power: WorldGeoChannel,
) -> WorldGeoDateChannel:
    """Saturate ``x`` (..., geo, date, channel); ``pivot`` and ``power`` are (..., geo, channel).

    ``kind`` (..., channel) holds the shape codes.
    """
    return shaped(powered(x, pivot, power), kind)


def powered(
    x: WorldGeoDateChannel, pivot: WorldGeoChannel, power: WorldGeoChannel
) -> WorldGeoDateChannel:
    """Return ``(x / pivot)^power``, at most ``SATURATED``: steep curves are at their end there."""
    with np.errstate(over="ignore"):
        z = x / pivot[..., None, :]
        r = z if (power == 1).all() else z ** power[..., None, :]
    return np.minimum(r, SATURATED)


def shaped(r: WorldGeoDateChannel, kind: AnyWorldChannelCode) -> WorldGeoDateChannel:
    """Apply the shapes to ``r = (x / pivot)^power`` (..., geo, date, channel)."""
    kinds = np.unique(kind)
    if len(kinds) == 1:
        return _shape(r, int(kinds[0]))
    out = r.copy()
    where = np.broadcast_to(kind[..., None, None, :], r.shape)
    for code in kinds[kinds != POWER]:
        mask = where == code
        out[mask] = _shape(r[mask], int(code))
    return out


def _shape(r: Path, code: int) -> Path:
    if code == HILL:
        return 1.0 - 1.0 / (1.0 + r)
    return np.tanh(_ARTANH_HALF * r) if code == TANH else r
