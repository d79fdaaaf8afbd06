"""Sales of the weeks kept back against their forecast: ``holdout_accuracy.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics import recovery
from mmm_benchmark.schema import HELD_SALES
from mmm_benchmark.scoring.contribution import ONE_DRAW
from mmm_benchmark.scoring.paths import UNIT, Paths, errors, spread_measures
from mmm_benchmark.scoring.posterior import flat_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL, SeriesScores

if TYPE_CHECKING:
    import xarray as xr

NOTHING = "no weeks were kept back"
SCALED = ("wmape", "bias", "srmse", "crps")


def holdout_rows(forecast: xr.Dataset | None, truth: xr.Dataset | None) -> list[Row]:
    """One row per geo and one over all; one that says so where nothing was kept back."""
    if forecast is None or truth is None or HELD_SALES not in truth:
        return [{"geo": ALL, "note": NOTHING}]
    sales = truth[HELD_SALES].transpose("geo", "future_date").values
    draws = flat_draws(forecast["sales"].transpose("chain", "draw", "geo", "future_date"))
    paths = Paths(draws, sales)
    found = errors(paths.mean, sales, over=UNIT)
    spread, covered, counted = spread_measures(paths)
    point = draws.shape[-1] == 1
    scores = SeriesScores(
        labels=[{"geo": str(geo)} for geo in forecast["geo"].values],
        measures={
            "weeks": np.full(len(sales), float(sales.shape[1])),
            **{name: found[name] for name in ("wmape", "mape", "bias", "srmse")},
            "crps": spread["crps"],
        },
        scales=dict.fromkeys(SCALED, recovery.size(sales)),
        covered=covered,
        counted=counted,
        notes=[ONE_DRAW if point else ""] * len(sales),
    )
    return scores.rows(keeping=[()])
