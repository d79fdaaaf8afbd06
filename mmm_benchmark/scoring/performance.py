"""Expected sales against observed sales: ``performance_metrics.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics import calibration, predictive, recovery
from mmm_benchmark.metrics.arrays import FloatArray, ratio
from mmm_benchmark.scoring.paths import Paths, errors, errors_by_draw, spread_measures
from mmm_benchmark.scoring.posterior import flat_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import SeriesScores

if TYPE_CHECKING:
    import xarray as xr

MEASURES = ("r2", "mape", "mape_skipped", "wmape", "bias", "srmse")


def performance_rows(
    posterior: xr.Dataset,
    predictive_draws: xr.Dataset | None,
    observed: xr.Dataset,
    truth: xr.Dataset | None,
    bayesian: bool,
) -> list[Row]:
    """One row per geo and one for all.

    The estimate is the posterior mean of *expected* (noise-free) sales for every fitter; spread
    is judged on the posterior predictive, where a fit has one.
    """
    sales = observed["sales"].values  # geo, date
    paths = Paths(flat_draws(posterior["expected_sales"]), sales)
    found = errors(paths.mean, sales)
    measures = {name: found[name] for name in MEASURES}
    measures["durbin_watson"] = predictive.durbin_watson(sales - paths.mean)
    by_draw: dict[str, FloatArray] = {}
    if bayesian:
        drawn = errors_by_draw(paths)
        by_draw = {name: drawn[name] for name in MEASURES if name in drawn}
        by_draw["durbin_watson"] = predictive.durbin_watson(sales[..., None] - paths.draws, axis=-2)
        by_draw["r2_noise_free"] = np.full(paths.draws.shape[::2], np.nan)
    n = sales.shape[0]
    unknown = np.full(n, np.nan)
    known_noise = truth is not None and "noise" in truth
    measures["r2_noise_free"] = unknown
    if truth is not None and known_noise:
        expected = sales - truth["noise"].values
        measures["r2_noise_free"] = recovery.r2(paths.mean, expected)
        if bayesian:
            by_draw["r2_noise_free"] = recovery.r2(paths.draws, expected[..., None], axis=-2)
    notes = [] if known_noise else ["true noise is not known: no r2_noise_free"]
    scores = SeriesScores(
        labels=[{"geo": str(geo)} for geo in observed["geo"].values],
        measures=measures,
        by_draw=by_draw,
    )
    if predictive_draws is not None and "sales" in predictive_draws:
        spread = Paths(flat_draws(predictive_draws["sales"]), sales)
        crps, scores.covered, scores.counted = spread_measures(spread)
        ordered = calibration.sort_draws(spread.draws)
        values = calibration.pit(ordered, sales)
        measures["predictive_crps"] = ratio(crps["crps"], recovery.size(sales))
        measures["pit_distance"] = np.array([calibration.pit_distance(row) for row in values])
    else:
        measures["predictive_crps"] = measures["pit_distance"] = unknown
        scores.covered = {level: np.zeros(n) for level in calibration.LEVELS}
        scores.counted = np.zeros(n)
        notes.append("no posterior predictive: spread of sales not judged")
    scores.notes = ["; ".join(notes)] * n
    return scores.rows(keeping=[()])
