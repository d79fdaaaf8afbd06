"""Worlds of the published law, whole, told what ``--prior published`` tells.

    curves, carry-over, returns, media's share, R², spend, season | the law of the named worlds

A prior stated channel by channel (:mod:`.prior_first`) leaves the rest to independent laws. Of the
law ``published`` more is known: each curve is of one library's kind, media together are Beta(2, 3)
of sales, R² is Beta. Stated are its marginals, since no more can be told; that these marginals mean
the whole law is learnt. Half of the worlds have effects that stay and the calmer season of the
named worlds, the others effects that may move.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mmm_benchmark.diffusion.inference.prior import figures, standardised
from mmm_benchmark.diffusion.problem.observed import LEVELS, Observed
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.diffusion.training.prior_first import Draw, log_unit
from mmm_benchmark.diffusion.training.simulated import NEEDED, usable
from mmm_benchmark.priors import numbers
from mmm_benchmark.priors.laws import Law
from mmm_benchmark.priors.prior import NAMED
from mmm_data_generator import PublishedPrior
from mmm_data_generator.fields.parts import PROCESSES
from mmm_data_generator.priors.base import Size
from mmm_data_generator.priors.parameters import Parameters
from mmm_data_generator.priors.published_scaling import scaled_world
from mmm_data_generator.priors.simulate import simulate

type Array = NDArray[np.float64]

LAW = PublishedPrior(long_share=0.0)
STATED = NAMED["published"].every
CALM, SEASON = 0.5, 0.5  # chance of a world as the named ones are, and its season over the others'
BISECTIONS = 40


def draw(rng: np.random.Generator, count: int, *sizes: int) -> tuple[Observed, Truth]:
    """Draw at most ``count`` worlds of so many channels, controls, weeks and geos."""
    return draw_arrays(rng, count, *sizes).scaled()


def draw_arrays(
    rng: np.random.Generator, count: int, channels: int, controls: int, weeks: int, geos: int
) -> Draw:
    """The same before scaling; there may be fewer than ``count``, but there is one."""
    size = Size(channels, controls, weeks, geos)
    while True:
        p = _parameters(rng, count + count // 4, size)
        world = simulate(rng, p, weeks, geos)
        arrays = scaled_world(world, p.noise, LAW.draw_target(rng, *p.alpha.shape)).parts()
        # as in the named worlds: a business has no week of negative sales
        keep = np.flatnonzero(usable(arrays) & (arrays["sales"] > 0).all((1, 2)))[:count]
        if len(keep):
            kept = {name: arrays[name][keep] for name in NEEDED}
            law = told(kept["spend"], kept["sales"])
            return Draw(kept, standardised(law, np.zeros(law.shape[:2]), channels))


def _parameters(rng: np.random.Generator, count: int, size: Size) -> Parameters:
    p = LAW.draw_parameters(rng, count, size)
    calm = rng.random(count) < CALM
    alone = size.n_geos == 1
    return replace(
        p,
        process=np.where(calm, PROCESSES.index("constant"), p.process),
        amplitude=np.where(calm, SEASON, 1.0) * p.amplitude,
        transform_variation=np.zeros(count) if alone else p.transform_variation,
    )


def told(spend: Array, sales: Array) -> Array:
    """What ``--prior published`` says of log share, logit decay, log half-saturation, log slope.

    Parameters
    ----------
    spend, sales
        (world, geo, date, channel) and (world, geo, date).

    Returns
    -------
    (world, channel, 4, 2 + Q)
        As ``inference.prior.figures`` has it: mean, standard deviation, quantiles.
    """
    per_spend = np.log(spend.sum((1, 2)) / sales.sum((1, 2))[:, None])
    found = np.empty((*per_spend.shape, 4, 2 + len(LEVELS)))
    found[:, :, 0] = figures(_tabulated(STATED.effect, "log"))
    found[:, :, 0, 0] += per_spend
    found[:, :, 0, 2:] += per_spend[..., None]
    found[:, :, 1] = figures(_tabulated(STATED.adstock_decay, "logit"))
    found[:, :, 2] = half_saturation(np.moveaxis(spend, 3, 1))
    found[:, :, 3] = figures(_tabulated(STATED.slope, "log"))
    return found


@cache
def _tabulated(law: Law, scale: str) -> Array:
    return numbers.values(law, scale)


def half_saturation(spend: Array) -> Array:
    """Figures of the mixture whose parts are multiples of different figures of ``spend``.

    ``spend`` (world, channel, geo, date); the answer is (world, channel, 2 + Q), of the log over
    mean spend while active. What ``priors.numbers`` tabulates law by law, all channels at once.
    """
    chance, laws = zip(*STATED.half_saturation.parts, strict=True)
    table = [_tabulated(law, "log") for law in laws]
    shift = np.stack([log_unit(spend, law.of) for law in laws])  # (part, world, channel)
    mean, sd = np.array([numbers.moments(each) for each in table]).T[..., None, None]
    middle = np.einsum("k,kbc->bc", chance, mean + shift)
    spread = np.einsum("k,kbc->bc", chance, sd**2 + (mean + shift - middle) ** 2)

    shift = np.repeat(shift[..., None], len(LEVELS), -1)
    parts = list(zip(chance, shift, table, strict=True))
    low = np.min([s + at[0] for _, s, at in parts], 0)
    high = np.max([s + at[-1] for _, s, at in parts], 0)
    p = ndtr(numbers.deviates())
    for _ in range(BISECTIONS):
        x = (low + high) / 2
        below = np.sum([c * np.interp(x - s, at, p) for c, s, at in parts], axis=0)
        over = below >= np.array(LEVELS)
        low, high = np.where(over, low, x), np.where(over, x, high)
    return np.concatenate([middle[..., None], np.sqrt(spread)[..., None], high], -1)
