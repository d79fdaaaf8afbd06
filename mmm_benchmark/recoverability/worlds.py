"""Worlds on a company's own spend, drawn from the ``published`` law, some with hidden demand.

Carry-over, curves, returns and the media share are those of ``PublishedPrior``. Sales are the
company's own in level, so that returns and share cannot both be as published: returns are
``LN(0.2, 0.9)`` up to a factor that all channels share, and media have their share. Effects move
in half of the worlds, as in that prior.

With a KPI its level, trend, season and control effects are the company's, and what it does beside
them bounds the rest: media that would move sales more than the KPI moves are drawn again, since
they would be easier to measure than any that the company can have, and media, hidden demand and
noise together move as the KPI does. Without one, trend, season and control effects are drawn, and
the noise until R2 is as published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_benchmark.recoverability.history import DATE, GEO, KPI, Array, History
from mmm_data_generator import (
    AdstockConfig,
    CoefficientConfig,
    HiddenDemand,
    MMMDataset,
    PublishedPrior,
    SaturationConfig,
    from_real,
)
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR
from mmm_data_generator.generate.hidden_demand import with_hidden_demand
from mmm_data_generator.priors.parameters import SPEND_FIGURES
from mmm_data_generator.world.estimands import SPEND_MULTIPLIERS

if TYPE_CHECKING:
    from mmm_data_generator.world.world import World

STREAM = 0x5EED  # keeps these draws apart from those of other studies
PRIOR = PublishedPrior()
#: Chances of a world's effects: constant, moving, moving with jumps, a random walk.
PROCESSES = {"constant": 0.5, "log_ou": 0.2, "log_ou_jumps": 0.2, "random_walk": 0.1}
CORRELATION = (0.5, 0.9)  # of hidden demand with the spend that follows it
LIFT = 0.15  # its size without a KPI, share of mean sales
#: Its size with one, multiples of what the KPI does beside trend, season and controls.
PART = (0.3, 0.9)
MOST = 0.8  # of the variance of the KPI beside trend, season and controls may be media's
TRIES = 30
LEAST_NOISE = 0.1  # of that variance stays noise


@dataclass(frozen=True)
class Law:
    """What is true in one world, whatever plan it is simulated on."""

    place: int
    effects: Mapping[str, Mapping[str, Any]]  # by column of the frame
    roas: Array  # (channel,), currency of sales per currency of spend
    share: float
    r2: float
    demand: HiddenDemand | None
    seed: int


@dataclass(frozen=True)
class Drawn:
    """One simulated world.

    Attributes
    ----------
    dataset
        Observed and true; geos, channels and controls bear the company's names.
    followers
        Channels whose spend follows a hidden demand; none in a calm world.
    """

    law: Law
    dataset: MMMDataset
    followers: tuple[str, ...]

    @cached_property
    def roas(self) -> Array:
        """True return of each channel over the window."""
        assert self.dataset.truth is not None
        return np.asarray(self.dataset.truth["roas"].values, dtype=float)

    def again(self, history: History) -> Drawn:
        """The same law on another plan."""
        return simulate(self.law, history)


def draw_law(history: History, seed: int, place: int, hidden: bool) -> Law:
    """Draw world ``place`` of a study; calm and hidden worlds of a place share all but demand."""
    rng = np.random.default_rng([STREAM, seed, place])
    kept: tuple[float, Law] | None = None
    for _ in range(TRIES):
        law, moves = _candidate(rng, history, place)
        if kept is None or moves < kept[0]:
            kept = moves, law
        if moves <= MOST:
            break
    assert kept is not None
    moves, law = kept
    if moves > MOST:  # hardly any plan comes here: media small enough for this KPI
        less = float(np.sqrt(MOST / moves))
        law = replace(law, roas=law.roas * less, share=law.share * less)
    demand = _demand(np.random.default_rng([STREAM, seed, place, 1]), history)
    return replace(law, demand=demand if hidden else None)


def simulate(law: Law, history: History) -> Drawn:
    """Sales on the plan of a history, by a law that was drawn on this or another one."""
    names = history.columns()
    first = _made(law, history, 1.0)
    assert first.truth is not None
    sold = first.truth["contribution"].sum(("geo", "date")).values  # channel, at level 1
    scale = law.roas * history.spend.sum((0, 1)) / np.where(sold > 0, sold, np.inf)
    noise_share = 0.05
    if history.kpi is None:
        media = (first.world.contribution() * scale).sum(-1)
        explained = (first.world.baseline + media).var(1).sum()
        mean = np.square(first.world.expected_sales().mean(1)).sum()
        noise_share = float(np.sqrt(explained * (1 - law.r2) / law.r2 / mean))
    world = _made(law, history, scale, noise_share).world
    if history.kpi is not None:
        left = 1 - _moves(world, history)
        world = replace(world, shock=world.shock * np.sqrt(max(left, LEAST_NOISE)))
    followers: tuple[str, ...] = ()
    if law.demand is not None:
        world = with_hidden_demand(
            world,
            law.demand,
            channels=names["channels"],
            geos=history.geos,
            seed=law.seed,
            within_noise=history.kpi is not None,
        )
        at = [names["channels"].index(name) for name in law.demand.channels]
        followers = tuple(history.channels[j] for j in at)
    coords = {
        "geo": np.array(history.geos, dtype=str),
        "date": history.dates,
        "channel": np.array(history.channels, dtype=str),
        "control": np.array(history.control_names, dtype=str),
        "spend_multiplier": np.array(SPEND_MULTIPLIERS),
    }
    name = f"{history.name}-{law.place}"
    return Drawn(law, MMMDataset.of_world(world, coords, name, seed=law.seed), followers)


def draw(history: History, seed: int, place: int, hidden: bool) -> Drawn:
    """A law and its world on the same history."""
    return simulate(draw_law(history, seed, place, hidden), history)


def prior_of_roas(history: History, seed: int, draws: int = 4000) -> Array:
    """Draws of each channel's return before any sales are seen, over total sales: (draw, channel).

    Times the sales of a world they are returns; the level of sales itself is no part of the prior.
    """
    rng = np.random.default_rng([STREAM, seed])
    spend = history.spend.sum((0, 1))
    roi = PRIOR.draw_roi(rng, (draws, len(spend)))
    assert roi is not None
    return np.asarray(roi * (PRIOR.draw_share(rng, draws) / (roi * spend).sum(1))[:, None])


def _candidate(rng: np.random.Generator, history: History, place: int) -> tuple[Law, float]:
    """A law of the prior, and how much of what the KPI does beside season its media would."""
    n = len(history.channels)
    decay = PRIOR.draw_decays(rng, (n,))
    slope, half, figure = PRIOR.draw_curves(rng, (n,))
    process = str(rng.choice(list(PROCESSES), p=list(PROCESSES.values())))
    volatility = 0.08 * float(np.exp(0.5 * rng.standard_normal()))
    moving = CoefficientConfig(
        process=process,
        volatility=volatility / 3 if process == "random_walk" else volatility,
        reversion=float(rng.uniform(0.03, 0.2)),
    )
    weeks = WEEKS_PER_YEAR / history.year  # in a period
    effects = {
        name: {
            "adstock": AdstockConfig(
                alpha=float(decay[j] ** weeks), l_max=max(round(8 / weeks), 2)
            ),
            "saturation": SaturationConfig(
                slope=float(slope[j]), kappa=float(half[j]), scale=SPEND_FIGURES[figure[j]]
            ),
            "coefficient": moving,
        }
        for j, name in enumerate(history.columns()["channels"])
    }
    roas = PRIOR.draw_roi(rng, (n,))
    assert roas is not None
    # a share of nearly all or nearly nothing leaves no baseline, or no media, to speak of
    share = float(np.clip(PRIOR.draw_share(rng, 1)[0], 0.02, 0.9))
    r2 = float(np.clip(PRIOR.draw_r2(rng, 1)[0], 0.3, 0.99))
    seed = int(rng.integers(2**31))
    law = Law(place, effects, roas, share, r2, None, seed)
    unit = _made(law, history, 1.0)
    total = history.kpi if history.kpi is not None else unit.world.expected_sales()
    spend = history.spend.sum((0, 1))
    law = replace(law, roas=roas * (share * float(total.sum()) / float(roas @ spend)))
    if history.kpi is None:
        return law, 0.0
    sold = unit.world.contribution()
    scale = law.roas * spend / np.maximum(sold.sum((0, 1)), 1e-300)
    world = replace(unit.world, coefficient=unit.world.coefficient * scale)
    return law, _moves(world, history)


def _made(
    law: Law, history: History, scale: Array | float, noise_share: float = 0.05
) -> MMMDataset:
    """The plan with every channel's effect at a level, sales at full saturation over base sales."""
    names = history.columns()
    level = np.broadcast_to(scale, (len(names["channels"]),))
    return from_real(
        history.frame(),
        date=DATE,
        geo=GEO,
        channels=names["channels"],
        controls=names["controls"],
        target=None if history.kpi is None else KPI,
        effects={
            name: {**law.effects[name], "base_effectiveness": float(max(level[j], 1e-12))}
            for j, name in enumerate(names["channels"])
        },
        media_share=min(law.share, 0.95),
        noise_share=noise_share,
        seed=law.seed,
        name=history.name,
    )


def _moves(world: World, history: History) -> float:
    """Variance of media over that of the KPI, both about trend, season and controls."""
    assert history.kpi is not None
    media = own = 0.0
    for g in range(len(history.geos)):
        beside = _beside(history, g)
        media += float(np.square(beside(world.contribution()[g].sum(-1))).sum())
        own += float(np.square(beside(history.kpi[g])).sum())
    return media / max(own, 1e-300)


def _beside(history: History, geo: int) -> Any:
    """What trend, two waves a year and the controls of a geo leave of a path."""
    n = len(history.dates)
    angle = 2 * np.pi * np.arange(n) / history.year
    waves = [f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)]
    design = np.column_stack([np.ones(n), np.arange(n), *waves, history.controls[geo]])
    basis = np.linalg.qr(design)[0]
    return lambda path: path - basis @ (basis.T @ path)


def _demand(rng: np.random.Generator, history: History) -> HiddenDemand:
    """A demand that about half of the channels follow."""
    names = np.array(history.columns()["channels"])
    chosen = rng.permutation(names)[: max(1, len(names) // 2)]
    part, lift = rng.uniform(*PART), LIFT
    if history.kpi is not None:
        left = np.array([_beside(history, g)(own).std() for g, own in enumerate(history.kpi)])
        lift = float(part * left.sum() / history.kpi.mean(1).sum())
    return HiddenDemand(
        channels=tuple(sorted(str(name) for name in chosen)),
        correlation=float(rng.uniform(*CORRELATION)),
        lift=lift,
    )
