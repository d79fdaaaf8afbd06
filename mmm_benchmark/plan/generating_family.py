"""What a reference may know of a dataset: the generating family and its prior, no drawn value.

The parent writes the answer of :func:`family_text` into ``observed.attrs["family"]`` for registry
entries that declare a ``reference``; the oracle reads it there and nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mmm_benchmark.plan.published_law import WITH_DENSITY, published_law

if TYPE_CHECKING:
    from mmm_data_generator.config.config import ChannelConfig, MMMDataConfig
    from mmm_data_generator.dataset.dataset import MMMDataset
    from mmm_data_generator.presets.cells import Cell
    from mmm_data_generator.priors.time_varying import TimeVaryingPrior

#: Fields of the prior that describe what is observed anyway: spend, controls and their names.
OBSERVED_FIELDS = (
    "channels",
    "controls",
    "spend_median",
    "spend_sd",
    "spend_log_sd",
    "control_persistence",
)


def family_of(dataset: MMMDataset) -> dict[str, Any] | None:
    """Return functional forms, hyper-parameters and prior, or None where there is no oracle.

    Returns
    -------
    dict
        JSON types. ``kind`` is ``"time_varying"`` (everything is drawn from the prior given
        under ``prior``: the posterior is Bayes-optimal), ``"published"`` (a cell whose law has a
        density, given whole: Bayes-optimal too) or ``"constant"`` (fixed values: forms and
        between-geo variation are given, the prior is the oracle's own broad one).
    """
    config = dataset.config
    if config is None or config.frequency != "weekly":
        return None
    if config.name in WITH_DENSITY and (cell := _cell_of(config)) is not None:
        return published_law(cell, len(config.channels))
    if config.stressors:
        return None
    if config.prior is not None:
        return _time_varying(config.prior)
    if all(_in_family(channel) for channel in config.channels) and _constant_controls(config):
        return _constant(config)
    return None


def family_text(dataset: MMMDataset) -> str | None:
    """:func:`family_of` as JSON, the form in which it travels."""
    family = family_of(dataset)
    return None if family is None else json.dumps(family, sort_keys=True)


def _cell_of(config: MMMDataConfig) -> Cell | None:
    from mmm_data_generator.presets.cells import cell_of

    return cell_of(config)


def _time_varying(prior: TimeVaryingPrior) -> dict[str, Any]:
    law = {name: value for name, value in asdict(prior).items() if name not in OBSERVED_FIELDS}
    return {"kind": "time_varying", "prior": law}


def _constant(config: MMMDataConfig) -> dict[str, Any]:
    regions = config.regions
    return {
        "kind": "constant",
        "l_max": [channel.adstock.l_max for channel in config.channels if channel.adstock],
        "normalize": [channel.adstock.normalize for channel in config.channels if channel.adstock],
        "seasonal_period": regions.seasonal_period,
        "effect_variation": regions.channel_param_variation if regions.n_regions > 1 else 0.0,
        "transform_variation": regions.transform_variation if regions.n_regions > 1 else 0.0,
        "trend": regions.sales_trend != 0.0,
        "nonnegative": regions.nonnegative_sales,
    }


def _in_family(channel: ChannelConfig) -> bool:
    """Whether a channel is constant, geometric first, then Hill."""
    forms = channel.adstock, channel.saturation
    return (
        channel.coefficient.process == "constant"
        and channel.adstock_first
        and forms[0] is not None
        and forms[0].type == "geometric"
        and forms[1] is not None
        and forms[1].type in ("hill", "michaelis_menten")
    )


def _constant_controls(config: MMMDataConfig) -> bool:
    return all(control.coefficient.process == "constant" for control in config.control_variables)
