"""A wide prior over worlds, to train and calibrate on: every preset lies inside it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import (
    Rule,
    check_fields,
    checked,
    child,
    fail,
    integer,
    number,
)
from mmm_data_generator.priors.as_fields import as_fields
from mmm_data_generator.priors.base import Size, draw_seed, shared
from mmm_data_generator.priors.parameters import Parameters, parameters
from mmm_data_generator.priors.simulate import simulate
from mmm_data_generator.priors.time_varying import TimeVaryingPrior
from mmm_data_generator.world.seeds import Streams
from mmm_data_generator.world.world import ARRAYS, World


@checked
class WorldPrior:
    r"""The law of a world; ``LN(m, s)`` is exp of a normal of mean log m and deviation s.

    *Sizes* (drawn by ``draw_config`` unless given): channels 1 + round(LN(4, 0.7)) up to
    ``max_channels``; controls uniform on 0 to min(4, max_controls), one time in ten up to
    ``max_controls``; weeks uniform on ``min_weeks`` to ``max_weeks``; one geo with chance 0.6,
    else uniform on 2 to ``max_geos``.

    *Kind*. With chance ``time_varying_share`` a world of one geo comes from ``time_varying``;
    everything below is the law of the others.

    *Spend* of a channel: level LN(1000, 1); pattern linear_trend 0.4, seasonal 0.25, on_off 0.25,
    delayed_start 0.1; noise lognormal, or uniform one time in ten, of variation U(0.05, 1.3)
    (uniform: up to 0.55). Growth of a line over the window U(-0.9, 3), or U(-2.5, 10) with chance
    0.15; wave amplitude U(0.1, 1), phase U(0, 2 pi); bursts start with chance U(0.04, 0.5) and
    last m to m + U{0..6} weeks, m on U{1..5}; launches start at U(0.05, 0.6) of the window, rise
    for U{1..26} weeks and end before the window does with chance 0.3.

    *Transforms* of a channel: geometric adstock, decay 0 with chance 0.1, else Beta(1.2, 2.5);
    8 lags, or ``long_l_max`` for all channels of a world with chance ``long_share``; Hill with
    slope LN(1, 0.25) LN(1, 0.45) and half-saturation LN(1.2, 0.8) LN(1, 0.7) times mean spend while
    active, the first factor shared by all channels of a world.

    *Effects*: their sum over channels is A = LN(``effect_median``, ``effect_sd``) times the base
    sales rate, split by a Dirichlet of concentration 3. Coefficients are constant in half of the
    worlds, log-OU in 0.2, log-OU with jumps in 0.2, random walks in 0.1; volatility LN(0.08, 0.5)
    (random walk: a third of it), reversion U(0.03, 0.2), jumps as in the config's defaults.

    *Controls*: on_off 0.6, linear_trend 0.25, seasonal 0.15, as channels but variation U(0, 1)
    and values of level LN(50, 1); effect LN(0.04, 1.2) of base sales at the control's level; with
    chance 0.3 it is negative, and then at most 0.1.

    *Baseline*: base sales rate LN(10000, 1); trend over the window N(0, 0.2^2); seasonal amplitude
    U(0, 1), phase U(0, 2 pi), period one year; noise LN(0.05, 0.9) of the base sales rate, at
    most 0.4.

    *Geos*: variation of size U(0, 0.5), of effects U(0, 0.3), of transforms U(0, 0.3).
    """

    max_channels: int = 30
    max_controls: int = 10
    min_weeks: int = 52
    max_weeks: int = 260
    max_geos: int = 50
    long_share: float = 0.1
    long_l_max: int = 40  # weeks: in effect no last lag
    effect_median: float = 4.0
    effect_sd: float = 0.9
    time_varying_share: float = 0.15
    time_varying: TimeVaryingPrior = TimeVaryingPrior()

    WORLD: ClassVar[str] = "world"
    RULES: ClassVar[dict[str, Rule]] = {
        "max_channels": integer(at_least=1),
        "max_controls": integer(at_least=0),
        "min_weeks": integer(at_least=2),
        "max_weeks": integer(at_least=2),
        "max_geos": integer(at_least=1),
        "long_share": number(at_least=0, at_most=1),
        "long_l_max": integer(at_least=8),
        "effect_median": number(above=0),
        "effect_sd": number(at_least=0),
        "time_varying_share": number(at_least=0, at_most=1),
        "time_varying": child(TimeVaryingPrior),
    }

    def __post_init__(self) -> None:
        check_fields(self)
        if self.max_weeks < self.min_weeks:
            raise fail(
                self, "max_weeks", f" = {self.max_weeks}: must be >= min_weeks ({self.min_weeks})"
            )

    def draw(self, streams: Streams, n_worlds: int, size: Size) -> World:
        """Draw worlds as arrays; None takes 5 channels, 3 controls, 104 weeks, one geo."""
        rng = streams(self.WORLD)
        size = Size(
            n_channels=5 if size.n_channels is None else size.n_channels,
            n_controls=3 if size.n_controls is None else size.n_controls,
            n_weeks=size.n_weeks or 104,
            n_geos=size.n_geos or 1,
        )
        moving = size.n_geos == 1 and self.time_varying_share > 0
        n_moving = int(rng.binomial(n_worlds, self.time_varying_share)) if moving else 0
        worlds = []
        if n_moving:
            worlds.append(self.time_varying.draw(shared(rng), n_moving, size))
        if n_moving < n_worlds:
            worlds.append(self.draw_plain(rng, n_worlds - n_moving, size))
        return _shuffled(rng, worlds)

    def draw_fields(self, rng: np.random.Generator, size: Size) -> dict[str, Any]:
        """Draw a whole config, its size included where it is not given."""
        seed = draw_seed(rng)
        drawn = self.draw_size(rng)
        size = Size(
            **{
                name: getattr(drawn if getattr(size, name) is None else size, name)
                for name in Size.RULES
            }
        )
        if size.n_geos == 1 and rng.random() < self.time_varying_share:
            own = self.time_varying.resized(size)
            return {"name": self.WORLD, "n_periods": size.n_weeks, "prior": own, "seed": seed}
        return self.plain_fields(rng, size, seed)

    def draw_size(self, rng: np.random.Generator) -> Size:
        """Draw how large a world is."""
        channels = 1 + int(np.rint(4 * np.exp(0.7 * rng.standard_normal())))
        most = self.max_controls if rng.random() < 0.1 else min(4, self.max_controls)
        controls = int(rng.integers(0, most + 1))
        weeks = int(rng.integers(self.min_weeks, self.max_weeks + 1))
        one = self.max_geos == 1 or rng.random() < 0.6
        geos = 1 if one else int(rng.integers(2, self.max_geos + 1))
        return Size(min(channels, self.max_channels), controls, weeks, geos)

    def draw_parameters(self, rng: np.random.Generator, n_worlds: int, size: Size) -> Parameters:
        """Draw what fixes worlds of this law up to their noise."""
        return parameters(rng, self, n_worlds, *shape(size)[:3])

    def draw_plain(self, rng: np.random.Generator, n_worlds: int, size: Size) -> World:
        """Draw worlds that do not come from ``time_varying``."""
        p = self.draw_parameters(rng, n_worlds, size)
        return simulate(rng, p, *shape(size)[2:])

    def plain_fields(self, rng: np.random.Generator, size: Size, seed: int) -> dict[str, Any]:
        """Draw the config of a world that does not come from ``time_varying``."""
        p = self.draw_parameters(rng, 1, size)
        return as_fields(p, *shape(size)[2:], seed)


def shape(size: Size) -> tuple[int, int, int, int]:
    """Return channels, controls, weeks and geos of a size that leaves nothing open."""
    channels, controls, weeks, geos = (getattr(size, name) for name in Size.RULES)
    return channels, controls, weeks, geos


def _shuffled(rng: np.random.Generator, worlds: list[World]) -> World:
    """Join batches and put their worlds into random order."""
    if len(worlds) == 1:
        return worlds[0]
    lags = max(world.lag_weights.shape[2] for world in worlds)
    order = rng.permutation(sum(len(world.spend) for world in worlds))
    joined: dict[str, Any] = {}
    for name in ARRAYS:
        parts = [getattr(world, name) for world in worlds]
        if name == "lag_weights":
            parts = [
                np.pad(part, ((0, 0), (0, 0), (0, lags - part.shape[2]), (0, 0))) for part in parts
            ]
        joined[name] = np.concatenate(parts)[order]
    return World(**joined)
