"""Demand that nobody observes, behind sales and behind a spend that stays as it is.

The stressor ``Demand`` draws demand first and lets spend follow it. Real spend cannot be changed,
so here the law is turned round: demand is drawn given the spend that is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.errors import ConfigError, suggest
from mmm_data_generator.fields.rules import Rule, check_fields, checked, number
from mmm_data_generator.stressors import StressedWorld
from mmm_data_generator.stressors.base import some_names
from mmm_data_generator.world.coefficients import ou_path
from mmm_data_generator.world.seeds import stream
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]

#: Noise that gives way to demand keeps at least this share of its variance.
LEAST_NOISE = 0.1


@checked
class HiddenDemand:
    """A demand index d, of mean 0 and variance 1 in each geo, that spend follows and sales too.

    With z the standardised log of what the channels spend (the mean of theirs, standardised
    again), ``d = correlation * z + sqrt(1 - correlation^2) * e``; e is an AR(1), made orthogonal
    to z, so that the correlation holds exactly in every geo. Sales gain ``lift`` times the geo's
    mean sales times d. Who regresses sales on that spend credits it with the demand (selection
    bias; Chen, Chan, Perry, Jin, Sun, Wang, Koehler 2018, "Bias correction for paid search").
    """

    channels: tuple[str, ...] = ()  # whose spend follows it; none: all
    correlation: float = 0.7  # of d with the log of their spend
    lift: float = 0.1  # sales per unit of d, share of mean sales
    persistence: float = 0.9  # of what spend does not follow, AR(1) per period

    RULES: ClassVar[dict[str, Rule]] = {
        "channels": some_names,
        "correlation": number(at_least=-1, at_most=1),
        "lift": number(),
        "persistence": number(at_least=0, below=1),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def index(self, spend: Array, channels: Sequence[str], geos: Sequence[str], seed: int) -> Array:
        """Return d, (geo, date), for a spend (geo, date, channel)."""
        at = [channels.index(name) for name in self.channels or channels]
        out = np.empty(spend.shape[:2])
        for g, geo in enumerate(geos):
            z = _followed(spend[g][:, at])
            rng = stream(seed, "hidden demand", geo)
            phi = self.persistence
            e = ou_path(rng, (), len(z), np.sqrt(1 - phi**2), 1 - phi)
            e = e - e.mean()
            e = _standard(e - z * (z @ e) / max(z @ z, 1e-12))
            # nothing to follow: the whole of demand is its own
            rho = self.correlation if z.any() else 0.0
            out[g] = rho * z + np.sqrt(1 - rho**2) * e
        return out


def hidden_demand(given: HiddenDemand | Mapping[str, Any], channels: Sequence[str]) -> HiddenDemand:
    """Return a demand from itself or from a mapping of its fields.

    Raises
    ------
    ConfigError
        A field or a channel does not exist, or a value is not allowed.
    """
    try:
        demand = given if isinstance(given, HiddenDemand) else HiddenDemand(**given)
    except ConfigError as error:
        raise ConfigError(f"demand.{error.path}", error.problem) from None
    for i, name in enumerate(demand.channels):
        if name not in channels:
            raise ConfigError(
                f"demand.channels[{i}]", f" = {name!r}: no such channel{suggest(name, channels)}"
            )
    return demand


def with_hidden_demand(
    world: World,
    demand: HiddenDemand,
    *,
    channels: Sequence[str],
    geos: Sequence[str],
    seed: int,
    within_noise: bool = False,
) -> StressedWorld:
    """Return the world with the demand as part of what nobody observes; spend does not change.

    Parameters
    ----------
    world
        The world as it is without the demand.
    demand
        Its law.
    channels, geos
        Names, in the order of the world's arrays.
    seed
        Seed of what spend does not follow.
    within_noise
        The noise was matched to a real KPI, whose residual holds that part of demand which spend
        does not follow: the noise gives way to it, down to a tenth of its variance.
    """
    d = demand.index(world.spend, channels, geos, seed)
    size = demand.lift * world.expected_sales().mean(1)  # (geo,), currency per unit of d
    shock = world.shock
    if within_noise:
        noise = np.maximum(shock.var(1), 1e-300)
        left = 1 - size**2 * (1 - demand.correlation**2) / noise
        shock = shock * np.sqrt(np.maximum(left, LEAST_NOISE))[:, None]
    stressed = StressedWorld.of(world, world.controls.shape[-1])
    return replace(stressed, shock=shock, unobserved=stressed.unobserved + size[:, None] * d)


def _followed(spend: Array) -> Array:
    """Return what of a spend (date, channel) demand is seen in: its standardised log, (date,)."""
    usual = np.maximum(spend.mean(0), 1e-300)
    return _standard(np.stack([_standard(x) for x in np.log1p(spend / usual).T]).mean(0))


def _standard(x: Array) -> Array:
    """Return a path at mean 0 and variance 1; zeros where it never moves."""
    centred = x - x.mean()
    sd = centred.std()
    return centred / sd if sd > 1e-12 else np.zeros_like(centred)
