"""Worlds scaled to the returns, media share and noise that are asked of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mmm_data_generator.world.draw import Plan
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Target(NamedTuple):
    """What a batch of worlds shall be like."""

    roi: Array | None  # (world, channel); None: channels keep their proportions
    share: Array  # (world,), media's of expected sales
    r2: Array  # (world,), of the variance of sales


def scaled_world(world: World, noise: Array, target: Target) -> World:
    """Scale a batch of worlds; ``noise`` (world,) is its deviation as a share of base sales."""
    effect, base, by = _factors(world, noise, target)
    each = base[:, None, None]
    return replace(
        world,
        coefficient=world.coefficient * effect[:, None, None, :],
        control_coefficient=world.control_coefficient * each[..., None],
        intercept=world.intercept * each,
        trend=world.trend * each,
        seasonality=world.seasonality * each,
        shock=world.shock * by[:, None, None],
    )


def scaled_parts(plan: Plan, world: World, target: Target) -> dict[str, Any]:
    """Return a plan's channels, controls and regions, scaled until its world meets the target.

    ``world`` is that of the plan and its seed, stressors included.
    """
    regions, noise_share = plan.regions, plan.regions.sales_volatility
    effect, base, noise = _factors(type(world).stack([world]), np.array([noise_share]), target)
    rate = float(base[0])
    return {
        "channels": tuple(
            replace(channel, base_effectiveness=channel.base_effectiveness * float(factor) / rate)
            for channel, factor in zip(plan.channels, effect[0], strict=True)
        ),
        "control_variables": tuple(
            replace(control, base_effectiveness=control.base_effectiveness * rate)
            for control in plan.control_variables
        ),
        "regions": replace(
            regions,
            base_sales_rate=regions.base_sales_rate * rate,
            sales_volatility=noise_share * float(noise[0]) / rate,
        ),
    }


def _factors(world: World, noise: Array, target: Target) -> tuple[Array, Array, Array]:
    """Return the factors of coefficients (world, channel), of all else and of noise (world,)."""
    parts = {
        "contribution": world.contribution(),
        "spend": world.spend,
        "baseline": world.baseline,
        "control_contribution": world.control_contribution,
        "noise_sd": noise[:, None] * world.intercept[..., 0],
    }
    return scales(parts, *target)


def scales(
    arrays: Mapping[str, Array], roi: Array | None, share: Array, r2: Array
) -> tuple[Array, Array, Array]:
    """Return the factors that give worlds their returns, media shares and noise.

    Parameters
    ----------
    arrays
        ``contribution`` and ``spend`` (world, geo, date, channel), ``baseline`` (world, geo,
        date), ``control_contribution`` (world, geo, date, control) and ``noise_sd`` (world, geo)
        as they are.
    roi, share, r2
        What they shall be, (world, channel), (world,) and (world,); without ``roi`` channels keep
        their proportions.

    Returns
    -------
    effect, base, noise
        The factor of each coefficient (world, channel), of all else but noise, and of noise.
    """
    sold, spend = arrays["contribution"].sum((1, 2)), arrays["spend"].sum((1, 2))
    baseline = arrays["baseline"].sum((1, 2))
    # controls that take nearly all sales away cannot be scaled into a share
    rest = np.maximum(baseline + arrays["control_contribution"].sum((1, 2, 3)), 0.1 * baseline)
    # a channel that earns nothing at all cannot be scaled
    effect = np.ones_like(sold) if roi is None else roi * spend / np.where(sold > 0, sold, 1.0)
    base = (effect * sold).sum(1) * (1 - share) / share / rest
    other = arrays["baseline"] + arrays["control_contribution"].sum(-1)
    media = (arrays["contribution"] * effect[:, None, None]).sum(-1)
    explained = (media + base[:, None, None] * other).var(2).sum(1)
    left = np.square(arrays["noise_sd"]).sum(1)
    return effect, base, np.sqrt(explained * (1 - r2) / r2 / left)
