"""Which columns each table has, in which order. ``docs/metrics.md`` defines every one."""

from __future__ import annotations

import pandas as pd

from mmm_benchmark.metrics.calibration import LEVELS
from mmm_benchmark.phases import PHASES
from mmm_benchmark.scoring.estimates import ESTIMATED, MOVED
from mmm_benchmark.scoring.records import CONVERGENCE, ROLES, SAMPLER
from mmm_benchmark.scoring.score import SCORED

HEAD = ("dataset", "seed", "fitter", "fit")
MARKED = ("reference", "knows", "mark")
TAIL = (*MARKED, "note")
#: Columns of words; all others but the seed are numbers.
TEXT = frozenset(
    {
        *("dataset", "fitter", "fit", "geo", "channel", "parameter", "part", "note"),
        *("reference", "knows", "mark"),
        *("table", "measure", "first", "second", "first_mark", "second_mark"),
        *("key", "imports", "compiled", "status", "reason", "log_tail", "checks_failed"),
        *("judge", "least_by", "move_money"),
    }
)
SPREAD = ("_mean", "_sd", "_q05", "_q95")
SKILL = ("skill_vs_oracle", "skill_vs_constant")
COVERAGE = tuple(f"coverage_{round(100 * level)}{end}" for level in LEVELS for end in ("", "_se"))

MEASURES: dict[str, tuple[str, ...]] = {
    "performance_metrics": (
        *("r2", "mape", "mape_skipped", "wmape", "bias", "srmse", "durbin_watson"),
        *("r2_noise_free", "predictive_crps", "pit_distance", *COVERAGE),
    ),
    "contribution_recovery": (
        *("r2", "mape", "mape_skipped", "wmape", "bias", "srmse", "correlation"),
        *("variation_ratio", "variation_ratio_draws", "total_error"),
        *("crps", "crps_currency", *COVERAGE, *SKILL),
    ),
    "coefficient_recovery": (
        *("correlation", "correlation_draws", "variation_ratio", "variation_ratio_draws"),
        *("level_error", "level_correlation", "log_rmse", "wmape"),
        *("crps", "crps_currency", *COVERAGE, *SKILL),
    ),
    "parameter_recovery": (
        *("true_value", "mean", "sd", "lower_90", "upper_90"),
        *("error", "covered_90", "crps", *SKILL),
    ),
    "roas_recovery": (
        *("true_roas", "roas", "roas_90_lower", "roas_90_upper"),
        *("roas_error", "roas_covered_90", "roas_covered_90_se", "interval_score_90"),
        *("true_marginal_roas", "marginal_roas", "marginal_roas_error"),
        *("true_share", "share", "share_error", "misallocated_share", "credit_to_null"),
        *("rank_correlation", "energy_score", "curve_error", "crps", *SKILL),
    ),
    "total_recovery": (
        *("true_share", "share", "share_90_lower", "share_90_upper", "error"),
        *("crps", "covered_90", "interval_score_90"),
    ),
    "decision_recovery": (
        *("gain_share", "money_gained", "best_gain", "loses_money"),
        *("promised_gain", "probability_of_gain", "says_do_not", "planned", "best"),
    ),
    "prior_influence": ("prior_roas", "prior_width", "contraction", "shift"),
    "holdout_accuracy": ("weeks", "wmape", "mape", "bias", "srmse", "crps", *COVERAGE),
    "silent_failures": (
        *("checks_green", "median_roas_error", "worst_roas_error", "roas_covered_90"),
        *("wrong", "silent_failure"),
    ),
    "estimates": (
        *("spend", "spend_with_sales"),
        *(f"{name}{end}" for name in ESTIMATED for end in ("", "_q05", "_q95")),
        *MOVED,
    ),
    "runtime_comparison": (
        *(f"{phase}_s" for phase in PHASES),
        *("total_s", "peak_rss_mb", "stored_mb", "imports", "compiled", "key"),
    ),
    "ess_comparison": (
        *("ess_bulk", "ess_tail", "contribution_ess_bulk", "contribution_ess_tail"),
        *("ess_bulk_per_sample_second", "ess_tail_per_sample_second"),
        *("ess_bulk_per_second", "ess_tail_per_second"),
    ),
    "diagnostics_summary": (
        *(*CONVERGENCE, "ess_per_second", *SAMPLER),
        *(f"contribution_{name}" for name in CONVERGENCE),
        *(f"parameters_{role}" for role in (*ROLES, "total")),
        "checks_failed",
    ),
    "failures": ("status", "reason", "total_s", "key", "log_tail"),
}

#: Measures that also get a column for each statistic over draws when asked for.
OVER_DRAWS: dict[str, tuple[str, ...]] = {
    "performance_metrics": (
        *("r2", "mape", "wmape", "bias", "srmse", "durbin_watson", "r2_noise_free"),
    ),
    "contribution_recovery": (
        *("r2", "mape", "wmape", "bias", "srmse", "correlation"),
        *("variation_ratio", "total_error"),
    ),
    "coefficient_recovery": (
        *("correlation", "variation_ratio", "level_error", "level_correlation", "log_rmse"),
        "wmape",
    ),
    "parameter_recovery": ("mean", "error"),
    "roas_recovery": (
        *("roas", "roas_error", "marginal_roas", "marginal_roas_error"),
        *("share", "share_error", "misallocated_share", "credit_to_null", "rank_correlation"),
        "curve_error",
    ),
}


def columns(table: str, bayesian: bool) -> list[str]:
    """All columns of a table, in order."""
    measures: list[str] = []
    for name in MEASURES[table]:
        measures.append(name)
        if bayesian and name in OVER_DRAWS.get(table, ()):
            measures += [f"{name}{end}" for end in SPREAD]
    tail = MARKED if table == "failures" else TAIL
    return [*HEAD, *SCORED.get(table, ()), *measures, *tail]


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Whole seeds that may be missing, text that is never missing, numbers as floats."""
    for column in frame:
        if column == "seed":
            frame[column] = frame[column].astype("Int64")
        elif column in TEXT:
            frame[column] = frame[column].astype("object").fillna("").astype("str")
        else:
            frame[column] = frame[column].astype("float64")
    return frame
