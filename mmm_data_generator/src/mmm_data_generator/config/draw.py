"""(config, seed) -> world: drawn from the config's own plan or its prior, then under stress."""

from __future__ import annotations

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.fields.periods import calendar
from mmm_data_generator.priors.base import Size
from mmm_data_generator.stressors import apply_stressors
from mmm_data_generator.world.draw import plain_world
from mmm_data_generator.world.seeds import streams_of
from mmm_data_generator.world.stressed import StressedWorld
from mmm_data_generator.world.world import World


def draw_world(config: MMMDataConfig, seed: int) -> World:
    """Draw the world of a config and a seed, its stressors applied."""
    if config.prior is None:
        world = plain_world(config, seed)
    else:
        batch = config.prior.draw(streams_of(seed), 1, Size(n_weeks=config.n_periods))
        world = batch.item(0)
    return _under_stress(world, config, seed) if config.stressors else world


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
