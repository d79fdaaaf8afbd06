"""Worlds whose prior is drawn first, is stated, and is the law that the world is drawn from.

    prior ~ priors that users may state (:mod:`.drawn_priors`), one for all channels of a world
    shares, decays, half-saturations, slopes | prior, spend;   all else as in ``PublishedPrior``

What is then learnt is the posterior under the prior that was stated, whichever it is. A total of
media above ``MOST`` of sales is drawn again: there must be a base. Where the effect's law is one of
sales at full saturation it is tied to the curve, so the whole world is drawn again, not the share
alone. Returns become shares by spend over sales, which is drawn, since the network never sees
money. Geos share their curves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from mmm_benchmark.diffusion.inference.prior import figures, normal_figures, standardised
from mmm_benchmark.diffusion.problem.laws import with_laws
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import LAGS, MEDIA_MEAN
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.diffusion.training.drawn_priors import Stated, draw_prior
from mmm_benchmark.diffusion.training.simulated import NEEDED, observed_and_truth, usable
from mmm_benchmark.priors import numbers
from mmm_benchmark.priors.predictive import response
from mmm_benchmark.priors.prior import ChannelPrior
from mmm_data_generator import PublishedPrior
from mmm_data_generator.fields.parts import PROCESSES
from mmm_data_generator.priors.base import Size
from mmm_data_generator.priors.parameters import SPEND_FIGURES, Parameters
from mmm_data_generator.priors.published_scaling import Target, scaled_world
from mmm_data_generator.priors.simulate import simulate
from mmm_data_generator.priors.worlds import shape
from mmm_data_generator.world.transforms import spend_figure
from mmm_data_generator.world.world import World

type Array = NDArray[np.float64]

BASE = PublishedPrior(roi_log_mean=None, curve_chances=(1 / 3, 1 / 3, 0, 1 / 3))
PRIORS = 4  # in a batch, at most: tabulating a law takes as long as simulating a world
MIXED, OTHER = 0.2, 0.3  # chance of a world in which some channels have another, and of each
MOST = 0.95  # of expected sales, that all media have
QUIET = 0.25  # chance of a world with less noise than is published, as WorldPrior has it
SCALES = ("log", "logit", "log", "log")  # of effect, decay, half-saturation, slope
NODES = np.array([-(3**0.5), 0.0, 3**0.5])  # Gauss-Hermite, of a standard normal
WEIGHTS = np.array([1, 4, 1]) / 6


class Draw(NamedTuple):
    """Worlds as arrays, and what was stated of them as ``with_laws`` takes it."""

    arrays: dict[str, Array]
    told: tuple[torch.Tensor, ...]

    def scaled(self) -> tuple[Observed, Truth]:
        """What the network is given, and the standardised truth."""
        observed, truth = observed_and_truth(self.arrays)
        return with_laws(observed, *self.told), truth


class Tabulated(NamedTuple):
    """The priors of a batch, and which of them each channel has."""

    stated: list[Stated]
    values: list[list[Array]]  # by prior and quantity, at the deviates of tables
    which: NDArray[np.int64]  # (world, channel)

    def of(self, quantity: int, z: Array) -> Array:
        """A quantity's log (logit) at deviates ``z`` (world, channel)."""
        at = [np.interp(z, numbers.deviates(), each[quantity]) for each in self.values]
        return np.asarray(np.choose(self.which, at))

    def each(self, by_prior: list[Any]) -> Array:
        """What is known by prior, by world and channel."""
        return np.asarray(by_prior)[self.which]


def draw(rng: np.random.Generator, count: int, *sizes: int) -> tuple[Observed, Truth]:
    """Draw at most ``count`` worlds of so many channels, controls, weeks and geos."""
    return draw_arrays(rng, count, *sizes).scaled()


def draw_arrays(
    rng: np.random.Generator,
    count: int,
    channels: int,
    controls: int,
    weeks: int,
    geos: int,
    *,
    prior: ChannelPrior | None = None,
) -> Draw:
    """The same before scaling; there may be fewer than ``count``, but there is one.

    With ``prior`` every channel has that one, and as ``exact`` has it effects stay and carry-over
    ends after eight weeks.
    """
    while True:
        found = _drawn(rng, count + count // 2, Size(channels, controls, weeks, geos), prior)
        if len(found.arrays["sales"]):
            return Draw(
                {name: values[:count] for name, values in found.arrays.items()},
                tuple(x[:count] for x in found.told),
            )


def _drawn(rng: np.random.Generator, count: int, size: Size, prior: ChannelPrior | None) -> Draw:
    channels, _, weeks, geos = shape(size)
    stated = [Stated(prior, (True,) * 4)] if prior else None
    priors = _priors(rng, count, channels, stated)
    said = priors.each([each.said for each in priors.stated])  # (B, C, 4)
    p = _parameters(rng, priors, said, count, size)
    if prior:
        still = np.full_like(p.process, PROCESSES.index("constant"))
        p = replace(p, process=still, l_max=np.full_like(p.l_max, LAGS))
    world = simulate(rng, p, weeks, geos)
    per_spend = _log_spend_share(rng, priors, world)
    share = _shares(rng, priors, said, world, per_spend)
    total = share.sum(1)
    spend = world.spend.sum((1, 2))
    target = Target(share / np.maximum(spend, 1e-30), np.minimum(total, MOST), _r2(rng, count))
    arrays = scaled_world(world, p.noise, target).parts()
    keep = usable(arrays) & (total <= MOST)
    told = _told(priors, said, world, per_spend, channels)
    return Draw({name: arrays[name][keep] for name in NEEDED}, tuple(x[keep] for x in told))


def _priors(
    rng: np.random.Generator, count: int, channels: int, stated: list[Stated] | None
) -> Tabulated:
    stated = stated or [draw_prior(rng, channels) for _ in range(min(PRIORS, count))]
    which = np.repeat(rng.integers(len(stated), size=(count, 1)), channels, 1)
    other = (rng.random((count, 1)) < MIXED) & (rng.random((count, channels)) < OTHER)
    which = np.where(other, rng.integers(len(stated), size=which.shape), which)
    values = [
        [numbers.values(law, scale) for law, scale in zip(_laws(each), SCALES, strict=True)]
        for each in stated
    ]
    return Tabulated(stated, values, which)


def _laws(stated: Stated) -> tuple[Any, ...]:
    prior = stated.prior
    return prior.effect, prior.adstock_decay, prior.half_saturation, prior.slope


def _parameters(
    rng: np.random.Generator, priors: Tabulated, said: Array, count: int, size: Size
) -> Parameters:
    """Those of ``PublishedPrior``, but for carry-over and curves of which something is said."""
    p = BASE.draw_parameters(rng, count, size)
    z = rng.standard_normal((3, *p.alpha.shape))
    decay, half, slope = (priors.of(i + 1, z[i]) for i in range(3))
    unit = [SPEND_FIGURES.index(each.prior.half_saturation.of) for each in priors.stated]
    return replace(
        p,
        alpha=np.where(said[..., 1], expit(decay), p.alpha),
        half_saturation=np.where(said[..., 2], np.exp(half), p.half_saturation),
        figure=np.where(said[..., 2], priors.each(unit), p.figure),
        slope=np.where(said[..., 3], np.exp(slope), p.slope),
        transform_variation=np.zeros_like(p.transform_variation),
    )


def _log_spend_share(rng: np.random.Generator, priors: Tabulated, world: World) -> Array:
    """Log of spend over all sales (B, C), such that media's usual return is a usual share."""
    spend = world.spend.sum((1, 2))
    middle = [numbers.moments(each[0]) for each in priors.values]
    usual = priors.each([mean + min(sd, 1.2) ** 2 / 2 for mean, sd in middle]).mean(1)
    of_all = np.log(MEDIA_MEAN) - usual + 0.5 * rng.standard_normal(len(spend))
    return np.asarray(of_all[:, None] + np.log(spend / spend.sum(1, keepdims=True)))


def _shares(
    rng: np.random.Generator, priors: Tabulated, said: Array, world: World, per_spend: Array
) -> Array:
    """Share of expected sales of each channel (B, C)."""
    risen = world.response()
    kind = priors.each([each.prior.effect_is for each in priors.stated])
    used = np.log(np.maximum(risen.mean((1, 2)), 1e-9))
    shift = np.where(kind == "roas", per_spend, np.where(kind == "effect", used, 0.0))
    sold = (world.coefficient * risen).sum((1, 2))
    unsaid = sold / sold.sum(1, keepdims=True) * BASE.draw_share(rng, len(sold))[:, None]
    z = rng.standard_normal(sold.shape)
    tied = (kind == "effect") & (said[..., 0] > 0)
    for _ in range(20):
        share = np.where(said[..., 0], np.exp(priors.of(0, z) + shift), unsaid)
        over = share.sum(1, keepdims=True) > MOST
        if not over.any():
            break
        z = np.where(over & ~tied, rng.standard_normal(z.shape), z)
    return share


def _r2(rng: np.random.Generator, count: int) -> Array:
    """Share of the variance of sales that expected sales explain."""
    quiet = rng.random(count) < QUIET
    return np.where(quiet, rng.uniform(0.95, 0.999, count), BASE.draw_r2(rng, count))


def _told(
    priors: Tabulated, said: Array, world: World, per_spend: Array, channels: int
) -> tuple[torch.Tensor, ...]:
    """The laws as the network is told them, in the units of these worlds."""
    told = priors.each([[figures(values) for values in each] for each in priors.values])
    kind = priors.each([each.prior.effect_is for each in priors.stated])
    unit = priors.each([each.prior.half_saturation.of for each in priors.stated])
    told = told.copy()
    _shift(told[:, :, 0], np.where(kind == "roas", per_spend, 0.0))
    _shift(told[:, :, 2], _log_unit(world.spend, unit))
    for b, c in zip(*np.nonzero(kind == "effect"), strict=True):
        values = priors.values[priors.which[b, c]]
        told[b, c, 0] = _tied(values, told[b, c, 2, 0], world.spend[b, :, :, c])
    return standardised(told, (kind == "effect").astype(float), channels, said.astype(float))


def _shift(told: Array, by: Array) -> None:
    """Move laws (B, C, figure) by ``by`` (B, C): all their figures but the standard deviation."""
    told[..., 0] += by
    told[..., 2:] += by[..., None]


def _log_unit(spend: Array, unit: Array) -> Array:
    """Log of a figure of spend over that of mean active spend, geos averaged (B, C)."""
    out = np.zeros(unit.shape)
    for name in ("median_active", "max"):
        out = np.where(unit == name, log_unit(np.moveaxis(spend, 3, 1), name), out)
    return out


def log_unit(spend: Array, name: str) -> Array:
    """The same of ``spend`` (B, C, G, T), one figure for all."""
    over = spend_figure(spend, name) / spend_figure(spend, "mean_active")
    return np.asarray(np.log(over).mean(-1))


def _tied(values: list[Array], half_middle: float, spend: Array) -> Array:
    """Figures of the log share implied by sales at full saturation, by 27 curves of the prior."""
    at = [np.interp(NODES, numbers.deviates(), each) for each in values[1:]]
    at[1] = at[1] - numbers.moments(values[2])[0] + half_middle
    decay, half, slope = (x.ravel() for x in np.meshgrid(*at, indexing="ij"))
    chance = np.einsum("i,j,k->ijk", WEIGHTS, WEIGHTS, WEIGHTS).ravel()
    geos = np.full(len(spend), 1 / len(spend))
    height, _ = response(spend, geos, expit(decay), np.exp(half), np.exp(slope))
    log_height = np.log(np.maximum(height, 1e-9))
    mean, sd = numbers.moments(values[0])
    middle = float(chance @ log_height)
    spread = float(chance @ (log_height - middle) ** 2)
    return normal_figures(mean + middle, (sd**2 + spread) ** 0.5)
