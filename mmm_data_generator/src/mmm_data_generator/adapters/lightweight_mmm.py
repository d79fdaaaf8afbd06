"""Inputs of Google's LightweightMMM (no longer developed): plain arrays, time first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.periods import PER_YEAR

if TYPE_CHECKING:
    from mmm_data_generator.dataset.dataset import MMMDataset

Array = NDArray[np.float64]


class LightweightInputs(NamedTuple):
    """``LightweightMMM(...).fit(media, media_prior, target, extra_features)``, scaled by mean.

    The last two are arguments of ``fit`` too: they tell the library what a period is.

    The geo axis is there with several geos only, as the library wants it.
    """

    media: Array  # (date, channel[, geo]), each channel over its mean in the geo
    media_prior: Array  # (channel,), total spend over its mean, as the library's examples do
    target: Array  # (date[, geo]), over its mean
    extra_features: Array | None  # (date, control[, geo]), over the mean size
    media_names: list[str]
    seasonality_frequency: int = 52  # periods of a year
    weekday_seasonality: bool = False


def to_lightweight_mmm(dataset: MMMDataset) -> LightweightInputs:
    """Return the arrays, scaled as the library's ``CustomScaler(divide_operation=mean)`` does."""
    observed = dataset.observed
    spend = observed["spend"].values.transpose(1, 2, 0)  # date, channel, geo
    controls = observed["controls"].values.transpose(1, 2, 0)
    sales = observed["sales"].values.T
    if spend.shape[-1] == 1:
        spend, controls, sales = spend[..., 0], controls[..., 0], sales[..., 0]
    totals = observed["spend"].values.sum((0, 1))
    return LightweightInputs(
        media=_over_mean(spend),
        media_prior=totals / totals.mean(),
        target=_over_mean(sales),
        extra_features=_over_mean(controls) if controls.shape[1] else None,
        media_names=[str(name) for name in observed["channel"].values],
        seasonality_frequency=int(PER_YEAR[dataset.frequency or "weekly"]),
        weekday_seasonality=dataset.frequency == "daily",
    )


def _over_mean(values: Array) -> Array:
    size = np.abs(values).mean(0)
    return values / np.where(size > 0, size, 1.0)
