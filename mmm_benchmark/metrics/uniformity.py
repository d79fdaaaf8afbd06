"""Are ranks uniform? One test for a whole ECDF, and the band that belongs to it.

Of N independent ranks in {0, ..., L}, how many lie below j is Binomial(N, j / (L + 1)) when each
rank is as likely as any other. A pointwise band over all j would be left by chance somewhere; the
simultaneous one is as wide as it takes that a calibrated ECDF stays inside with the probability
asked for (Säilynoja, Bürkner & Vehtari 2022, section 2.2, by simulation).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.metrics.arrays import FloatArray

SIMULATED = 4000  # calibrated sets of ranks
STREAM = 0x0EC0F
PROBABILITY = 0.95  # that a calibrated ECDF stays inside the band


@dataclass(frozen=True)
class Uniformity:
    """An ECDF of ranks beside what uniform ranks would do.

    Attributes
    ----------
    at
        Where the ECDF is looked at, (1, ..., L) / (L + 1).
    ecdf, low, high
        Share of ranks below, and the ends of the simultaneous band; shape of ``at``.
    p_value
        Probability that calibrated ranks come as near to leaving their band as these.
    """

    at: FloatArray
    ecdf: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: float

    @property
    def distance(self) -> float:
        """Largest distance of the ECDF from uniform, in [0, 1]."""
        return float(np.abs(self.ecdf - self.at).max())


def uniformity(ranks: NDArray[np.integer], draws: int) -> Uniformity:
    """Compare independent ranks of truths among ``draws`` draws with uniform ones.

    Parameters
    ----------
    ranks
        Shape ``(worlds,)``, each in {0, ..., draws}.

    Raises
    ------
    ValueError
        When there is none, or one is out of range.
    """
    from scipy.stats import binom

    if ranks.size == 0 or ranks.min() < 0 or ranks.max() > draws:
        raise ValueError(f"ranks must be some whole numbers from 0 to {draws}")
    n = ranks.size
    at = np.arange(1, draws + 1) / (draws + 1)
    counts = np.searchsorted(np.sort(ranks), np.arange(1, draws + 1), side="left")
    least = calibrated_extremes(n, draws)
    own = float(tail(counts[None], n, at)[0])
    level = float(np.quantile(least, 1 - PROBABILITY))
    return Uniformity(
        at=at,
        ecdf=counts / n,
        low=binom.ppf(level / 2, n, at) / n,
        high=binom.isf(level / 2, n, at) / n,
        p_value=float((1 + (least <= own).sum()) / (1 + least.size)),
    )


def tail(counts: NDArray[np.integer], n: int, at: FloatArray) -> FloatArray:
    """The smallest two-sided binomial tail anywhere along each ECDF; shape ``(sets,)``."""
    from scipy.special import bdtr

    below, above = bdtr(counts, n, at), 1 - bdtr(counts - 1, n, at)
    # nothing lies below zero: bdtr is not defined there, and at least none always is
    above = np.where(counts == 0, 1.0, above)
    return np.minimum(1.0, 2 * np.minimum(below, above)).min(axis=-1)


@lru_cache(maxsize=64)
def calibrated_extremes(n: int, draws: int) -> FloatArray:
    """``tail`` of simulated sets of ``n`` uniform ranks; shape ``(SIMULATED,)``."""
    rng = np.random.default_rng(np.random.SeedSequence([STREAM, n, draws]))
    at = np.arange(1, draws + 1) / (draws + 1)
    found = [
        tail(
            np.cumsum(rng.multinomial(n, np.full(draws + 1, 1 / (draws + 1)), size=500), axis=1)[
                :, :-1
            ],
            n,
            at,
        )
        for _ in range(SIMULATED // 500)
    ]
    return np.concatenate(found)
