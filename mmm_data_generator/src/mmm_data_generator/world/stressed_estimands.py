"""Estimands of a stressed world: differences of total expected sales, nothing else.

A response curve is the change of total expected sales when one channel's whole path is scaled and
every other spend stays, so synergy counts fully for each partner. The optimum is over the
channels' totals at the same budget.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.world import estimands as plain
from mmm_data_generator.world.stressed import StressedWorld
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]


class Simulator:
    """Total expected sales of one world as a function of the channels' multipliers."""

    def __init__(self, world: StressedWorld) -> None:
        self.world = world
        n = world.spend.shape[-1]
        self.single = [_one_channel(world, j) for j in range(n)]
        self.h, self.brand = world.response(), world.brand()

    def channel(self, j: int, multiplier: float) -> tuple[Array, Array]:
        """Return response and slow effect (geo, date) of one channel at a multiplier."""
        one = self.single[j]
        x = one.spend * multiplier
        return one.response(x)[..., 0], one.brand(x)[..., 0]

    def total(self, multipliers: Array) -> float:
        """Return total expected sales when every channel has its multiplier (channel,)."""
        x = self.world.spend * multipliers
        return float(self.world.expected_sales(x).sum())

    def moved(self, h: Array, brand: Array, changes: dict[int, float]) -> tuple[Array, Array]:
        """Return responses and slow effects with some channels at new multipliers."""
        h, brand = h.copy(), brand.copy()
        for j, multiplier in changes.items():
            h[..., j], brand[..., j] = self.channel(j, multiplier)
        return h, brand

    def curves(self, multiplier: Array) -> Array:
        """Return total sales (channel, k), each channel alone at its multipliers (channel, k)."""
        out = np.empty(multiplier.shape)
        for j, row in enumerate(multiplier):
            for k, m in enumerate(row):
                out[j, k] = self.world.total(*self.moved(self.h, self.brand, {j: m})).sum()
        return out


def estimands(world: World) -> dict[str, Array]:
    """Return the channel-level truths of a world, whichever its law."""
    return _stressed(world) if isinstance(world, StressedWorld) else plain.estimands(world)


def _stressed(world: StressedWorld) -> dict[str, Array]:
    """Return the channel-level truths, keyed as those of a plain world."""
    simulator = Simulator(world)
    spend = world.spend.sum((0, 1))
    at = np.array([*plain.SPEND_MULTIPLIERS, 1.0 + plain.MARGINAL_STEP])
    value = simulator.curves(np.broadcast_to(at, (len(spend), len(at))))
    value = value - value[:, :1]
    curve, more = value[:, :-1], value[:, -1]
    now = curve[:, plain.SPEND_MULTIPLIERS.index(1.0)]
    share = world.contribution().sum((0, 1))
    best = optimal_spend(simulator, spend)
    gain = simulator.total(best / spend) - simulator.total(np.ones(len(spend)))
    return {
        "response_curve": curve,
        "roas": now / spend,
        "marginal_roas": (more - now) / (plain.MARGINAL_STEP * spend),
        "attribution_share": share / share.sum() if share.sum() else share,
        "optimal_spend": best,
        "optimal_gain": np.asarray(max(gain, 0.0)),
    }


def optimal_spend(simulator: Simulator, spend: Array, rounds: int = 12) -> Array:
    """Return the channel totals (channel,) that earn most at the same budget.

    The plain search, which is exact where channels do not interact, gives one start and the
    present plan the other; both then trade budget between pairs of channels in shrinking steps.
    """
    apart = plain.optimal_spend(simulator.curves, spend, n_grid=17, n_zoom=1)
    best, best_value = spend, simulator.total(np.ones(len(spend)))
    for start in (apart, spend):
        totals, value = _trade(simulator, start, spend, rounds)
        if value > best_value:
            best, best_value = totals, value
    return best


def _trade(simulator: Simulator, start: Array, spend: Array, rounds: int) -> tuple[Array, float]:
    world, n = simulator.world, len(spend)
    totals = start.copy()
    h, brand = simulator.moved(
        simulator.h, simulator.brand, {j: totals[j] / spend[j] for j in range(n)}
    )
    value, step = float(world.total(h, brand).sum()), 0.25 * spend.sum() / n
    for _ in range(rounds):
        improved = False
        for giver in range(n):
            for taker in range(n):
                amount = min(step, totals[giver])
                if giver == taker or amount <= 0:
                    continue
                changes = {
                    giver: (totals[giver] - amount) / spend[giver],
                    taker: (totals[taker] + amount) / spend[taker],
                }
                tried = simulator.moved(h, brand, changes)
                tried_value = float(world.total(*tried).sum())
                if tried_value > value:
                    (h, brand), value, improved = tried, tried_value, True
                    totals[giver] -= amount
                    totals[taker] += amount
        if not improved:
            step /= 2
    return totals, value


def _one_channel(world: StressedWorld, j: int) -> StressedWorld:
    one = slice(j, j + 1)
    last = (
        "spend",
        "lag_weights",
        "adstock_first",
        "kind",
        "pivot",
        "power",
        "coefficient",
        "efficiency",
        "brand_weights",
        "brand_coefficient",
        "audience",
        "impression_price",
        "half_frequency",
        "frequency_slope",
    )
    return replace(world, **{name: getattr(world, name)[..., one] for name in last})
