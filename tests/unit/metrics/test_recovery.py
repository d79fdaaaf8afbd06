"""Measures of recovery: known values, and the laws they must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmm_benchmark.metrics import decision, predictive, recovery
from mmm_benchmark.scoring.paths import errors

TRUTH = np.array([10.0, 20.0, 30.0, 40.0])
PATHS = arrays(np.float64, (3, 12), elements=st.floats(1.0, 1e4, allow_subnormal=False))


def test_known_values() -> None:
    estimate = TRUTH + np.array([1.0, -1.0, 3.0, 1.0])
    assert recovery.r2(estimate, TRUTH) == pytest.approx(1 - 12 / 500)
    assert recovery.wmape(estimate, TRUTH) == pytest.approx(6 / 100)
    assert recovery.bias(estimate, TRUTH) == pytest.approx(1 / 25)
    assert recovery.srmse(estimate, TRUTH) == pytest.approx(np.sqrt(3) / 25)
    assert recovery.total_error(estimate, TRUTH) == pytest.approx(4 / 100)
    assert recovery.mape(estimate, TRUTH)[0] == pytest.approx((0.1 + 0.05 + 0.1 + 0.025) / 4)
    assert recovery.correlation(estimate, TRUTH) == pytest.approx(
        np.corrcoef(estimate, TRUTH)[0, 1]
    )
    assert recovery.variation_ratio(3 * TRUTH, TRUTH) == pytest.approx(3)
    assert recovery.level_error(1.5 * TRUTH, TRUTH) == pytest.approx(0.5)
    assert recovery.log_rmse(np.e * TRUTH, TRUTH) == pytest.approx(1)


def test_a_perfect_estimate_scores_perfectly() -> None:
    found = {name: float(value) for name, value in errors(TRUTH, TRUTH).items()}
    best = {"r2": 1, "correlation": 1, "variation_ratio": 1}
    assert found == pytest.approx({name: best.get(name, 0) for name in found})


def test_mape_skips_near_zero_truth_and_counts_it() -> None:
    truth = np.array([0.0, 100.0, 200.0, 1e-9])
    mape, skipped = recovery.mape(truth + 10.0, truth)
    assert skipped == 2
    assert mape == pytest.approx((0.1 + 0.05) / 2)
    empty, all_skipped = recovery.mape(np.ones(3), np.zeros(3))
    assert np.isnan(empty)
    assert all_skipped == 3


def test_undefined_measures_are_nan_without_a_warning() -> None:
    flat, zero = np.full(4, 5.0), np.zeros(4)
    for measure in (recovery.r2, recovery.correlation, recovery.variation_ratio):
        assert np.isnan(measure(TRUTH, flat))
    for measure in (recovery.wmape, recovery.bias, recovery.srmse, recovery.total_error):
        assert np.isnan(measure(TRUTH, zero))
    assert np.isnan(recovery.log_rmse(TRUTH - 10.0, TRUTH))


def test_a_flat_estimate_correlates_zero_rather_than_being_dropped() -> None:
    assert recovery.correlation(np.full(4, 7.0), TRUTH) == 0.0
    rounded = (np.full(4, 7.0, np.float32) * np.float32(1.1)).astype(np.float64)
    assert recovery.correlation(rounded, TRUTH) == 0.0


def test_level_correlation_needs_three_positive_series() -> None:
    levels = np.array([1.0, 10.0, 100.0, -1.0])
    assert recovery.level_correlation(2 * levels, levels) == pytest.approx(1)
    assert np.isnan(recovery.level_correlation(levels[:2], levels[:2]))


@given(PATHS, PATHS, st.floats(1e-3, 1e6))
def test_changing_the_currency_changes_nothing(x: np.ndarray, y: np.ndarray, k: float) -> None:
    for name, value in errors(x, y).items():
        np.testing.assert_allclose(errors(k * x, k * y)[name], value, rtol=1e-6, atol=1e-9)


@given(PATHS, PATHS, st.permutations(range(12)))
def test_the_order_of_weeks_does_not_matter(x: np.ndarray, y: np.ndarray, order: list[int]) -> None:
    for name, value in errors(x, y).items():
        np.testing.assert_allclose(errors(x[:, order], y[:, order])[name], value, atol=1e-9)


@given(PATHS, PATHS)
def test_one_draw_scores_as_the_point_it_is(x: np.ndarray, y: np.ndarray) -> None:
    for name, value in errors(x[..., None], y[..., None], axis=-2).items():
        np.testing.assert_array_equal(value[..., 0], errors(x, y)[name])


def test_durbin_watson_tells_drift_from_noise_from_alternation() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(size=5000)
    assert predictive.durbin_watson(noise) == pytest.approx(2, abs=0.1)
    assert predictive.durbin_watson(np.cumsum(noise)) < 0.1
    assert predictive.durbin_watson(np.tile([1.0, -1.0], 500)) > 3.9
    assert np.isnan(predictive.durbin_watson(np.zeros(9)))


def test_durbin_watson_of_several_series_cannot_cancel() -> None:
    assert predictive.folded_durbin_watson(np.array([1.0, 3.0])) == pytest.approx(1)
    assert predictive.folded_durbin_watson(np.array([2.0, 2.0])) == pytest.approx(2)


def test_shares_and_misallocation() -> None:
    true, estimate = decision.shares(np.array([1.0, 3.0])), decision.shares(np.array([2.0, 2.0]))
    np.testing.assert_allclose(true, [0.25, 0.75])
    assert decision.misallocated_share(estimate, true) == pytest.approx(0.25)


def test_rank_correlation_agrees_with_scipy_ties_included() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.integers(0, 5, (2, 9)).astype(float)
        assert decision.rank_correlation(x, y) == pytest.approx(spearmanr(x, y).statistic)
    assert np.isnan(decision.rank_correlation(np.array([1.0]), np.array([1.0])))
