"""R-hat and effective sample size of many series at once.

The estimators of Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021, doi:10.1214/20-BA1221), as
``arviz_stats`` computes them one series after another; tests hold both equal. Here all series go
through each step together, since a fit diagnoses four hundred and more.

Series are ``(series, chain, draw)``, finite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        PerSeries,
        SeriesChainDraw,
    )

type Array = NDArray[np.float64]


def rhat(values: SeriesChainDraw) -> PerSeries:
    """Rank-normalised split R-hat, the larger of bulk and tail, (series,)."""
    halves = split_chains(values)
    folded = np.abs(halves - np.median(halves, axis=(1, 2), keepdims=True))
    return np.maximum(_rhat(rank_normalised(halves)), _rhat(rank_normalised(folded)))


def ess_bulk(values: SeriesChainDraw) -> PerSeries:
    """Effective sample size of the rank-normalised series, (series,)."""
    return ess(rank_normalised(split_chains(values)))


def ess_tail(values: SeriesChainDraw, low: float = 0.05, high: float = 0.95) -> PerSeries:
    """The smaller of the effective sample sizes of two quantiles, (series,)."""
    quantiles = np.quantile(values, (low, high), axis=(1, 2))[..., None, None]
    both = [ess(split_chains((values <= q).astype(float))) for q in quantiles]
    return np.minimum(*both)


def ess_mean(values: SeriesChainDraw) -> PerSeries:
    """Effective sample size of the mean, (series,)."""
    return ess(split_chains(values))


def split_chains(values: SeriesChainDraw) -> Array:
    """Both halves of every chain as chains of their own; a middle draw is left out."""
    half = values.shape[-1] // 2
    return np.concatenate([values[..., :half], values[..., -half:]], axis=1)


def rank_normalised(values: SeriesChainDraw) -> SeriesChainDraw:
    """Normal scores of the ranks within each series (Blom 1958); ties share their mean rank."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    flat = values.reshape(len(values), -1)
    ranks = rankdata(flat, method="average", axis=1)
    return np.asarray(ndtri((ranks - 3 / 8) / (flat.shape[1] + 1 / 4))).reshape(values.shape)


def ess(chains: SeriesChainDraw) -> PerSeries:
    """Effective sample size of the mean of ``(series, chain, draw)``, (series,).

    Autocorrelations over all chains, summed by Geyer's (1992) initial monotone sequence: pairs of
    lags (2k, 2k + 1), none larger than the one before, up to the first whose sum is not positive.
    """
    series, n_chains, n = chains.shape
    covariance = autocovariance(chains).mean(axis=1)  # (series, lag)
    within = covariance[:, 0] * n / (n - 1)
    total = within * (n - 1) / n
    if n_chains > 1:
        total = total + chains.mean(axis=2).var(axis=1, ddof=1)
    rho = 1 - (within[:, None] - covariance) / total[:, None]
    rho[:, 0] = 1.0
    even, odd = rho[:, 0 : n - n % 2 : 2], rho[:, 1::2]
    pairs = even + odd
    last = max(0, -((4 - n) // 2))  # pairs are looked at while lags are left
    ended = pairs[:, : last + 1] <= 0
    ended[:, last] = True
    end = ended.argmax(axis=1)
    before = np.arange(last) < end[:, None]
    falling = np.minimum.accumulate(pairs[:, :last], axis=1)
    rows = np.arange(series)
    at_end = even[rows, end]
    at_end = np.where((at_end > 0) | (pairs[rows, end] >= 0), at_end, 0.0)
    size = n_chains * n
    tau = -1 + 2 * np.where(before, falling, 0.0).sum(axis=1) + at_end
    still = np.ptp(chains, axis=(1, 2)) < np.finfo(float).resolution
    return np.where(still, size, size / np.maximum(tau, 1 / np.log10(size)))


def autocovariance(chains: SeriesChainDraw) -> SeriesChainDraw:
    """Autocovariance at every lag of the last axis, by the fast Fourier transform."""
    from scipy.fft import irfft, next_fast_len, rfft

    n = chains.shape[-1]
    m = next_fast_len(2 * n)
    spectrum = rfft(chains - chains.mean(axis=-1, keepdims=True), n=m, axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(irfft(power, n=m, axis=-1)[..., :n]) / n


def _rhat(chains: SeriesChainDraw) -> PerSeries:
    """R-hat of ``(series, chain, draw)`` as it is (Gelman & Rubin 1992)."""
    n = chains.shape[-1]
    between = n * chains.mean(axis=2).var(axis=1, ddof=1)
    within = chains.var(axis=2, ddof=1).mean(axis=1)
    return np.asarray(np.sqrt((between / within + n - 1) / n))
