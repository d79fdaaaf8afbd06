"""Does holdout accuracy predict recovery? Rank correlations over worlds and fitters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.total import MEDIA

HOLDOUT_RECOVERY: Final = "holdout_recovery"
COLUMNS: Final = (
    *("table", "measure", "n_worlds", "n_fitters", "n_fits"),
    *("rank_correlation", "rank_correlation_lower", "rank_correlation_upper"),
    *("within_worlds", "within_worlds_lower", "within_worlds_upper", "note"),
)
#: Errors of recovery, larger is worse, as the error of the forecast is.
MEASURES: Final = (
    ("roas_recovery", "roas_error"),
    ("roas_recovery", "energy_score"),
    ("contribution_recovery", "crps"),
    ("total_recovery", "error"),
)
LEAST_WORLDS, LEAST_FITTERS = 3, 3  # below these an interval, a rank within a world, says nothing
RESAMPLES, LEVEL = 1000, 0.95

type Array = NDArray[np.float64]


def holdout_recovery_rows(tables: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    """One row per measure of recovery, of all fits that forecast.

    Parameters
    ----------
    tables
        Rows over all of ``holdout_accuracy`` and the recovery tables, a column ``data`` added that
        says which world each was fitted to.
    """
    held = tables["holdout_accuracy"].dropna(subset=["wmape"])
    if not len(held):
        return
    for table, measure in MEASURES:
        frame = tables[table]
        if "part" in frame:
            frame = frame[frame["part"] == MEDIA]
        own = frame[["data", "fit", measure]].assign(**{measure: frame[measure].abs()})
        both = held[["data", "fit", "fitter", "wmape"]].merge(own, on=["data", "fit"]).dropna()
        yield {"table": table, "measure": measure, **_compared(both, measure)}


def _compared(both: pd.DataFrame, measure: str) -> Row:
    worlds = [
        world[["wmape", measure]].to_numpy(float) for _, world in both.groupby("data", sort=True)
    ]
    fitters = both["fitter"].nunique()
    row: Row = {"n_worlds": len(worlds), "n_fitters": fitters, "n_fits": len(both), "note": ""}
    if len(worlds) < LEAST_WORLDS or fitters < LEAST_FITTERS:
        return row | {"note": f"needs {LEAST_WORLDS} worlds and {LEAST_FITTERS} fitters"}
    rng = np.random.default_rng(0)
    picks = rng.integers(len(worlds), size=(RESAMPLES, len(worlds)))
    own = np.array([_spearman(w) if len(w) >= LEAST_FITTERS else np.nan for w in worlds])
    pooled = [_spearman(np.concatenate([worlds[i] for i in pick])) for pick in picks]
    within = [_mean(own[pick]) for pick in picks]
    row |= {"rank_correlation": _spearman(np.concatenate(worlds)), "within_worlds": _mean(own)}
    for name, again in (("rank_correlation", pooled), ("within_worlds", within)):
        low, high = np.nanquantile(again, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
        row |= {f"{name}_lower": float(low), f"{name}_upper": float(high)}
    return row


def _mean(correlations: Array) -> float:
    """Over the worlds that enough fitters forecast."""
    known = correlations[np.isfinite(correlations)]
    return float(known.mean()) if len(known) else np.nan


def _spearman(pairs: Array) -> float:
    """Spearman's rank correlation of two columns, equal values sharing their rank."""
    from scipy.stats import rankdata  # here: tables without a forecast need no scipy

    ranks = rankdata(pairs, axis=0)
    if (ranks.std(axis=0) == 0).any():
        return np.nan
    return float(np.corrcoef(ranks.T)[0, 1])
