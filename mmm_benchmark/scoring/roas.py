"""Return on spend, credit by channel, response curves: ``roas_recovery.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics import calibration, decision
from mmm_benchmark.metrics.arrays import FloatArray, ratio
from mmm_benchmark.scoring.contribution import ONE_DRAW
from mmm_benchmark.scoring.posterior import flat_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL, SeriesScores, spread

if TYPE_CHECKING:
    import xarray as xr

VALUES = frozenset(
    {
        *("true_roas", "roas", "roas_hdi_90_lower", "roas_hdi_90_upper"),
        *("true_marginal_roas", "marginal_roas"),
        *("true_share", "share"),
    }
)


def roas_rows(
    posterior: xr.Dataset, observed: xr.Dataset, truth: xr.Dataset, bayesian: bool
) -> list[Row]:
    """One row per channel, summed over geos and dates, then one over all channels."""
    spend = observed["spend"].sum(("geo", "date")).values  # channel
    draws = flat_draws(posterior["roas"])  # channel, draw
    true = true_roas(truth, spend)
    many = draws.shape[-1] > 1
    mean = draws.mean(axis=-1)
    unknown = np.full(mean.shape, np.nan)
    ordered = calibration.sort_draws(draws)
    ends = calibration.hdi(ordered) if many else np.stack([unknown, unknown], axis=-1)
    share_draws = decision.shares((draws * spend[:, None]).T)  # draw, channel
    true_share = decision.shares(true * spend)
    share = decision.shares(mean * spend)
    inside = ((ends[:, 0] <= true) & (true <= ends[:, 1])).astype(float)
    measures = {
        "true_roas": true,
        "roas": mean,
        "roas_hdi_90_lower": ends[:, 0],
        "roas_hdi_90_upper": ends[:, 1],
        "roas_error": ratio(mean - true, np.abs(true)),
        "roas_covered_90": inside if many else unknown,
        "true_share": true_share,
        "share": share,
        "share_error": share - true_share,
        "crps": ratio(calibration.crps(ordered, true), np.abs(true)),
    }
    by_draw = {
        "roas": draws,
        "share": share_draws.T,
        "roas_error": ratio(draws - true[:, None], np.abs(true)[:, None]),
        "share_error": share_draws.T - true_share[:, None],
    }
    reasons = [] if many else [ONE_DRAW]
    for part in (_marginal(posterior, truth), _curve(posterior, truth)):
        found, found_by_draw, reason = part
        measures |= found
        by_draw |= found_by_draw
        reasons += [reason] if reason else []
    scores = SeriesScores(
        labels=[{"channel": str(channel)} for channel in observed["channel"].values],
        measures=measures,
        by_draw=by_draw if bayesian else {},
        only_series=VALUES,
        notes=["; ".join(reasons)] * len(mean),
    )
    rows = scores.rows(keeping=[()])
    ranks = decision.rank_correlation(draws.T, true)
    wrong = decision.misallocated_share(share_draws, true_share)
    for row in rows:
        everything = row["channel"] == ALL
        row["rank_correlation"] = (
            float(decision.rank_correlation(mean, true)) if everything else np.nan
        )
        row["misallocated_share"] = (
            float(decision.misallocated_share(share, true_share)) if everything else np.nan
        )
        if bayesian:
            row |= spread("rank_correlation", ranks if everything else ranks * np.nan)
            row |= spread("misallocated_share", wrong if everything else wrong * np.nan)
    return rows


def true_roas(truth: xr.Dataset, spend: FloatArray) -> FloatArray:
    """True ROAS by channel; where only contributions are known, their sum over spend."""
    if "roas" in truth:
        return truth["roas"].values
    return ratio(truth["contribution"].sum(("geo", "date")).values, spend)


type Part = tuple[dict[str, FloatArray], dict[str, FloatArray], str]


def _marginal(posterior: xr.Dataset, truth: xr.Dataset) -> Part:
    draws = flat_draws(posterior["marginal_roas"])
    mean = draws.mean(axis=-1)
    known = "marginal_roas" in truth
    true = truth["marginal_roas"].values if known else np.full(mean.shape, np.nan)
    return (
        {
            "true_marginal_roas": true,
            "marginal_roas": mean,
            "marginal_roas_error": ratio(mean - true, np.abs(true)),
        },
        {
            "marginal_roas": draws,
            "marginal_roas_error": ratio(draws - true[:, None], np.abs(true)[:, None]),
        },
        "" if known else "true marginal ROAS is not known",
    )


def _curve(posterior: xr.Dataset, truth: xr.Dataset) -> Part:
    """Curve error, each curve less its value at zero spend, so that only the rise is judged."""
    if "response_curve" not in truth:
        unknown = np.full(posterior.sizes["channel"], np.nan)
        return {"curve_error": unknown}, {}, "true response curve is not known"
    true = truth["response_curve"].values
    true = true - true[:, :1]
    at_one = true[:, int(np.argmin(np.abs(truth["spend_multiplier"].values - 1.0)))]
    draws = np.moveaxis(flat_draws(posterior["response_curve"]), -1, 1)  # channel, draw, multiplier
    draws = draws - draws[..., :1]
    return (
        {"curve_error": decision.curve_error(draws.mean(axis=1), true, at_one)},
        {"curve_error": decision.curve_error(draws, true[:, None], at_one[:, None])},
        "",
    )
