"""A prior over worlds that agrees with what is published: returns, media share, carry-over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mmm_data_generator.rules import (
    Broken,
    Rule,
    checked,
    fail,
    number,
)
from mmm_data_generator.world_prior import WorldPrior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def _ranges(value: Any) -> tuple[tuple[float, float], ...]:
    """Allow a list of (low, high) decays."""
    one = number(at_least=0, below=1)
    try:
        pairs = [tuple(one(each) for each in pair) for pair in value]
    except TypeError:
        raise Broken(f" = {value!r}: must be a list of pairs (low, high)") from None
    if not pairs or any(len(pair) != 2 or pair[0] > pair[1] for pair in pairs):
        raise Broken(f" = {value!r}: must be a list of pairs (low, high), low <= high")
    return tuple(pairs)


@checked
class PublishedPrior(WorldPrior):
    r"""The law of ``WorldPrior`` but for three things, each as it is published.

    *Returns*. The ROAS of every channel over the window is ``LN(exp(roi_log_mean), roi_log_sd)``,
    independent over channels: LogNormal(0.2, 0.9), the default prior of Google Meridian.

    *Media share*. The share of expected sales that all channels have together is Beta with mean
    ``share_mean`` and standard deviation ``share_sd``: 0.4 and 0.2, as Meridian states it for
    total paid media, which makes it Beta(2, 3).

    *Carry-over*. Geometric decay per week, uniform on one of ``decay_ranges``, chosen with
    ``decay_chances``: 0.3 to 0.8 (TV), 0.1 to 0.4 (out-of-home, print, radio), 0 to 0.3
    (digital), from the guide to hyperparameters of Meta's Robyn.

    Spend, response curves, paths of coefficients, controls and seasons are those of
    ``WorldPrior``; the world is simulated first and then scaled: coefficients until every channel
    has its return, all else (baseline, controls, noise) by one factor until media has its share.
    Both hold exactly in every world. ``effect_median``, ``effect_sd`` and the level of base sales
    play no part; no world comes from ``time_varying``. See docs/priors.md.
    """

    time_varying_share: float = 0.0
    roi_log_mean: float = 0.2
    roi_log_sd: float = 0.9
    share_mean: float = 0.4
    share_sd: float = 0.2
    decay_ranges: tuple[tuple[float, float], ...] = ((0.3, 0.8), (0.1, 0.4), (0.0, 0.3))
    decay_chances: tuple[float, ...] = (0.3, 0.2, 0.5)

    RULES: ClassVar[dict[str, Rule]] = {
        **WorldPrior.RULES,
        "time_varying_share": number(at_least=0, at_most=0),
        "roi_log_mean": number(),
        "roi_log_sd": number(at_least=0),
        "share_mean": number(above=0, below=1),
        "share_sd": number(above=0, below=0.5),
        "decay_ranges": _ranges,
        "decay_chances": lambda value: tuple(number(at_least=0)(each) for each in value),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.share_sd**2 >= self.share_mean * (1 - self.share_mean):
            raise fail(
                self, "share_sd", f" = {self.share_sd}: too wide for share_mean {self.share_mean}"
            )
        chances = self.decay_chances
        if len(chances) != len(self.decay_ranges) or abs(sum(chances) - 1) > 1e-9:
            raise fail(self, "decay_chances", f" = {chances}: one for each of decay_ranges, sum 1")

    def draw_decays(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Draw decays per week."""
        kind = rng.choice(len(self.decay_ranges), size, p=self.decay_chances)
        low, high = np.array(self.decay_ranges).T
        return low[kind] + (high - low)[kind] * rng.random(size)

    def draw_roi(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Draw the return of each channel."""
        return np.exp(self.roi_log_mean + self.roi_log_sd * rng.standard_normal(size))

    def draw_share(self, rng: np.random.Generator, n: int) -> Array:
        """Draw the media share of each world."""
        m = self.share_mean
        total = m * (1 - m) / self.share_sd**2 - 1
        return rng.beta(m * total, (1 - m) * total, n)


def scales(arrays: Mapping[str, Array], roi: Array, share: Array) -> tuple[Array, Array]:
    """Return the factors that give worlds their returns and media shares.

    Parameters
    ----------
    arrays
        ``contribution`` and ``spend`` (world, geo, date, channel), ``baseline`` (world, geo,
        date) and ``control_contribution`` (world, geo, date, control) as they are.
    roi, share
        What they shall be, (world, channel) and (world,).

    Returns
    -------
    effect, base
        The factor of each coefficient (world, channel), and of everything else (world,).
    """
    sold, spend = arrays["contribution"].sum((1, 2)), arrays["spend"].sum((1, 2))
    media = (roi * spend).sum(1)
    baseline = arrays["baseline"].sum((1, 2))
    # controls that take nearly all sales away cannot be scaled into a share
    rest = np.maximum(baseline + arrays["control_contribution"].sum((1, 2, 3)), 0.1 * baseline)
    # a channel that earns nothing at all cannot be scaled
    effect = roi * spend / np.where(sold > 0, sold, 1.0)
    return effect, media * (1 - share) / share / rest
