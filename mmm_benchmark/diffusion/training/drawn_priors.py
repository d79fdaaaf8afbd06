"""Priors that users may state, drawn for training: the libraries' own, and others like them.

Narrow and wide, with short and long tails; some say nothing of some quantities, which then keep
the law that the network knows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mmm_benchmark.diffusion.problem.state import MEDIA_MEAN
from mmm_benchmark.priors.laws import Law, fixed, lognormal, mixture, normal, uniform
from mmm_benchmark.priors.prior import NAMED, ChannelPrior

#: Libraries whose laws a channel may have; ``published`` is the law of training itself.
LIBRARIES = ("neutral", "pymc-marketing", "meridian", "robyn")
LIBRARY = 0.4  # chance that the prior is one of these
WHOLE = 0.75  # chance that nothing is left unsaid
PART = 0.6  # chance of each quantity to be said in the rest
#: What a half-saturation may be a multiple of, and about how many mean active weeks that is.
UNITS = {"mean_active": 1.0, "median_active": 1.0, "max": 2.5}


class Stated(NamedTuple):
    """A prior of every channel, and of which of its quantities something is said."""

    prior: ChannelPrior
    said: tuple[bool, bool, bool, bool]  # effect, decay, half-saturation, slope


def draw_prior(rng: np.random.Generator, channels: int) -> Stated:
    """Draw what a user might say of each of so many channels."""
    if rng.random() < LIBRARY:
        prior = NAMED[str(rng.choice(LIBRARIES))].every
    else:
        effect_is, effect = _effect(rng, channels)
        prior = ChannelPrior(effect_is, effect, _decay(rng), _half(rng), _slope(rng))
    said = np.ones(4, bool) if rng.random() < WHOLE else rng.random(4) < PART
    return Stated(prior, tuple(bool(each) for each in said))  # type: ignore[arg-type]


def _effect(rng: np.random.Generator, channels: int) -> tuple[str, Law]:
    """A return, a share of sales or sales at full saturation."""
    kind = str(rng.choice(["share", "roas", "effect"], p=[0.4, 0.4, 0.2]))
    share = math.log(MEDIA_MEAN / channels) + 0.7 * rng.standard_normal()
    if kind == "effect":  # about half of it is used; other laws than this `exact` cannot take
        return kind, lognormal(share + math.log(2), _between(rng, 0.2, 1.2))
    middle = share if kind == "share" else 0.2 + 0.7 * rng.standard_normal()
    return kind, _around(rng, middle, _between(rng, 0.05, 1.5))


def _decay(rng: np.random.Generator) -> Law:
    kind = rng.random()
    middle = rng.uniform(0.08, 0.75)
    if kind < 0.5:
        total = _between(rng, 2.0, 60.0)
        return Law("beta", (middle * total, (1 - middle) * total))
    if kind < 0.8:
        low, high = np.sort(rng.uniform(0, 0.95, 2))
        return uniform(float(low), float(high) + 0.01)
    if kind < 0.9:
        return normal(middle, _between(rng, 0.02, 0.3), 0.0, 1.0)
    return fixed(float(middle))


def _half(rng: np.random.Generator) -> Law:
    of = str(rng.choice(list(UNITS)))
    if rng.random() < 0.2:
        low, high = np.sort(rng.uniform(0.1, 3.0, 2)) / UNITS[of]
        law = uniform(float(low), float(high) + 0.02)
    else:
        middle = 0.1 + 0.7 * rng.standard_normal() - math.log(UNITS[of])
        law = _around(rng, middle, _between(rng, 0.05, 1.3))
    return in_unit(law, of)


def _slope(rng: np.random.Generator) -> Law:
    kind = rng.random()
    if kind < 0.25:
        return fixed(1.0)
    if kind < 0.4:
        low, high = np.sort(rng.uniform(0.3, 3.0, 2))
        return uniform(float(low), float(high) + 0.02)
    if kind < 0.5:
        return Law("lognormal", (math.log(_between(rng, 0.05, 0.6)), 0.9), shift=1.0)
    return _around(rng, 0.15 + 0.4 * rng.standard_normal(), _between(rng, 0.04, 0.8))


def _around(rng: np.random.Generator, middle: float, spread: float) -> Law:
    """A law of a positive number whose log lies about ``middle``: normal, flat or long-tailed."""
    kind = rng.random()
    if kind < 0.65:
        return lognormal(middle, spread)
    if kind < 0.8:
        return uniform(math.exp(middle - 1.5 * spread), math.exp(middle + 1.5 * spread))
    if kind < 0.92:
        return normal(math.exp(middle), math.exp(middle) * min(spread, 0.7), 0.0)
    return mixture(
        (0.8, lognormal(middle, spread / 2)),
        (0.2, lognormal(middle + spread * rng.standard_normal(), 1.5 * spread)),
    )


def in_unit(law: Law, of: str) -> Law:
    """The same law, each part in this unit of spend."""
    parts = tuple((chance, in_unit(part, of)) for chance, part in law.parts)
    return Law(law.kind, law.numbers, law.above, law.below, of, law.shift, parts)


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Even on the log scale."""
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))
