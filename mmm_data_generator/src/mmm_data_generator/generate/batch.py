"""Many worlds of one shape as plain arrays with a leading ``world`` axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.config.draw import draw_world
from mmm_data_generator.dataset.dataset import MMMDataset, coordinates
from mmm_data_generator.errors import ConfigError
from mmm_data_generator.fields.periods import calendar
from mmm_data_generator.world.estimands import SPEND_MULTIPLIERS
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    Array = NDArray[np.float64]


class Batch(Mapping[str, "Array"]):
    """A mapping from variable names to arrays whose first axis is the world.

    Holds ``sales``, ``spend``, ``controls``, ``population``, ``contribution``, ``coefficient``,
    ``baseline``, ``intercept``, ``trend``, ``seasonality``, ``control_contribution``,
    ``control_coefficient``, ``noise``, ``adstock_decay``, ``half_saturation`` and ``slope``, with
    the dims of :mod:`mmm_data_generator.dataset.labels` behind the world axis.
    """

    def __init__(
        self,
        world: World,
        configs: Sequence[MMMDataConfig] | None = None,
        seeds: Sequence[int] | None = None,
        name: str = "batch",
    ) -> None:
        self.world, self.name = world, name
        self._configs, self._seeds = configs, seeds
        self._arrays = world.parts()

    @property
    def n_worlds(self) -> int:
        """How many worlds there are."""
        return len(self.world.spend)

    def dataset(self, i: int) -> MMMDataset:
        """Return world ``i`` as a dataset with all its truths, made when asked for."""
        world = self.world.item(i)
        if self._configs is None or self._seeds is None:
            return MMMDataset.of_world(world, _plain_coordinates(world), f"{self.name}_{i}")
        config = self._configs[i]
        return MMMDataset.of_world(
            world,
            coordinates(config),
            config.name,
            config=config,
            seed=self._seeds[i],
            with_truth=config.include_ground_truth,
        )

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def simulate_batch(
    configs: MMMDataConfig | Sequence[MMMDataConfig], seeds: Sequence[int] | None = None
) -> Batch:
    """Simulate many worlds of one shape; world ``i`` equals ``generate_mmm_dataset`` bit for bit.

    Parameters
    ----------
    configs
        One config for all seeds, or one for each. They must have the same numbers of geos, weeks,
        channels and controls; everything else may differ.
    seeds
        A seed for each world; None takes each config's own.

    Raises
    ------
    ConfigError
        The worlds differ in shape, or configs and seeds in number.
    """
    if isinstance(configs, MMMDataConfig):
        configs = [configs] * (1 if seeds is None else len(seeds))
    if seeds is None:
        seeds = [config.seed or 0 for config in configs]
    if not configs or len(configs) != len(seeds):
        raise ConfigError(
            "seeds", f": as many as configs needed, not {len(seeds)} for {len(configs)}"
        )
    for i, config in enumerate(configs):
        if _shape(config) != _shape(configs[0]):
            raise ConfigError(
                f"configs[{i}]",
                f": (geos, weeks, channels, controls) = {_shape(config)}, but the first has"
                f" {_shape(configs[0])}; a batch has one shape",
            )
    worlds = [draw_world(config, seed) for config, seed in zip(configs, seeds, strict=True)]
    if len({_law(world) for world in worlds}) > 1:
        raise ConfigError(
            "configs",
            ": a batch has one law of sales; worlds with and without stressors, nonnegative_sales"
            " or multiplicative effects do not mix",
        )
    return Batch(type(worlds[0]).stack(worlds), configs, seeds)


def _law(world: World) -> tuple[Any, ...]:
    return type(world), world.nonnegative, getattr(world, "multiplicative", False)


def _shape(config: MMMDataConfig) -> tuple[int, ...]:
    names = config.geo_names, config.channel_names, config.control_names
    geos, channels, controls = (len(part) for part in names)
    return geos, config.n_periods, channels, controls


def _plain_coordinates(world: World) -> dict[str, Any]:
    geos, n_periods, channels = world.spend.shape
    return {
        "geo": np.array([f"geo_{g + 1}" for g in range(geos)], dtype=str),
        "date": calendar("2023-01-02", n_periods),
        "channel": np.array([f"channel_{j + 1}" for j in range(channels)], dtype=str),
        "control": np.array(
            [f"control_{k + 1}" for k in range(world.controls.shape[-1])], dtype=str
        ),
        "spend_multiplier": np.array(SPEND_MULTIPLIERS),
    }
