"""Channel contributions against the truth: ``contribution_recovery.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics import recovery
from mmm_benchmark.metrics.arrays import FloatArray
from mmm_benchmark.scoring.paths import (
    SCALED,
    UNIT,
    Paths,
    errors,
    errors_by_draw,
    spread_measures,
)
from mmm_benchmark.scoring.posterior import geo_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import SeriesScores

if TYPE_CHECKING:
    import xarray as xr

ONE_DRAW = "point estimate: no intervals"
NO_EFFECT = "no true effect: errors over the mean channel, no r2, mape or correlation"


def contribution_rows(posterior: xr.Dataset, truth: xr.Dataset, bayesian: bool) -> list[Row]:
    """One row per geo and channel, then per channel, per geo, and one over all."""
    parts = [
        _one_geo(
            geo_draws(posterior["contribution"], geo),
            truth["contribution"].isel(geo=geo).values.T,
            bayesian,
        )
        for geo in range(truth.sizes["geo"])
    ]
    labels = [
        {"geo": str(geo), "channel": str(channel)}
        for geo in truth["geo"].values
        for channel in truth["channel"].values
    ]
    return merge(labels, parts).rows(keeping=[("channel",), ("geo",), ()])


def _one_geo(draws: FloatArray, truth: FloatArray, bayesian: bool) -> SeriesScores:
    """Scores of one geo; ``draws`` is ``(channel, date, draw)``, ``truth`` ``(channel, date)``."""
    paths = Paths(draws, truth)
    measures = errors(paths.mean, truth, over=UNIT)
    movement = recovery.variation_ratio(draws, truth[..., None], axis=-2)  # channel, draw
    measures["variation_ratio_draws"] = movement.mean(axis=-1)
    spread, covered, counted = spread_measures(paths)
    notes = [
        "; ".join(
            reason
            for reason, holds in (
                (NO_EFFECT, not row.any()),
                (ONE_DRAW, draws.shape[-1] == 1),
            )
            if holds
        )
        for row in truth
    ]
    return SeriesScores(
        labels=[],
        measures=measures | spread,
        by_draw=errors_by_draw(paths, UNIT) if bayesian else {},
        scales=dict.fromkeys(SCALED, recovery.size(truth)),
        covered=covered,
        counted=counted,
        notes=notes,
    )


def merge(labels: list[dict[str, str]], parts: list[SeriesScores]) -> SeriesScores:
    """Put the scores of several geos, in order, into one."""
    first = parts[0]
    return SeriesScores(
        labels=labels,
        measures={
            name: np.concatenate([part.measures[name] for part in parts]) for name in first.measures
        },
        by_draw={
            name: np.concatenate([part.by_draw[name] for part in parts]) for name in first.by_draw
        },
        scales={
            name: np.concatenate([part.scales[name] for part in parts]) for name in first.scales
        },
        covered={
            level: np.concatenate([part.covered[level] for part in parts])
            for level in first.covered
        },
        counted=np.concatenate([np.asarray(part.counted) for part in parts]),
        notes=[note for part in parts for note in part.notes],
    )
