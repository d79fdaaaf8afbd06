"""Drawn worlds known by name: ``published@7`` is one world, ``published_null@7`` another.

A cell is a law and a name; (name, seed) determine a world whole, its sizes included. The base is
``PublishedPrior`` with effects that stay and eight weeks of carry-over; every other cell moves one
axis away from it, so that a comparison of cells says what breaks a model. Cells of the same sizes
share what they do not move: ``published_bent@7`` is ``published@7`` with other curves. A draw
with a week of negative sales (2 to 12% of them, by cell) is thrown away and drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from mmm_data_generator.config.config import CoefficientConfig, MMMDataConfig
from mmm_data_generator.config.draw import draw_world
from mmm_data_generator.fields.parts import ChannelConfig
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig
from mmm_data_generator.priors.as_fields import as_fields
from mmm_data_generator.priors.base import Size
from mmm_data_generator.priors.published import PublishedPrior
from mmm_data_generator.priors.published_scaling import scaled_parts
from mmm_data_generator.priors.time_varying import TimeVaryingPrior
from mmm_data_generator.priors.worlds import WorldPrior
from mmm_data_generator.stressors import Collinear, Demand, Events, TrendBreak
from mmm_data_generator.world.seeds import stream

Rng = np.random.Generator
Edit = Callable[[MMMDataConfig, Rng], MMMDataConfig]
#: Lags that carry-over of three weeks' half-life needs: what is left beyond has 0.2%.
LONG_LAGS = 26  # weeks
#: A walk without a pull back, nearly: its deviations have a half-life of 69 weeks.
WALK = 0.99  # AR(1) coefficient per week
#: The law of the base: eight lags in every world.
BASE = PublishedPrior(long_share=0.0)
#: Seasonal amplitude as a share of that of the prior, which allows for a base near zero.
SEASON = 0.5


@dataclass(frozen=True)
class Cell:
    """A law over worlds, known by name.

    Attributes
    ----------
    summary
        One line for lists.
    prior
        The law of everything that ``edit`` does not change.
    weeks, channels
        Least and most, both included; uniform between them.
    edit
        What moves away from the base, before returns, media share and noise are scaled.
    """

    name: str
    summary: str
    edit: Edit = lambda config, rng: config
    prior: WorldPrior = BASE
    weeks: tuple[int, int] = (104, 156)
    channels: tuple[int, int] = (4, 7)
    controls: int = 2
    geos: int = 1

    def config(self, seed: int) -> MMMDataConfig:
        """Return the world of a seed as a configuration, the seed in it."""
        prior = self.prior
        if not isinstance(prior, PublishedPrior):
            rng = stream(seed, f"cell {self.name}")
            drawn = MMMDataConfig(**prior.draw_fields(rng, Size()))
            return replace(drawn, name=self.name, seed=seed)
        # a business has no week of negative sales, and Meridian takes none
        return next(
            drawn
            for drawn in (self._drawn(prior, seed, attempt) for attempt in count())
            if (draw_world(drawn, seed).sales() > 0).all()
        )

    def _drawn(self, prior: PublishedPrior, seed: int, attempt: int) -> MMMDataConfig:
        def rng(purpose: str, name: str = "") -> Rng:
            return stream(seed, f"cell {purpose} {attempt}", name=name)

        sizes = rng("sizes")
        weeks = int(sizes.integers(*self.weeks, endpoint=True))
        channels = int(sizes.integers(*self.channels, endpoint=True))
        size = Size(channels, self.controls, weeks, self.geos)
        parameters = prior.draw_parameters(rng("parameters"), 1, size)
        config = _calm(MMMDataConfig(**as_fields(parameters, weeks, self.geos, seed)))
        config = self.edit(config, rng("edit", self.name))
        target = prior.draw_target(rng("returns"), 1, channels)
        scaled = scaled_parts(config, draw_world(config, seed), target)
        return replace(config, name=self.name, **scaled)


def cell_of(config: MMMDataConfig) -> Cell | None:
    """Return the cell that drew a config, or None where it was changed or made otherwise."""
    cell = CELLS.get(config.name)
    if cell is None or config.seed is None or cell.config(config.seed) != config:
        return None
    return cell


def _calm(config: MMMDataConfig) -> MMMDataConfig:
    """Hold effects still, seasons to what keeps sales above zero, and curves to their law.

    Between geos decays and curves vary; a country alone has those that were drawn.
    """
    own = config.regions
    regions = replace(
        own,
        seasonal_amplitude=SEASON * own.seasonal_amplitude,
        transform_variation=own.transform_variation if own.n_regions > 1 else 0.0,
    )
    config = replace(config, regions=regions)
    return _each(config, lambda channel: replace(channel, coefficient=CoefficientConfig()))


def _each(config: MMMDataConfig, change: Callable[[ChannelConfig], ChannelConfig]) -> MMMDataConfig:
    return replace(config, channels=tuple(change(channel) for channel in config.channels))


def _curves(config: MMMDataConfig, draw: Callable[[], dict[str, Any]]) -> MMMDataConfig:
    return _each(config, lambda channel: replace(channel, saturation=SaturationConfig(**draw())))


def _differing(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    # the spread of effects, decays and curves in PyMC Labs' public comparison
    regions = replace(config.regions, channel_param_variation=0.1, transform_variation=0.1)
    return replace(config, regions=regions)


def _straight(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    # at most a sixth is lost to saturation in the week of the largest spend
    return _curves(config, lambda: {"slope": 1.0, "kappa": rng.uniform(5, 10), "scale": "max"})


def _bent(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    # the median week while active lies at two to five times the half-saturation
    return _curves(
        config,
        lambda: {
            "slope": rng.uniform(1, 2),
            "kappa": rng.uniform(0.2, 0.5),
            "scale": "median_active",
        },
    )


def _long(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    def carried(place: int) -> AdstockConfig:
        decay = 0.5 ** (1 / rng.uniform(1.5, 3))  # half-life in weeks
        if place % 2 == 0:
            return AdstockConfig(alpha=decay, l_max=LONG_LAGS)
        # exp(-(lag - peak)^2 / (2 s^2)) has decay^((lag - peak)^2) = 1/2 a half-life past its peak
        return AdstockConfig(
            type="delayed",
            alpha=0.5 ** (1 / rng.uniform(1.5, 3) ** 2),
            theta=rng.uniform(1, 4),
            l_max=LONG_LAGS,
        )

    channels = tuple(
        replace(channel, adstock=carried(place)) for place, channel in enumerate(config.channels)
    )
    return replace(config, channels=channels)


def _baseline(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    jump = rng.uniform(0.1, 0.25) * rng.choice([-1, 1])
    return replace(
        config,
        stressors=(
            Demand(pull=0.0, lift=0.15, persistence=WALK),
            Events(observed=False, lift=0.25),
            TrendBreak(at=rng.uniform(0.3, 0.7), jump=jump),
        ),
    )


def _moving(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    law = TimeVaryingPrior()
    path = CoefficientConfig(
        process="log_ou_jumps",
        volatility=law.volatility,
        reversion=law.reversion,
        jump_probability=law.jump_probability,
        jump_sd=law.jump_sd,
    )
    return _each(config, lambda channel: replace(channel, coefficient=path))


def _null(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    without = set(rng.choice(len(config.channels), 2, replace=False).tolist())
    channels = tuple(
        replace(channel, base_effectiveness=0.0) if place in without else channel
        for place, channel in enumerate(config.channels)
    )
    return replace(config, channels=channels)


def _demand(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    followers = rng.choice(config.channel_names, len(config.channels) // 2, replace=False)
    return replace(config, stressors=(Demand(channels=tuple(sorted(map(str, followers)))),))


def _collinear(config: MMMDataConfig, rng: Rng) -> MMMDataConfig:
    return replace(config, stressors=(Collinear(),))


CELLS: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        Cell("published", "Returns, media share, carry-over, curves and noise as published"),
        Cell("published_geo", "The same in five geos that differ", _differing, geos=5),
        Cell("published_straight", "Every curve is near a line", _straight),
        Cell("published_bent", "Every curve saturates at everyday spend", _bent),
        Cell("published_long", "Half-lives up to three weeks, delayed peaks, 26 lags", _long),
        Cell("published_baseline", "A walking baseline, unseen holidays, a trend break", _baseline),
        Cell("published_moving", "Effects move over time, with jumps", _moving),
        Cell("published_null", "Two of six channels have no effect at all", _null, channels=(6, 6)),
        Cell("published_demand", "Half of the channels follow a demand nobody sees", _demand),
        Cell("published_collinear", "All channels are planned together (0.9)", _collinear),
        Cell("published_short", "52 weeks", weeks=(52, 52)),
        Cell("published_many", "Twelve channels", channels=(12, 12)),
        Cell(
            "published_returns",
            "Returns lower and wider than Meridian's default prior: LogNormal(-0.7, 1.2)",
            prior=PublishedPrior(long_share=0.0, roi_log_mean=-0.7, roi_log_sd=1.2),
        ),
        Cell("worlds", "The wide law that amortised models train on", prior=WorldPrior()),
    )
}
