"""Coefficient paths against the truth: ``coefficient_recovery.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics import recovery
from mmm_benchmark.metrics.arrays import FloatArray, is_constant
from mmm_benchmark.scoring.contribution import ONE_DRAW, merge
from mmm_benchmark.scoring.paths import UNIT, Paths, spread_measures
from mmm_benchmark.scoring.posterior import geo_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL, SeriesScores, spread

if TYPE_CHECKING:
    import xarray as xr

SCALED = ("level_error", "wmape", "crps")
FLAT_TRUTH = "true coefficient is constant: no correlation or variation"


def coefficient_rows(posterior: xr.Dataset, truth: xr.Dataset, bayesian: bool) -> list[Row]:
    """One row per geo and channel, then per channel, per geo, and one over all."""
    parts, levels = [], []
    for geo in range(truth.sizes["geo"]):
        draws = geo_draws(posterior["coefficient"], geo)
        true = truth["coefficient"].isel(geo=geo).values.T
        parts.append(_one_geo(draws, true, bayesian))
        levels.append((draws.mean(axis=-2, dtype=np.float64), true.mean(axis=-1)))
    labels = [
        {"geo": str(geo), "channel": str(channel)}
        for geo in truth["geo"].values
        for channel in truth["channel"].values
    ]
    rows = merge(labels, parts).rows(keeping=[("channel",), ("geo",), ()])
    estimated, true_levels = (np.concatenate(side) for side in zip(*levels, strict=True))
    agreement = recovery.level_correlation(estimated.mean(axis=-1), true_levels)
    by_draw = np.full(estimated.shape[-1], np.nan)
    if bayesian:
        by_draw = np.array([recovery.level_correlation(each, true_levels) for each in estimated.T])
    for row in rows:
        everything = row["geo"] == row["channel"] == ALL
        row["level_correlation"] = agreement if everything else float("nan")
        if bayesian:
            row |= spread("level_correlation", by_draw if everything else by_draw * np.nan)
    return rows


def _one_geo(draws: FloatArray, truth: FloatArray, bayesian: bool) -> SeriesScores:
    """Scores of one geo; ``draws`` is ``(channel, date, draw)``, ``truth`` ``(channel, date)``."""
    paths = Paths(draws, truth)
    mean = paths.mean
    correlation = recovery.correlation(draws, truth[..., None], axis=-2)  # channel, draw
    movement = recovery.variation_ratio(draws, truth[..., None], axis=-2)
    distribution, covered, counted = spread_measures(paths)
    measures = {
        "correlation": recovery.correlation(mean, truth),
        "correlation_draws": correlation.mean(axis=-1),
        "variation_ratio": recovery.variation_ratio(mean, truth),
        "variation_ratio_draws": movement.mean(axis=-1),
        "level_error": recovery.level_error(mean, truth, over=UNIT),
        "log_rmse": recovery.log_rmse(mean, truth),
        "wmape": recovery.wmape(mean, truth, over=UNIT),
    } | distribution
    by_draw = {}
    if bayesian:
        expanded = truth[..., None]
        by_draw = {
            "correlation": correlation,
            "variation_ratio": movement,
            "level_error": recovery.level_error(draws, expanded, axis=-2, over=UNIT),
            "log_rmse": recovery.log_rmse(draws, expanded, axis=-2),
            "wmape": recovery.wmape(draws, expanded, axis=-2, over=UNIT),
        }
    one_draw = draws.shape[-1] == 1
    notes = [
        "; ".join(reason for reason, holds in ((FLAT_TRUTH, flat), (ONE_DRAW, one_draw)) if holds)
        for flat in is_constant(truth)
    ]
    scales = dict.fromkeys(SCALED, recovery.size(truth))
    return SeriesScores([], measures, by_draw, scales, covered, counted, notes=notes)
