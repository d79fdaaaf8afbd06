"""What a fit is asked for: response curves, ROAS, marginal ROAS, shares, the best allocation.

Total sales of a channel whose whole path is multiplied by m are ``sum_gt W[g,t] S(m x[g,t])``,
with x the adstocked spend and W the coefficient (or, where saturation comes first, x the spend
and W the coefficient pushed back through the adstock). So a curve costs one pass, whatever m.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mmm_data_generator.world import transforms
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    from mmm_data_generator.fields.shapes import (
        ChannelCode,
        ChannelPoint,
        GeoChannel,
        GeoDateChannel,
        Path,
        PerChannel,
        PerPoint,
    )


#: Factors of a channel's whole spend path at which its response curve is drawn.
SPEND_MULTIPLIERS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

#: Relative spend increase by which marginal ROAS is measured.
MARGINAL_STEP = 0.01


@dataclass(frozen=True)
class Curves:
    """Total response of each channel as a function of its multiplier, for one world."""

    weight: GeoDateChannel  # W
    base: GeoDateChannel  # (x / pivot)^power
    kind: ChannelCode
    power: GeoChannel

    @classmethod
    def of(cls, world: World) -> Curves:
        """Prepare the curves of one world."""
        first = world.adstock_first
        x, weight = world.spend, world.coefficient
        if first.any():
            x = np.where(first, transforms.adstock(world.spend, world.lag_weights), x)
        if not first.all():
            pushed = transforms.adstock_transpose(world.coefficient, world.lag_weights)
            weight = np.where(first, weight, pushed)
        base = transforms.powered(x, world.pivot, world.power)
        return cls(weight, base, world.kind, world.power)

    def __call__(self, multiplier: ChannelPoint) -> ChannelPoint:
        """Return total sales (channel, k) of each channel at its multipliers (channel, k)."""
        out = np.empty(multiplier.shape)
        with np.errstate(over="ignore"):
            factor = np.abs(multiplier)[None] ** self.power[..., None]  # (geo, channel, k)
        factor = np.minimum(factor, transforms.SATURATED)
        for k in range(multiplier.shape[1]):
            scaled = transforms.shaped(self.base * factor[:, None, :, k], self.kind)
            out[:, k] = np.einsum("gtj,gtj->j", self.weight, scaled)
        return out


def optimal_spend(
    curves: Callable[[ChannelPoint], ChannelPoint],
    spend: PerChannel,
    n_grid: int = 33,
    n_zoom: int = 2,
) -> PerChannel:
    """Return the channel totals (channel,) that earn most at the same total budget.

    A channel's share scales its whole path. The upper concave hull of each curve on a grid is
    bought piece by piece, steepest first (exact for concave curves up to the grid); the grid then
    closes in around the answer. The present plan is kept if nothing better is found.
    """
    budget = spend.sum()
    present = np.ones((len(spend), 1))
    best, best_value = spend, float(curves(present).sum())
    low, high = np.zeros(len(spend)), np.full(len(spend), budget)
    for zoom in range(n_zoom + 1):
        # finer near zero on the first look, even later
        steps = np.linspace(0.0, 1.0, n_grid) ** (2.0 if zoom == 0 else 1.0)
        grid = low[:, None] + (high - low)[:, None] * steps
        totals = _buy(grid, curves(grid / spend[:, None]), budget)
        value = float(curves((totals / spend)[:, None]).sum())
        if value > best_value:
            best, best_value = totals, value
        at = np.clip((grid < totals[:, None]).sum(1), 1, n_grid - 1)
        width = (
            np.take_along_axis(grid, at[:, None], 1)[:, 0]
            - np.take_along_axis(grid, at[:, None] - 1, 1)[:, 0]
        )
        low = np.maximum(totals - 2 * width, 0.0)
        high = np.minimum(totals + 2 * width, budget)
    return best


def _buy(grid: ChannelPoint, value: ChannelPoint, budget: float) -> PerChannel:
    """Spend the budget on hull pieces (channel, piece), steepest first."""
    totals = grid[:, 0].copy()
    pieces = []
    for j, (x, y) in enumerate(zip(grid, value, strict=True)):
        hull = _upper_hull(x, y)
        for a, b in pairwise(hull):
            pieces.append(((y[b] - y[a]) / (x[b] - x[a]), j, x[b] - x[a]))
    pieces.sort(key=lambda piece: -piece[0])
    left = budget - totals.sum()
    for _, j, width in pieces:
        bought = min(width, left)
        totals[j] += bought
        left -= bought
        if left <= 0:
            break
    return totals


def _upper_hull(x: PerPoint, y: PerPoint) -> list[int]:
    """Return the indices of the upper concave hull (Andrew 1979)."""
    hull: list[int] = []
    for i in range(len(x)):
        if hull and x[i] <= x[hull[-1]]:
            continue
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (y[b] - y[a]) * (x[i] - x[a]) > (y[i] - y[a]) * (x[b] - x[a]):
                break
            hull.pop()
        hull.append(i)
    return hull


def estimands(world: World) -> dict[str, Path]:
    """Return the channel-level truths of one world, keyed as in the dataset's truth.

    ``roas`` is the response to all spend over that spend; ``marginal_roas`` the response to one
    more percent over that percent; ``attribution_share`` a channel's share of all media sales.
    """
    curves = Curves.of(world)
    spend = world.spend.sum((0, 1))
    at = np.array([*SPEND_MULTIPLIERS, 1.0 + MARGINAL_STEP])
    value = curves(np.broadcast_to(at, (len(spend), len(at))))
    curve, more = value[:, :-1], value[:, -1]
    zero, now = curve[:, 0], curve[:, SPEND_MULTIPLIERS.index(1.0)]
    media = (now - zero).sum()
    best = optimal_spend(curves, spend)
    gain = curves((best / spend)[:, None]).sum() - now.sum()
    return {
        "response_curve": curve,
        "roas": (now - zero) / spend,
        "marginal_roas": (more - now) / (MARGINAL_STEP * spend),
        "attribution_share": (now - zero) / media if media > 0 else np.zeros(len(spend)),
        "optimal_spend": best,
        "optimal_gain": np.asarray(max(gain, 0.0)),
    }
