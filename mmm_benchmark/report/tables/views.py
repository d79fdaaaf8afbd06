"""What the screen shows of each table: which columns, how rounded, and one line on reading it.

Columns stand in order of importance, as a narrow screen drops the last ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

#: Of R²: below it, twice the error of the mean, only that it is below.
LEAST_R2 = -1.0

type Format = Callable[[float], str]
type Shown = tuple[str, str, Format]  # column, heading, format


def plain(value: float) -> str:
    """Two decimals; fewer for what is large, more for what would read as zero."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 0.005 or value == 0 else f"{value:.1g}"


def explained(value: float) -> str:
    """R²; far below zero its size says nothing, as any level may be missed."""
    return plain(value) if value >= LEAST_R2 else f"< {LEAST_R2:.0f}"


def fine(value: float) -> str:
    """Three decimals."""
    return f"{value:.3f}"


def percent(value: float) -> str:
    """One decimal of a per cent."""
    return f"{100 * value:z.1f}%"


def points(value: float) -> str:
    """Points of sales, with a sign where there is one to see."""
    return f"{100 * value:+z.1f}"


def whole(value: float) -> str:
    """Thousands separated, no decimals."""
    return f"{value:z,.0f}"


def seconds(value: float) -> str:
    """Seconds with the digits that matter."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


#: Columns shown with their standard error.
WITH_ERROR = {
    "coverage_90": "coverage_90_se",
    "roas_covered_90": "roas_covered_90_se",
}

#: Said where the column is shown: few runs have an oracle.
SKILL = "Skill is the oracle's CRPS over the fit's (1 = its equal)."


@dataclass(frozen=True)
class View:
    """How one table is shown: title, how to read it, and (column, heading, format) triples."""

    title: str
    reading: str
    shown: tuple[Shown, ...]
    by: tuple[str, ...] = ()  # labels to show beside dataset and fitter


VIEWS: dict[str, View] = {
    "total_recovery": View(
        "What media sell in all",
        "Share of sales, estimated less true: +5 points means that a twentieth of all sales is "
        "credited to media (or to the baseline) too much.",
        (
            ("error", "error", points),
            ("crps", "CRPS", points),
            ("true_share", "true\nshare", percent),
            ("share", "share", percent),
            ("covered_90", "90%\nholds", percent),
        ),
        by=("part",),
    ),
    "contribution_recovery": View(
        "Contributions by channel against the truth",
        "The question that matters. Lower CRPS and SRMSE are better; 90% intervals should hold "
        "the truth 90% of the time.",
        (
            ("crps", "CRPS", fine),
            ("skill_vs_oracle", "skill vs\noracle", plain),
            ("coverage_90", "90%\nholds", percent),
            ("srmse", "SRMSE", fine),
            ("r2", "R²", explained),
            ("bias", "bias\n(size)", percent),
            ("correlation", "corr.", plain),
            ("variation_ratio", "variation\nratio", plain),
        ),
    ),
    "roas_recovery": View(
        "Return on spend and credit by channel",
        "Errors are shares of true media sales, weighted by money, and never cancel; misallocated "
        "is the share of credit in the wrong place; rank 1 orders the channels rightly.",
        (
            ("roas_error", "ROAS\nerror", percent),
            ("crps", "CRPS", fine),
            ("roas_covered_90", "90%\nholds", percent),
            ("misallocated_share", "misallo-\ncated", percent),
            ("credit_to_null", "to no\neffect", percent),
            ("rank_correlation", "rank", plain),
            ("energy_score", "energy\nscore", fine),
            ("marginal_roas_error", "marginal\nROAS error", percent),
            ("curve_error", "curve\nerror", percent),
            ("skill_vs_oracle", "skill vs\noracle", plain),
        ),
    ),
    "decision_recovery": View(
        "What is lost by acting on it",
        "Today's budget, each channel within 30%, planned on the fit's curves and paid by the "
        "true ones: 1 gains all there is, 0 nothing, below 0 loses money. Do not: its own "
        "probability of a gain is below 90%.",
        (
            ("gain_share", "share of\nbest gain", plain),
            ("money_gained", "money\ngained", whole),
            ("best_gain", "best\ngain", whole),
            ("promised_gain", "promised", whole),
            ("probability_of_gain", "its own\nprobability", percent),
            ("says_do_not", "do\nnot", plain),
        ),
    ),
    "holdout_accuracy": View(
        "Forecast of the weeks kept back",
        "Sales of weeks that the fit has not seen, from their known spend. What every team can "
        "check; whether it says anything of recovery is another question.",
        (
            ("wmape", "wMAPE", percent),
            ("crps", "CRPS", fine),
            ("coverage_90", "90%\nholds", percent),
            ("bias", "bias\n(size)", percent),
            ("weeks", "weeks", whole),
        ),
    ),
    "prior_influence": View(
        "Did the data speak, or the prior",
        "ROAS, mean over channels: how much narrower than the fit's own prior its posterior is "
        "(0: not at all, 1: certain), and how far it moved, in widths of the prior.",
        (("contraction", "contrac-\ntion", plain), ("shift", "shift\n(size)", plain)),
    ),
    "silent_failures": View(
        "Would anybody have noticed",
        "Wrong: a median ROAS error over 25%, a worst over 50%, or 90% intervals that hold less "
        "than 75%. Silent: wrong while its own checks are green.",
        (
            ("silent_failure", "silent\nfailure", plain),
            ("wrong", "wrong", plain),
            ("checks_green", "checks\ngreen", plain),
            ("median_roas_error", "median\nROAS error", percent),
            ("worst_roas_error", "worst\nROAS error", percent),
            ("roas_covered_90", "90%\nholds", percent),
        ),
    ),
    "coefficient_recovery": View(
        "Coefficient paths over time",
        "Posterior means rightly move less than the truth; draws should move as much as it does "
        "(ratio 1). A flat estimate correlates 0.",
        (
            ("correlation", "corr.", plain),
            ("variation_ratio", "variation\nof mean", plain),
            ("variation_ratio_draws", "variation\nof draws", plain),
            ("level_error", "level\nerror", percent),
            ("level_correlation", "level\ncorr.", plain),
            ("coverage_90", "90%\nholds", percent),
            ("skill_vs_oracle", "skill vs\noracle", plain),
        ),
    ),
    "parameter_recovery": View(
        "Transform parameters",
        "Mean absolute error over channels, in the parameter's own unit, and how often the 90% "
        "interval holds the truth.",
        (
            ("error", "error\n(size)", fine),
            ("covered_90", "90%\nholds", percent),
            ("crps", "CRPS", fine),
            ("skill_vs_oracle", "skill vs\noracle", plain),
        ),
        by=("parameter",),
    ),
    "performance_metrics": View(
        "Expected against observed sales",
        "Fit to the data, not recovery: a model may fit well and credit the wrong channels. "
        "Durbin-Watson near 2 leaves no pattern in the residuals.",
        (
            ("r2", "R²", fine),
            ("mape", "MAPE", percent),
            ("wmape", "wMAPE", percent),
            ("srmse", "SRMSE", fine),
            ("bias", "bias\n(size)", percent),
            ("durbin_watson", "Durbin-\nWatson", plain),
            ("coverage_90", "90%\nholds", percent),
        ),
    ),
    "runtime_comparison": View(
        "Seconds and memory",
        "Wall-clock seconds of the worker process by phase; total holds imports and compilation.",
        (
            ("import_s", "import", seconds),
            ("build_s", "build", seconds),
            ("compile_s", "com-\npile", seconds),
            ("sample_s", "sample", seconds),
            ("summarise_s", "sum-\nmarise", seconds),
            ("total_s", "total", seconds),
            ("peak_rss_mb", "peak\nMB", whole),
        ),
    ),
    "ess_comparison": View(
        "Effective sample size",
        "Smallest over free parameters; per second of sampling and of the whole fit.",
        (
            ("ess_bulk", "bulk", whole),
            ("ess_tail", "tail", whole),
            ("contribution_ess_bulk", "bulk of\ncontributions", whole),
            ("ess_bulk_per_sample_second", "bulk per s\nsampling", plain),
            ("ess_bulk_per_second", "bulk per s\nin all", plain),
        ),
    ),
    "diagnostics_summary": View(
        "Did the sampler do its work",
        "R-hat at most 1.01, ESS at least 400 and no divergences, or the numbers above are not "
        "to be trusted.",
        (
            ("r_hat", "R-hat", fine),
            ("ess_bulk", "ESS bulk", whole),
            ("ess_tail", "ESS tail", whole),
            ("divergences", "diver-\ngences", whole),
            ("e_bfmi", "E-BFMI", plain),
            ("contribution_r_hat", "R-hat of\ncontributions", fine),
        ),
    ),
}


#: What a reader came for, most wanted first; the screen shows the first three that say something.
ANSWERS = (
    *("holdout_accuracy", "contribution_recovery", "decision_recovery", "roas_recovery"),
    "runtime_comparison",
)
#: Tables that only some runs or fits have something for: never a word of them in others.
UNASKED = frozenset({"holdout_accuracy", "prior_influence"})


def dataset_label(row: Mapping[Any, Any]) -> str:
    """``name@seed``, as the command line writes it."""
    seed = row["seed"]
    return str(row["dataset"]) if pd.isna(seed) else f"{row['dataset']}@{seed}"
