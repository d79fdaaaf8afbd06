"""What a stressor is told: the names, the size of each geo and its own random streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.errors import ConfigError, suggest
from mmm_data_generator.fields.periods import DAYS_PER_YEAR
from mmm_data_generator.fields.rules import names
from mmm_data_generator.world.seeds import stream

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld

Array = NDArray[np.float64]

#: Stressors act in this order whatever their order in the config, so that spend which follows
#: sales sees the whole market, and what is recorded comes last.
PLAN, MARKET, LAW, NOISE, FEEDBACK, RECORD = range(6)


class Plan(Protocol):
    """What a stressor may ask of a config before there is a world."""

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels."""

    @property
    def control_names(self) -> tuple[str, ...]:
        """Names of the controls, those of stressors last."""

    @property
    def n_periods(self) -> int:
        """Periods of the window."""

    @property
    def stressors(self) -> tuple[Any, ...]:
        """The stressors."""


class Stressor(Protocol):
    """A frozen config that changes a world; see the modules beside this one."""

    type: str
    STAGE: ClassVar[int]

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Return the world under stress."""


@dataclass(frozen=True)
class Scene:
    """Names, sizes and streams for one stressor of one world."""

    label: str  # "demand#0": type and its place among those of its type
    seed: int
    geos: tuple[str, ...]
    channels: tuple[str, ...]
    controls: tuple[str, ...]
    dates: NDArray[np.datetime64]  # (date,), first day of each period
    base: Array  # (geo,), base sales, currency per period
    noise: Array  # (geo,), noise standard deviation, currency per period

    @property
    def days(self) -> int:
        """Days of a period: 1, 7, or the median month's."""
        return int(np.median(np.diff(self.dates.astype("datetime64[D]")).astype(int)))

    @property
    def year(self) -> float:
        """Periods of a year."""
        return DAYS_PER_YEAR / self.days

    def periods(self, weeks: float) -> float:
        """Return how many periods some weeks are."""
        return weeks if self.days == 7 else weeks * 7 / self.days

    def whole_periods(self, weeks: int) -> int:
        """Return the nearest number of periods, at least one."""
        return max(round(self.periods(weeks)), 1)

    def rng(self, purpose: str, geo: str = "", name: str = "") -> np.random.Generator:
        """Return the stream of one purpose of this stressor."""
        return stream(self.seed, f"stressor {self.label} {purpose}", geo, name)

    def normals(self, purpose: str, n: int) -> Array:
        """Return standard normals (geo, n)."""
        return np.stack([self.rng(purpose, geo).standard_normal(n) for geo in self.geos])

    def indices(self, wanted: Sequence[str]) -> list[int]:
        """Return the places of the channels; no name means all of them."""
        return [self.channels.index(name) for name in wanted or self.channels]

    def control(self, name: str) -> int:
        """Return the place of a control."""
        return self.controls.index(name)


def some_names(value: Any) -> tuple[str, ...]:
    """Allow a list of different names; the empty list means every channel."""
    return () if isinstance(value, Sequence) and len(value) == 0 else names(value)


def known_channels(wanted: Sequence[str], config: Plan, field: str, at_least: int = 0) -> None:
    """Refuse names that are no channel of the config, and fewer channels than needed."""
    for i, name in enumerate(wanted):
        if name not in config.channel_names:
            raise ConfigError(
                f"{field}[{i}]",
                f" = {name!r}: no such channel{suggest(name, config.channel_names)};"
                f" channels: {', '.join(config.channel_names)}",
            )
    found = len(wanted or config.channel_names)
    if found < at_least:
        raise ConfigError(field, f": needs at least {at_least} channels, not {found}")


def with_total(path: Array, like: Array) -> Array:
    """Scale paths (geo, date, ...) to the total over weeks of others."""
    total = path.sum(1, keepdims=True)
    return path * like.sum(1, keepdims=True) / np.where(total > 0, total, 1.0)
