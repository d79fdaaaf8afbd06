"""Over seeds: how much a score moves, and whether one fitter beats another beyond that.

One dataset is one throw of the dice. ``seed_summary`` shows the spread over the seeds of a
dataset; ``paired_comparison`` compares two fitters on exactly the seeds that both fitted, since
seeds differ more among themselves than fitters do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from mmm_benchmark.metrics.arrays import FloatArray
from mmm_benchmark.report.tables.columns import typed
from mmm_benchmark.report.tables.holdout_recovery import COLUMNS as HOLDOUT_COLUMNS
from mmm_benchmark.report.tables.holdout_recovery import HOLDOUT_RECOVERY, holdout_recovery_rows
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL
from mmm_benchmark.scoring.total import MEDIA

#: What is followed over seeds, of the row over all of each table.
FOLLOWED: dict[str, tuple[str, ...]] = {
    "contribution_recovery": (
        *("crps", "srmse", "wmape", "r2", "bias", "total_error", "correlation"),
        *("variation_ratio", "variation_ratio_draws"),
        *("coverage_50", "coverage_80", "coverage_90", "skill_vs_oracle", "skill_vs_constant"),
    ),
    "coefficient_recovery": (
        *("crps", "correlation", "variation_ratio", "variation_ratio_draws"),
        *("level_error", "level_correlation", "coverage_90", "skill_vs_oracle"),
    ),
    "roas_recovery": (
        *("crps", "roas_error", "marginal_roas_error", "misallocated_share", "credit_to_null"),
        *("rank_correlation", "energy_score", "curve_error", "roas_covered_90"),
        "interval_score_90",
    ),
    "total_recovery": ("error", "crps", "covered_90", "interval_score_90"),
    "decision_recovery": (
        *("gain_share", "money_gained", "loses_money", "probability_of_gain", "says_do_not"),
    ),
    "prior_influence": ("contraction", "shift"),
    "holdout_accuracy": ("wmape", "crps", "coverage_90"),
    "silent_failures": ("median_roas_error", "worst_roas_error", "wrong", "silent_failure"),
    "performance_metrics": (
        *("r2", "r2_noise_free", "wmape", "srmse", "durbin_watson"),
        *("predictive_crps", "coverage_90"),
    ),
    "runtime_comparison": ("total_s", "sample_s", "peak_rss_mb"),
    "ess_comparison": ("ess_bulk", "ess_tail", "contribution_ess_bulk", "ess_bulk_per_second"),
}
#: Measures that are ratios: over seeds they have a geometric mean.
RATIOS = frozenset({"skill_vs_oracle", "skill_vs_constant"})
SUMMARY, PAIRED = "seed_summary", "paired_comparison"
SEED_TABLES: dict[str, tuple[str, ...]] = {
    SUMMARY: (
        *("dataset", "fitter", "reference", "knows", "mark"),
        *("table", "measure", "n_seeds", "n_failed", "n_checks_failed"),
        *("mean", "sd", "standard_error", "lowest", "highest", "note"),
    ),
    PAIRED: (
        *("dataset", "first", "second", "first_mark", "second_mark"),
        *("n_seeds", "n_failed", "first_crps", "second_crps"),
        *("difference", "standard_error", "difference_lower", "difference_upper"),
        *("ratio", "ratio_lower", "ratio_upper", "first_better", "second_better", "note"),
    ),
    HOLDOUT_RECOVERY: HOLDOUT_COLUMNS,
}
LEVEL = 0.9  # of the intervals
SEVERAL = "several fits to the same data: the last one counts"
OTHER_DATA = "different data under one name and seed"

type DataOf = Callable[[pd.DataFrame], pd.Series]


def seed_tables(tables: Mapping[str, pd.DataFrame], data_of: DataOf) -> dict[str, pd.DataFrame]:
    """Spread over seeds and paired differences, from the rows over all of every other table."""
    over_all = {name: _over_all(tables[name], data_of) for name in FOLLOWED}
    runs = over_all["runtime_comparison"]  # one row per fit, failures too
    failed = tables["failures"].assign(data=data_of(tables["failures"]))
    failed = failed[failed["fit"].isin(runs["fit"])]
    rows = {
        SUMMARY: list(_summary(over_all, runs, failed)),
        PAIRED: list(_paired(over_all["contribution_recovery"], runs, failed)),
        HOLDOUT_RECOVERY: list(holdout_recovery_rows(over_all)),
    }
    return {
        name: typed(pd.DataFrame(rows[name], columns=list(SEED_TABLES[name])))
        for name in SEED_TABLES
    }


def _over_all(frame: pd.DataFrame, data_of: DataOf) -> pd.DataFrame:
    """The row over all of each fit; of several fits of one fitter to the same data the last."""
    for label in ("geo", "channel"):
        if label in frame:
            frame = frame[frame[label] == ALL]
    if "part" in frame:
        frame = frame[frame["part"].isin([MEDIA, ""])]
    frame = frame.assign(data=data_of(frame))
    place = ["dataset", "fitter", "data"]
    several = frame.duplicated(place, keep=False)
    return frame.assign(several=several).drop_duplicates(place, keep="last")


def _summary(
    over_all: Mapping[str, pd.DataFrame], runs: pd.DataFrame, failed: pd.DataFrame
) -> Iterator[Row]:
    for (dataset, fitter), own in runs.groupby(["dataset", "fitter"], sort=False):
        head = {"dataset": dataset, "fitter": fitter, "mark": marks.join(own["mark"])}
        head |= {name: own[name].iloc[0] for name in ("reference", "knows")}
        head["n_checks_failed"] = own["mark"].str.contains(marks.UNCHECKED).sum()
        missing = failed[(failed["dataset"] == dataset) & (failed["fitter"] == fitter)]
        head["n_failed"] = missing["data"].nunique()
        head["note"] = _notes(own)
        for table, measures in FOLLOWED.items():
            frame = over_all[table]
            mine = frame[(frame["dataset"] == dataset) & (frame["fitter"] == fitter)]
            mine = mine[~mine["data"].isin(missing["data"])]
            for measure in measures:
                known = mine[measure].dropna().to_numpy(float)
                line = head | {"table": table, "measure": measure}
                yield line | (geometric(known) if measure in RATIOS else spread(known))


def geometric(ratios: FloatArray) -> Row:
    """Geometric mean and range of ratios; spread and standard error are those of the logarithm.

    The arithmetic mean of ratios would depend on which of the two is below the line, and may
    turn an order round.
    """
    row = spread(np.log(ratios[ratios > 0]))
    for name in ("mean", "lowest", "highest"):
        row[name] = np.exp(row[name])
    return row


def spread(values: FloatArray) -> Row:
    """Mean, sample standard deviation, standard error and range; one value has no spread."""
    n = values.size
    row: Row = {"n_seeds": n, "mean": values.mean() if n else np.nan}
    row["sd"] = values.std(ddof=1) if n > 1 else np.nan
    row["standard_error"] = row["sd"] / np.sqrt(n) if n > 1 else np.nan
    row["lowest"], row["highest"] = (values.min(), values.max()) if n else (np.nan, np.nan)
    return row


def _paired(crps: pd.DataFrame, runs: pd.DataFrame, failed: pd.DataFrame) -> Iterator[Row]:
    known = crps.dropna(subset="crps")
    for dataset, own in runs.groupby("dataset", sort=False):
        here = known[known["dataset"] == dataset]
        scores = {
            str(fitter): part.set_index("data")["crps"] for fitter, part in here.groupby("fitter")
        }
        lost = failed[failed["dataset"] == dataset]
        fitters = [fitter for fitter in dict.fromkeys(own["fitter"]) if fitter in scores]
        for first, second in itertools.combinations(fitters, 2):
            pair = [first, second]
            both = pd.concat([scores[first], scores[second]], axis=1, join="inner")
            apart = _apart(scores[first], scores[second])
            yield {
                "dataset": dataset,
                "first": first,
                "second": second,
                **{
                    f"{place}_mark": marks.join(own.loc[own["fitter"] == name, "mark"])
                    for place, name in (("first", first), ("second", second))
                },
                "n_failed": lost.loc[lost["fitter"].isin(pair), "data"].nunique(),
                **paired_difference(*both.to_numpy(float).T),
                "note": _notes(own[own["fitter"].isin(pair)], apart),
            }


def _notes(fits: pd.DataFrame, *more: str) -> str:
    """What a reader of these fits should know."""
    data = fits[["seed", "data"]].drop_duplicates()
    found = {SEVERAL: fits["several"].any(), OTHER_DATA: data.duplicated("seed").any()}
    return "; ".join([*filter(None, more), *(note for note, holds in found.items() if holds)])


def _apart(first: pd.Series, second: pd.Series) -> str:
    alone = len(first.index.symmetric_difference(second.index))
    return f"{alone} fitted by one of the two only: left out" if alone else ""


def paired_difference(first: FloatArray, second: FloatArray) -> Row:
    """Compare two scores seed by seed; lower is better.

    Parameters
    ----------
    first, second
        Scores on the same seeds in the same order, shape ``(n_seeds,)``.

    Returns
    -------
    Row
        Means, mean difference (first - second) with standard error and paired-t interval
        (Student 1908), and the geometric mean of first / second with the interval of the same
        test on logarithms. One seed has no interval, no seed nothing.
    """
    n = first.size
    row: Row = {"n_seeds": n}
    if n == 0:
        return row
    row |= {"first_better": (first < second).sum(), "second_better": (second < first).sum()}
    row |= {"first_crps": first.mean(), "second_crps": second.mean()}
    gap = first - second
    row["difference"], error, low, high = _paired_t(gap)
    row |= {"standard_error": error, "difference_lower": low, "difference_upper": high}
    if (first > 0).all() and (second > 0).all():
        middle, _, low, high = _paired_t(np.log(first / second))
        row |= {"ratio": np.exp(middle), "ratio_lower": np.exp(low), "ratio_upper": np.exp(high)}
    return row


def _paired_t(gap: FloatArray) -> tuple[float, float, float, float]:
    """Mean, standard error, and the ends of the interval of level :data:`LEVEL`."""
    mean, n = float(gap.mean()), gap.size
    if n < 2:
        return mean, np.nan, np.nan, np.nan
    from scipy.special import stdtrit  # here, so that tables of one seed load without scipy

    error = float(gap.std(ddof=1) / np.sqrt(n))
    reach = float(stdtrit(n - 1, 0.5 + LEVEL / 2)) * error
    return mean, error, mean - reach, mean + reach
