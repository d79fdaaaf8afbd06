"""The measures that lead, one number each: what a leaderboard compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmm_benchmark.scoring.market import Market
from mmm_benchmark.scoring.scorable import Row, ScorableDataset, ScorableFit
from mmm_benchmark.scoring.score import score_fit
from mmm_benchmark.scoring.series import ALL
from mmm_benchmark.scoring.total import MEDIA

#: Name of the measure -> table and column, of the row over all (of media in ``total_recovery``).
LEADING: dict[str, tuple[str, str]] = {
    "total_error": ("total_recovery", "error"),  # signed, points of sales
    "total_crps": ("total_recovery", "crps"),
    "roas_error": ("roas_recovery", "roas_error"),  # share of true media sales
    "roas_crps": ("roas_recovery", "crps"),
    "energy_score": ("roas_recovery", "energy_score"),
    "null_credit": ("roas_recovery", "credit_to_null"),
    "order": ("roas_recovery", "rank_correlation"),
    "coverage_90": ("roas_recovery", "roas_covered_90"),
    "coverage_90_se": ("roas_recovery", "roas_covered_90_se"),
    "interval_score": ("roas_recovery", "interval_score_90"),
    "gain_share": ("decision_recovery", "gain_share"),
    "gain_probability": ("decision_recovery", "probability_of_gain"),
    "holdout_error": ("holdout_accuracy", "wmape"),
    "prior_moved": ("prior_influence", "shift"),
    "silent_failure": ("silent_failures", "silent_failure"),
}


def leading(
    fit: ScorableFit, dataset: ScorableDataset, market: Market | None = None
) -> dict[str, float]:
    """The leading measures of one finished fit; NaN where the fit cannot say.

    ``market`` is the dataset's own, where several fits to it are scored in turn.
    """
    return leading_of(score_fit(fit, dataset, market=market))


def leading_of(tables: Mapping[str, Sequence[Row]]) -> dict[str, float]:
    """The same from the rows of one fit."""
    return {
        name: float(_over_all(tables[table]).get(column, float("nan")))
        for name, (table, column) in LEADING.items()
    }


def _over_all(rows: Sequence[Row]) -> Row:
    """The one row that speaks for the fit."""
    for row in rows:
        whole = all(row.get(label, ALL) == ALL for label in ("geo", "channel"))
        if whole and row.get("part", MEDIA) in (MEDIA, ""):
            return row
    return {}
