"""Return on spend, credit by channel, response curves: ``roas_recovery.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmm_benchmark.metrics import calibration, decision
from mmm_benchmark.metrics.arrays import FloatArray, ratio
from mmm_benchmark.scoring.contribution import ONE_DRAW
from mmm_benchmark.scoring.posterior import flat_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL, SeriesScores, spread

if TYPE_CHECKING:
    import xarray as xr

NULL = "no true effect: errors over the ROAS of all media"
VALUES = frozenset(
    {
        *("true_roas", "roas", "roas_90_lower", "roas_90_upper"),
        *("true_marginal_roas", "marginal_roas"),
        *("true_share", "share"),
    }
)


def roas_rows(
    posterior: xr.Dataset, observed: xr.Dataset, truth: xr.Dataset, bayesian: bool
) -> list[Row]:
    """One row per channel, summed over geos and dates, then one over all channels.

    Errors are taken in money, spend x ROAS: a channel's row sets them over its own true return,
    the row over all over the return of the mean channel, so it weighs channels by money.
    """
    spend = observed["spend"].sum(("geo", "date")).values  # channel
    draws = flat_draws(posterior["roas"])  # channel, draw
    true = true_roas(truth, spend)
    many = draws.shape[-1] > 1
    mean = draws.mean(axis=-1)
    unknown = np.full(mean.shape, np.nan)
    ordered = calibration.sort_draws(draws)
    low, high = calibration.central_interval(ordered, 0.9) if many else (unknown, unknown)
    credit, true_credit = mean * spend, true_totals(truth)
    true_share, share = decision.shares(true_credit), decision.shares(credit)
    inside = ((low <= true) & (true <= high)).astype(float)
    score = calibration.interval_score(ordered, true) if many else unknown
    measures = {
        "true_roas": true,
        "roas": mean,
        "roas_90_lower": low,
        "roas_90_upper": high,
        "roas_error": spend * (mean - true),
        "roas_covered_90": inside if many else unknown,
        "interval_score_90": spend * score,
        "true_share": true_share,
        "share": share,
        "share_error": share - true_share,
        "crps": spend * calibration.crps(ordered, true),
    }
    by_draw = {
        "roas": draws,
        "share": decision.shares((draws * spend[:, None]).T).T,
        "roas_error": spend[:, None] * (draws - true[:, None]),
    }
    by_draw["share_error"] = by_draw["share"] - true_share[:, None]
    returned = np.abs(true) * spend
    scales = dict.fromkeys(("roas_error", "interval_score_90", "crps"), returned)
    reasons = [] if many else [ONE_DRAW]
    for part in (_marginal(posterior, truth, spend), _curve(posterior, truth)):
        measures |= part.measures
        by_draw |= part.by_draw
        scales |= part.scales
        reasons += [part.reason] if part.reason else []
    scores = SeriesScores(
        labels=[{"channel": str(channel)} for channel in observed["channel"].values],
        measures=measures,
        by_draw=by_draw if bayesian else {},
        scales=scales,
        only_series=VALUES,
        notes=["; ".join([*reasons, *([NULL] if x == 0 else [])]) for x in true],
    )
    rows = scores.rows(keeping=[()])
    over_all = {
        "roas_covered_90_se": calibration.coverage_standard_error(inside, np.ones_like(inside))
        if many
        else np.nan,
        "energy_score": _energy(draws * spend[:, None], true_credit),
    }
    credits = (draws * spend[:, None]).T  # draw, channel
    judged = {
        "rank_correlation": (decision.rank_correlation, mean, draws.T, true),
        "misallocated_share": (decision.misallocated_share, credit, credits, true_credit),
        "credit_to_null": (decision.credit_to_null, credit, credits, true_credit),
    }
    for name, (measure, estimate, drawn, right) in judged.items():
        over_all[name] = float(measure(estimate, right))
        if bayesian:
            over_all |= spread(name, measure(drawn, right))
    for row in rows:
        empty = row["channel"] != ALL
        row |= dict.fromkeys(over_all, np.nan) if empty else over_all
    return rows


def _energy(totals: FloatArray, truth: FloatArray) -> float:
    """Energy score of the channels' totals ``(channel, draw)`` over all true media credit."""
    media = float(np.abs(truth).sum())
    return calibration.energy_score(totals.T, truth) / media if media else float("nan")


def true_roas(truth: xr.Dataset, spend: FloatArray) -> FloatArray:
    """True ROAS by channel; where only contributions are known, their sum over spend."""
    if "roas" in truth:
        return truth["roas"].values
    return ratio(truth["contribution"].sum(("geo", "date")).values, spend)


def true_totals(truth: xr.Dataset) -> FloatArray:
    """Sales that each channel truly caused over the window, (channel,), currency."""
    return truth["contribution"].sum(("geo", "date")).values


class Part(NamedTuple):
    """Further measures of each channel: in their unit, with the scales to set them over."""

    measures: dict[str, FloatArray]
    by_draw: dict[str, FloatArray]
    scales: dict[str, FloatArray]
    reason: str


def _marginal(posterior: xr.Dataset, truth: xr.Dataset, spend: FloatArray) -> Part:
    draws = flat_draws(posterior["marginal_roas"])
    mean = draws.mean(axis=-1)
    known = "marginal_roas" in truth
    true = truth["marginal_roas"].values if known else np.full(mean.shape, np.nan)
    return Part(
        {
            "true_marginal_roas": true,
            "marginal_roas": mean,
            "marginal_roas_error": spend * (mean - true),
        },
        {
            "marginal_roas": draws,
            "marginal_roas_error": spend[:, None] * (draws - true[:, None]),
        },
        {"marginal_roas_error": np.abs(true) * spend},
        "" if known else "true marginal ROAS is not known",
    )


def _curve(posterior: xr.Dataset, truth: xr.Dataset) -> Part:
    """Curve error, each curve less its value at zero spend, so that only the rise is judged."""
    if "response_curve" not in truth:
        unknown = np.full(posterior.sizes["channel"], np.nan)
        return Part({"curve_error": unknown}, {}, {}, "true response curve is not known")
    true = truth["response_curve"].values
    true = true - true[:, :1]
    at_one = true[:, int(np.argmin(np.abs(truth["spend_multiplier"].values - 1.0)))]
    draws = np.moveaxis(flat_draws(posterior["response_curve"]), -1, 1)  # channel, draw, multiplier
    draws = draws - draws[..., :1]
    return Part(
        {"curve_error": decision.curve_error(draws.mean(axis=1), true)},
        {"curve_error": decision.curve_error(draws, true[:, None])},
        {"curve_error": np.abs(at_one)},
        "",
    )
