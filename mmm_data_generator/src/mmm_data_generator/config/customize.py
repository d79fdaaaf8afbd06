"""Changed copies of a config, addressed by field: ``n_periods``, ``regions.n_regions``,
``channels[2].saturation.slope``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.errors import ConfigError, suggest
from mmm_data_generator.fields.legacy import TransformConfig
from mmm_data_generator.fields.periods import PER_YEAR


def customize(config: MMMDataConfig, changes: Mapping[str, Any]) -> MMMDataConfig:
    """Return a copy of ``config`` with fields changed, all at once."""
    if not changes:
        return config
    tree: dict[str, Any] = {}
    for key, value in changes.items():
        steps = [step for step in re.split(r"\.|(?=\[)", key) if step]
        if not steps:
            raise ConfigError(f"{key!r}", ": names no field")
        _plant(tree, steps, value, key)
    return _changed(config, tree, "")


def _plant(tree: dict[str, Any], steps: list[str], value: Any, key: str) -> None:
    """Put a value into the tree of changes; a mapping is a subtree of its own."""
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            raise ConfigError(key, ": is changed twice")
    last = steps[-1]
    if isinstance(value, Mapping) and isinstance(tree.get(last, {}), dict):
        tree.setdefault(last, {}).update(value)
    elif last in tree:
        raise ConfigError(key, ": is changed twice")
    else:
        tree[last] = value


def _changed(node: Any, tree: dict[str, Any], path: str) -> Any:
    """Return ``node`` with a tree of changes applied; errors say the whole path."""
    if isinstance(node, tuple):
        return _changed_list(node, tree, path)
    known = [f.name for f in fields(node) if f.init]
    if isinstance(node, MMMDataConfig):
        known.append("transforms")
    values = {}
    for name, value in tree.items():
        if name not in known:
            raise ConfigError(
                f"{path}.{name}".lstrip("."),
                f": unknown field{suggest(name, known)}; fields: {', '.join(known)}",
            )
        current = getattr(node, name, None)
        nested = is_dataclass(current) or (isinstance(current, tuple) and _indexed(value))
        if isinstance(value, dict) and nested:
            value = _changed(current, value, f"{path}.{name}".lstrip("."))
        values[name] = value
    if isinstance(node, MMMDataConfig):
        values = _with_transforms(node, values)
    values = _released(node, values)
    try:
        return replace(node, **values)
    except ConfigError as error:
        raise (error.under(path) if path else error) from None


def _changed_list(node: tuple[Any, ...], tree: dict[str, Any], path: str) -> tuple[Any, ...]:
    out = list(node)
    for step, subtree in tree.items():
        i = int(step[1:-1])
        if i >= len(out):
            raise ConfigError(f"{path}{step}", f": there are {len(out)}, counted from [0]")
        out[i] = (
            _changed(out[i], subtree, f"{path}{step}") if isinstance(subtree, dict) else subtree
        )
    return tuple(out)


def _indexed(value: Any) -> bool:
    return isinstance(value, dict) and all(re.fullmatch(r"\[\d+\]", str(step)) for step in value)


def _released(node: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Let go of what the old value of a changed field had fixed."""
    names = getattr(node, "region_names", None)
    if names is not None and "n_regions" in values and "region_names" not in values:
        n = values["n_regions"]
        if isinstance(n, int) and n > len(names):
            # the old geos keep their names, so they keep their draws
            extra = (f"geo_{g + 1}" for g in range(n + len(names)))
            names = [*names, *(name for name in extra if name not in names)]
        return {**values, "region_names": tuple(names[:n]) if isinstance(n, int) else None}
    if isinstance(node, MMMDataConfig) and values.get("frequency", node.frequency) != (
        node.frequency
    ):
        regions = values.get("regions", node.regions)
        if getattr(regions, "seasonal_period", None) == PER_YEAR[node.frequency]:
            values = {**values, "regions": replace(regions, seasonal_period=None)}
    parameters = {"alpha", "theta", "lam", "k", "slope", "kappa", "c", "exponent"}
    if "type" in values and hasattr(node, "type") and values["type"] != node.type:
        return {**{f.name: None for f in fields(node) if f.name in parameters}, **values}
    return values


def _with_transforms(config: MMMDataConfig, values: dict[str, Any]) -> dict[str, Any]:
    """Give all channels new transforms; what the change does not name stays as it was."""
    if "transforms" not in values:
        return values
    given = values.pop("transforms")
    channels = values.get("channels", config.channels)
    if isinstance(given, TransformConfig):
        every, parts = given, {"adstock", "saturation"}
    else:
        every = TransformConfig(**given)
        parts = {str(key).split("_")[0] for key in given}
    changed = []
    for i, channel in enumerate(channels):
        new: dict[str, Any] = {}
        if "adstock" in parts:
            new["adstock"] = every.adstock_of(i)
        if "saturation" in parts:
            new["saturation"] = every.saturation_of(i)
        changed.append(replace(channel, **new))
    return {**values, "channels": tuple(changed)}
