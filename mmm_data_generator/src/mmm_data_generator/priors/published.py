"""A prior over worlds that agrees with what is published: returns, media share, carry-over."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import (
    Broken,
    Rule,
    checked,
    fail,
    number,
)
from mmm_data_generator.priors.base import Size
from mmm_data_generator.priors.parameters import SPEND_FIGURES, Parameters
from mmm_data_generator.priors.published_scaling import Target, scaled_parts, scaled_world
from mmm_data_generator.priors.simulate import simulate
from mmm_data_generator.priors.worlds import WorldPrior, shape
from mmm_data_generator.world.draw import plain_world
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Robyn's guide: exponent of the Hill curve, inflexion as a share of the largest spend.
ROBYN_ALPHA, ROBYN_GAMMA = (0.5, 3.0), (0.3, 1.0)
#: Meridian's default prior of ec_m: mean, sd, bounds; multiples of the median spend while active.
MERIDIAN_EC = (0.8, 0.8, 0.1, 10.0)
#: PyMC-Marketing's default priors of HillSaturation, slope and kappa alike, away from 0.
PYMC_HILL = (0.0, 1.5, 0.1, np.inf)
#: Hill curves near those of its HillSaturationSigmoid under default priors: mean and sd of the
#: logs of slope less 1, and of half-saturation over the largest spend.
SIGMOID_SLOPE, SIGMOID_HALF = (np.log(0.08), 1.1), (np.log(4.0), 0.5)


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
    r"""The law of ``WorldPrior`` but for five things, each as it is published.

    *Returns*. The ROAS of every channel over the window is ``LN(exp(roi_log_mean), roi_log_sd)``,
    independent over channels: LogNormal(0.2, 0.9), the default prior of Google Meridian. With
    ``roi_log_mean`` None channels split the media share as ``WorldPrior`` has it: for models that
    are blind to the unit of spend, to which a return says nothing.

    *Media share*. The share of expected sales that all channels have together is Beta with mean
    ``share_mean`` and standard deviation ``share_sd``: 0.4 and 0.2, as Meridian states it for
    total paid media, which makes it Beta(2, 3).

    *Carry-over*. Geometric decay per week, uniform on one of ``decay_ranges``, chosen with
    ``decay_chances``: 0.3 to 0.8 (TV), 0.1 to 0.4 (out-of-home, print, radio), 0 to 0.3
    (digital), from the guide to hyperparameters of Meta's Robyn.

    *Curves*. A channel's Hill curve is drawn, with ``curve_chances``, as one of four priors has it:
    Robyn's guide (slope U(0.5, 3), half-saturation U(0.3, 1) of the largest weekly spend);
    Meridian's defaults (slope 1, half-saturation N(0.8, 0.8^2) cut to 0.1 to 10 times the median
    spend while active); PyMC-Marketing's defaults for ``HillSaturation`` (slope and
    half-saturation both half-normal of scale 1.5, the latter of the largest weekly spend; below
    0.1 they are drawn again); or its defaults for ``HillSaturationSigmoid``, whose curves are
    lines nearly, some bent upwards: slope 1 + LN(0.08, 1.1), half-saturation LN(4, 0.5) of the
    largest weekly spend come near them. Each library has a third.

    *Noise*. Expected sales explain a share of the variance of each geo's sales that is Beta with
    mean ``r2_mean`` and standard deviation ``r2_sd``, one share for all geos of a world: 0.85 and
    0.1, since practice asks a model for an R2 of 0.8 to 0.95.

    Spend, paths of coefficients, controls and seasons are those of ``WorldPrior``; the world is
    simulated first and then scaled: coefficients until every channel has its return, all else by
    one factor until media has its share, noise until sales have their R2. These hold exactly in
    every world (the R2 with the noise's own variance, not that of its draw).
    ``effect_median``, ``effect_sd`` and the level of base sales play no part; no world comes from
    ``time_varying``. See docs/priors.md.
    """

    time_varying_share: float = 0.0
    roi_log_mean: float | None = 0.2
    roi_log_sd: float = 0.9
    share_mean: float = 0.4
    share_sd: float = 0.2
    decay_ranges: tuple[tuple[float, float], ...] = ((0.3, 0.8), (0.1, 0.4), (0.0, 0.3))
    decay_chances: tuple[float, ...] = (0.3, 0.2, 0.5)
    curve_chances: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 6, 1 / 6)
    r2_mean: float = 0.85
    r2_sd: float = 0.1

    RULES: ClassVar[dict[str, Rule]] = {
        **WorldPrior.RULES,
        "time_varying_share": number(at_least=0, at_most=0),
        "roi_log_mean": number(optional=True),
        "roi_log_sd": number(at_least=0),
        "share_mean": number(above=0, below=1),
        "share_sd": number(above=0, below=0.5),
        "decay_ranges": _ranges,
        "decay_chances": lambda value: tuple(number(at_least=0)(each) for each in value),
        "curve_chances": lambda value: tuple(number(at_least=0)(each) for each in value),
        "r2_mean": number(above=0, below=1),
        "r2_sd": number(above=0, below=0.5),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for sd, mean in (("share_sd", "share_mean"), ("r2_sd", "r2_mean")):
            m, s = getattr(self, mean), getattr(self, sd)
            if s**2 >= m * (1 - m):
                raise fail(self, sd, f" = {s}: too wide for {mean} {m}")
        for name, of, n in (
            ("decay_chances", "one for each of decay_ranges", len(self.decay_ranges)),
            ("curve_chances", "four, for Robyn, Meridian and two of PyMC-Marketing", 4),
        ):
            chances = getattr(self, name)
            if len(chances) != n or abs(sum(chances) - 1) > 1e-9:
                raise fail(self, name, f" = {chances}: {of}, sum 1")

    def draw_parameters(self, rng: np.random.Generator, n_worlds: int, size: Size) -> Parameters:
        """Draw as ``WorldPrior`` does, but carry-over and curves."""
        p = super().draw_parameters(rng, n_worlds, size)
        slope, half, figure = self.draw_curves(rng, p.slope.shape)
        decays = self.draw_decays(rng, p.alpha.shape)
        return replace(p, alpha=decays, slope=slope, half_saturation=half, figure=figure)

    def draw_plain(self, rng: np.random.Generator, n_worlds: int, size: Size) -> World:
        """Draw worlds and scale them."""
        p = self.draw_parameters(rng, n_worlds, size)
        world = simulate(rng, p, *shape(size)[2:])
        return scaled_world(world, p.noise, self.draw_target(rng, *p.alpha.shape))

    def plain_fields(self, rng: np.random.Generator, size: Size, seed: int) -> dict[str, Any]:
        """Draw a config and scale it."""
        fields = super().plain_fields(rng, size, seed)
        plan = SimpleNamespace(start_date=None, frequency="weekly", **fields)
        target = self.draw_target(rng, 1, len(plan.channels))
        return {**fields, **scaled_parts(plan, plain_world(plan, seed), target)}

    def draw_target(self, rng: np.random.Generator, n: int, channels: int) -> Target:
        """Draw the returns, media share and R2 of each world."""
        roi = self.draw_roi(rng, (n, channels))
        return Target(roi, self.draw_share(rng, n), self.draw_r2(rng, n))

    def draw_decays(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Draw decays per week."""
        kind = rng.choice(len(self.decay_ranges), size, p=self.decay_chances)
        low, high = np.array(self.decay_ranges).T
        return low[kind] + (high - low)[kind] * rng.random(size)

    def draw_curves(
        self, rng: np.random.Generator, size: tuple[int, ...]
    ) -> tuple[Array, Array, NDArray[np.int64]]:
        """Draw slopes, half-saturations, and the figure of spend that the latter are multiples of.

        The figure is an index of ``parameters.SPEND_FIGURES``.
        """
        source = rng.choice(4, size, p=self.curve_chances)
        slopes = [
            rng.uniform(*ROBYN_ALPHA, size),
            np.ones(size),
            _truncated_normal(rng, *PYMC_HILL, size),
            1 + np.exp(SIGMOID_SLOPE[0] + SIGMOID_SLOPE[1] * rng.standard_normal(size)),
        ]
        halves = [
            rng.uniform(*ROBYN_GAMMA, size),
            _truncated_normal(rng, *MERIDIAN_EC, size),
            _truncated_normal(rng, *PYMC_HILL, size),
            np.exp(SIGMOID_HALF[0] + SIGMOID_HALF[1] * rng.standard_normal(size)),
        ]
        figures = [SPEND_FIGURES.index(name) for name in ("max", "median_active", "max", "max")]
        return (
            np.choose(source, slopes),
            np.choose(source, halves),
            np.choose(source, figures).astype(np.int64),
        )

    def draw_roi(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array | None:
        """Draw the return of each channel; None leaves the split of ``WorldPrior``."""
        if self.roi_log_mean is None:
            return None
        return np.exp(self.roi_log_mean + self.roi_log_sd * rng.standard_normal(size))

    def draw_share(self, rng: np.random.Generator, n: int) -> Array:
        """Draw the media share of each world."""
        return _beta(rng, self.share_mean, self.share_sd, n)

    def draw_r2(self, rng: np.random.Generator, n: int) -> Array:
        """Draw the share of the variance of sales that expected sales explain."""
        return _beta(rng, self.r2_mean, self.r2_sd, n)


def _truncated_normal(
    rng: np.random.Generator, mean: float, sd: float, low: float, high: float, size: tuple[int, ...]
) -> Array:
    """Draw from N(mean, sd^2) between two bounds: draw again what lies outside."""
    x = mean + sd * rng.standard_normal(size)
    while (outside := (x < low) | (x > high)).any():
        x[outside] = mean + sd * rng.standard_normal(int(outside.sum()))
    return x


def _beta(rng: np.random.Generator, mean: float, sd: float, n: int) -> Array:
    """Draw from the Beta law of a mean and a standard deviation."""
    total = mean * (1 - mean) / sd**2 - 1
    return rng.beta(mean * total, (1 - mean) * total, n)
