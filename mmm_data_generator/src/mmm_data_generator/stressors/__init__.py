"""What goes wrong in practice: small frozen configs, each of which changes a world.

``MMMDataConfig(stressors=(Demand(channels=("Search",)), TrendBreak()))`` composes them; the order
of the list does not matter between stages (plan, market, law, noise, feedback, record). A stressor
changes what the company does or what the market adds; the response of sales to spend stays what
the config's channels say, half-saturation in currency included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mmm_data_generator.errors import ConfigError, suggest
from mmm_data_generator.fields.rules import Broken
from mmm_data_generator.stressors.always_on import AlwaysOn
from mmm_data_generator.stressors.base import Plan, Scene, Stressor
from mmm_data_generator.stressors.brand import Brand
from mmm_data_generator.stressors.budget import Budget
from mmm_data_generator.stressors.collinear import Collinear
from mmm_data_generator.stressors.competitor import Competitor
from mmm_data_generator.stressors.cost_model import CostModel
from mmm_data_generator.stressors.demand import Demand
from mmm_data_generator.stressors.events import Events
from mmm_data_generator.stressors.follow_sales import FollowSales
from mmm_data_generator.stressors.missing_weeks import MissingWeeks
from mmm_data_generator.stressors.multiplicative import Multiplicative
from mmm_data_generator.stressors.national import NationalMedia
from mmm_data_generator.stressors.noise import Noise
from mmm_data_generator.stressors.organic import OrganicMedia
from mmm_data_generator.stressors.outliers import Outliers
from mmm_data_generator.stressors.price import Promotions
from mmm_data_generator.stressors.reach_frequency import ReachFrequency
from mmm_data_generator.stressors.synergy import Synergy
from mmm_data_generator.stressors.trend_break import TrendBreak
from mmm_data_generator.stressors.wrong_lag import WrongLag
from mmm_data_generator.world.stressed import StressedWorld

if TYPE_CHECKING:
    from mmm_data_generator.world.world import World

__all__ = [
    "STRESSORS",
    "AlwaysOn",
    "Brand",
    "Budget",
    "Collinear",
    "Competitor",
    "CostModel",
    "Demand",
    "Events",
    "FollowSales",
    "MissingWeeks",
    "Multiplicative",
    "NationalMedia",
    "Noise",
    "OrganicMedia",
    "Outliers",
    "Promotions",
    "ReachFrequency",
    "StressedWorld",
    "Synergy",
    "TrendBreak",
    "WrongLag",
]

#: Stressors by the name that a config file uses for them.
STRESSORS: dict[str, Any] = {
    kind.type: kind
    for kind in (
        AlwaysOn,
        Brand,
        Budget,
        Collinear,
        Competitor,
        CostModel,
        Demand,
        Events,
        FollowSales,
        MissingWeeks,
        Multiplicative,
        NationalMedia,
        Noise,
        OrganicMedia,
        Outliers,
        Promotions,
        ReachFrequency,
        Synergy,
        TrendBreak,
        WrongLag,
    )
}


def stressor_list(value: Any) -> tuple[Any, ...]:
    """Allow a list of stressors, or of mappings with their ``type`` and fields."""
    if isinstance(value, (str, dict)) or not isinstance(value, Sequence):
        raise Broken(": must be a list of stressors")
    made = []
    for i, item in enumerate(value):
        try:
            made.append(_stressor(item))
        except ConfigError as error:
            raise error.under(f"[{i}]") from None
        except Broken as broken:
            raise Broken(f"[{i}]{broken}") from None
    return tuple(made)


def _stressor(item: Any) -> Any:
    if isinstance(item, tuple(STRESSORS.values())):
        return item
    if not isinstance(item, dict):
        raise Broken(f" = {item!r}: must be a stressor or a mapping of its fields")
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in STRESSORS:
        near = suggest(kind, STRESSORS) if isinstance(kind, str) else ""
        raise Broken(f".type = {kind!r}: must be one of {', '.join(STRESSORS)}{near}")
    return STRESSORS[kind](**item)


def check_stressors(config: Plan) -> None:
    """Refuse stressors that do not fit the config's channels, weeks and control names."""
    refuse_misfits(config, config.control_names[: -len(new_controls(config)) or None])


def refuse_misfits(config: Any, own_controls: Sequence[str]) -> tuple[str, ...]:
    """Check stressors against ``channel_names`` and ``n_periods``; return all control names."""
    controls = list(own_controls)
    for i, stressor in enumerate(config.stressors):
        for name in getattr(stressor, "new_controls", ()):
            if name in controls:
                raise ConfigError(f"stressors[{i}]", f": there is a control {name!r} already")
            controls.append(name)
        if hasattr(stressor, "check"):
            try:
                stressor.check(config)
            except ConfigError as error:
                raise error.under(f"stressors[{i}]") from None
    return tuple(controls)


def new_controls(config: Plan) -> tuple[str, ...]:
    """Return the names of the controls that the config's stressors add."""
    return tuple(name for s in config.stressors for name in getattr(s, "new_controls", ()))


def apply_stressors(
    world: World, stressors: Sequence[Stressor], *, controls: tuple[str, ...], **scene: Any
) -> StressedWorld:
    """Return the world with stressors applied stage by stage; ``scene``: fields of `Scene`."""
    stressed = StressedWorld.of(world, len(controls))
    count: Counter[str] = Counter()
    labelled: list[tuple[str, Stressor]] = []
    for stressor in stressors:
        labelled.append((f"{stressor.type}#{count[stressor.type]}", stressor))
        count[stressor.type] += 1
    for label, stressor in sorted(labelled, key=lambda pair: pair[1].STAGE):
        stressed = stressor.apply(stressed, Scene(label=label, controls=controls, **scene))
    return stressed
