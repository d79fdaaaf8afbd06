"""(config, seed) -> world: drawn from the config's own plan or its prior, then under stress."""

from __future__ import annotations

import numpy as np

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.errors import ConfigError
from mmm_data_generator.fields.periods import calendar
from mmm_data_generator.priors.base import Size
from mmm_data_generator.stressors import apply_stressors
from mmm_data_generator.world.draw import plain_world
from mmm_data_generator.world.seeds import streams_of
from mmm_data_generator.world.stressed import StressedWorld
from mmm_data_generator.world.world import World

#: Sums of squares of what is larger, and inverses of what is smaller, leave the floats.
TOO_LARGE, TOO_SMALL = 1e100, 1e-100


def draw_world(config: MMMDataConfig, seed: int) -> World:
    """Draw the world of a config and a seed, its stressors applied.

    Raises
    ------
    ConfigError
        Fields that are allowed one by one make numbers that a float cannot hold, or a channel
        without any spend.
    """
    with np.errstate(all="ignore"):
        if config.prior is None:
            world = plain_world(config, seed)
        else:
            batch = config.prior.draw(streams_of(seed), 1, Size(n_weeks=config.n_periods))
            world = batch.item(0)
        if config.stressors:
            world = _under_stress(world, config, seed)
        _refuse_what_is_no_world(world, config)
    return world


def _refuse_what_is_no_world(world: World, config: MMMDataConfig) -> None:
    """Refuse numbers beyond floats, and channels that never spend."""
    for what, values in (
        ("spend", world.spend),
        ("controls", world.controls),
        ("coefficients", world.coefficient),
        ("sales", world.sales()),
    ):
        if not (np.abs(values) < TOO_LARGE).all():
            raise ConfigError(
                "config",
                f" '{config.name}': its {what} are too large for a float; make volatilities,"
                " levels or trends smaller",
            )
    silent = np.flatnonzero(world.spend.sum((0, 1)) <= TOO_SMALL)
    if silent.size:
        name = config.channel_names[int(silent[0])]
        raise ConfigError("config", f" '{config.name}': channel {name!r} spends nothing at all")


def _under_stress(world: World, config: MMMDataConfig, seed: int) -> StressedWorld:
    """Return the world of a config with its stressors applied."""
    base = world.intercept.mean(-1)
    return apply_stressors(
        world,
        config.stressors,
        seed=seed,
        geos=config.geo_names,
        channels=config.channel_names,
        controls=config.control_names,
        dates=calendar(str(config.start_date), config.n_periods, config.frequency),
        base=base,
        noise=world.shock.std(-1) if config.prior else config.regions.sales_volatility * base,
    )
