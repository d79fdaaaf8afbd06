"""Worlds scaled to what ``PublishedPrior`` says of returns, media share and noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mmm_data_generator.generate.one import draw_world
from mmm_data_generator.priors.worlds_law import Parameters, parameters
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mmm_data_generator.config.config import MMMDataConfig
    from mmm_data_generator.priors.published import PublishedPrior

    Array = NDArray[np.float64]


def published_parameters(
    rng: np.random.Generator, prior: PublishedPrior, *sizes: int
) -> Parameters:
    """Draw a batch's parameters: those of ``WorldPrior``, but carry-over and curves."""
    p = parameters(rng, prior, *sizes)
    slope, half, figure = prior.draw_curves(rng, p.slope.shape)
    return replace(
        p,
        alpha=prior.draw_decays(rng, p.alpha.shape),
        slope=slope,
        half_saturation=half,
        figure=figure,
    )


def published_worlds(
    rng: np.random.Generator, prior: PublishedPrior, world: World, p: Parameters
) -> World:
    """Scale a batch of worlds to published returns, media shares and noise."""
    effect, base, noise = _factors(rng, prior, world, p.noise)
    each = base[:, None, None]
    return replace(
        world,
        coefficient=world.coefficient * effect[:, None, None, :],
        control_coefficient=world.control_coefficient * each[..., None],
        intercept=world.intercept * each,
        trend=world.trend * each,
        seasonality=world.seasonality * each,
        shock=world.shock * noise[:, None, None],
    )


def published_config(
    rng: np.random.Generator, prior: PublishedPrior, config: MMMDataConfig
) -> MMMDataConfig:
    """Scale a config so that the world of its own seed has published returns, share and noise."""
    world = World.stack([draw_world(config, config.seed or 0)])
    noise_share = config.regions.sales_volatility
    effect, base, noise = _factors(rng, prior, world, np.array([noise_share]))
    rate = float(base[0])
    channels = tuple(
        replace(channel, base_effectiveness=channel.base_effectiveness * float(factor) / rate)
        for channel, factor in zip(config.channels, effect[0], strict=True)
    )
    controls = tuple(
        replace(control, base_effectiveness=control.base_effectiveness * rate)
        for control in config.control_variables
    )
    regions = replace(
        config.regions,
        base_sales_rate=config.regions.base_sales_rate * rate,
        sales_volatility=noise_share * float(noise[0]) / rate,
    )
    return replace(config, channels=channels, control_variables=controls, regions=regions)


def _factors(
    rng: np.random.Generator, prior: PublishedPrior, world: World, noise: Array
) -> tuple[Array, Array, Array]:
    """Return the factors of coefficients (world, channel), of all else and of noise (world,).

    ``noise`` (world,) is the noise's standard deviation as a share of each geo's base sales rate.
    """
    parts = {
        "contribution": world.contribution(),
        "spend": world.spend,
        "baseline": world.baseline,
        "control_contribution": world.control_contribution,
        "noise_sd": noise[:, None] * world.intercept[..., 0],
    }
    n, channels = len(world.spend), world.spend.shape[-1]
    return scales(
        parts, prior.draw_roi(rng, (n, channels)), prior.draw_share(rng, n), prior.draw_r2(rng, n)
    )


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
