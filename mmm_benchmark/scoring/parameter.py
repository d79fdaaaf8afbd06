"""Transform parameters against the truth: ``parameter_recovery.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics import calibration
from mmm_benchmark.scoring.contribution import ONE_DRAW
from mmm_benchmark.scoring.posterior import flat_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL, SeriesScores

if TYPE_CHECKING:
    import xarray as xr

#: Parameters that mean the same in every model, with their units in ``docs/metrics.md``.
PARAMETERS = ("adstock_decay", "half_saturation", "slope")


def parameter_rows(posterior: xr.Dataset, truth: xr.Dataset | None, bayesian: bool) -> list[Row]:
    """For each parameter one row per geo and channel, then one over all."""
    rows: list[Row] = []
    for name in PARAMETERS:
        known = truth is not None and name in truth
        if name in posterior:
            rows += _one_parameter(name, posterior, truth if known else None, bayesian)
        elif known:
            rows.append(_row_without(name, "the model has no such parameter, or none comparable"))
    return rows or [_row_without("", "no parameter of the world and none of the model")]


def _row_without(name: str, note: str) -> Row:
    return {"geo": ALL, "channel": ALL, "parameter": name, "note": note}


def _one_parameter(
    name: str, posterior: xr.Dataset, truth: xr.Dataset | None, bayesian: bool
) -> list[Row]:
    variable = posterior[name]
    draws = flat_draws(variable)  # geo, channel, draw
    draws = draws.reshape(-1, draws.shape[-1])
    true = np.full(len(draws), np.nan) if truth is None else truth[name].values.reshape(-1)
    mean, many = draws.mean(axis=-1), draws.shape[-1] > 1
    unknown = np.full(len(draws), np.nan)
    ordered = calibration.sort_draws(draws)
    low, high = calibration.central_interval(ordered, 0.9) if many else (unknown, unknown)
    inside = ((low <= true) & (true <= high)).astype(float)
    scores = SeriesScores(
        labels=[
            {"geo": str(geo), "channel": str(channel), "parameter": name}
            for geo in variable["geo"].values
            for channel in variable["channel"].values
        ],
        measures={
            "true_value": true,
            "mean": mean,
            "sd": draws.std(axis=-1, ddof=1) if many else unknown,
            "lower_90": low,
            "upper_90": high,
            "error": mean - true,
            "covered_90": np.where(np.isfinite(true) & many, inside, np.nan),
            "crps": calibration.crps(ordered, true),
        },
        by_draw={"mean": draws, "error": draws - true[:, None]} if bayesian else {},
        only_series=frozenset({"true_value", "mean", "sd", "lower_90", "upper_90"}),
        notes=[
            "; ".join(
                reason
                for reason, holds in (
                    ("true value is not known", not np.isfinite(value)),
                    (ONE_DRAW, not many),
                )
                if holds
            )
            for value in true
        ],
    )
    return scores.rows(keeping=[("parameter",)])
