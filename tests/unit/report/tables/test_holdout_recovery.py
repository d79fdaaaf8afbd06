"""Whether forecasts predict recovery, on tables whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmm_benchmark.report.tables.holdout_recovery import holdout_recovery_rows


def tables(wmape: np.ndarray, error: np.ndarray) -> dict[str, pd.DataFrame]:
    """Rows of (world, fitter) errors."""
    worlds, fitters = wmape.shape
    place = [(f"w{w}", f"f{f}", f"f{f}-{w}") for w in range(worlds) for f in range(fitters)]
    head = pd.DataFrame(place, columns=["data", "fitter", "fit"])
    flat = error.ravel()
    return {
        "holdout_accuracy": head.assign(wmape=wmape.ravel()),
        "roas_recovery": head.assign(roas_error=flat, energy_score=flat),
        "contribution_recovery": head.assign(crps=flat),
        "total_recovery": head.assign(error=-flat, part="media"),
    }


def rows_of(wmape: np.ndarray, error: np.ndarray) -> dict[tuple[str, str], dict]:
    found = holdout_recovery_rows(tables(wmape, error))
    return {(row["table"], row["measure"]): row for row in found}


def test_it_is_spearmans_correlation_and_the_size_of_a_signed_error_counts() -> None:
    rng = np.random.default_rng(0)
    wmape, error = rng.random((6, 5)), rng.random((6, 5))
    rows = rows_of(wmape, error)
    expected = stats.spearmanr(wmape.ravel(), error.ravel()).statistic
    within = np.mean([stats.spearmanr(a, b).statistic for a, b in zip(wmape, error, strict=True)])
    assert len(rows) == 4
    for row in rows.values():
        assert row["rank_correlation"] == pytest.approx(expected)
        assert row["within_worlds"] == pytest.approx(within)
        assert row["rank_correlation_lower"] < expected < row["rank_correlation_upper"]
        assert (row["n_worlds"], row["n_fitters"], row["n_fits"]) == (6, 5, 30)


def test_hard_worlds_alone_do_not_count_within_worlds() -> None:
    """Errors that only the world decides are correlated over all, and not among fitters."""
    rng = np.random.default_rng(1)
    hard = np.arange(40.0)[:, None]
    rows = rows_of(hard + rng.random((40, 4)), hard + rng.random((40, 4)))
    row = rows["roas_recovery", "roas_error"]
    assert row["rank_correlation_lower"] > 0.9
    assert row["within_worlds_lower"] < 0 < row["within_worlds_upper"]


def test_too_few_say_so_and_no_forecast_says_nothing() -> None:
    (row, *_) = rows_of(np.ones((2, 5)), np.ones((2, 5))).values()
    assert "needs 3 worlds" in row["note"]
    assert "rank_correlation" not in row
    assert rows_of(np.full((4, 4), np.nan), np.ones((4, 4))) == {}
