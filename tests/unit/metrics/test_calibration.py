"""CRPS, coverage, PIT and intervals on cases small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmm_benchmark.metrics import calibration

DRAWS = arrays(np.float64, (4, 15), elements=st.floats(-1e3, 1e3, allow_subnormal=False))


@given(DRAWS, st.floats(-1e3, 1e3))
def test_crps_is_the_mean_over_distinct_pairs(draws: np.ndarray, y: float) -> None:
    pairs = np.abs(draws[:, :, None] - draws[:, None, :]).sum((1, 2)) / (15 * 14)
    expected = np.abs(draws - y).mean(-1) - pairs / 2
    found = calibration.crps(calibration.sort_draws(draws), np.full(4, y))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_crps_of_one_draw_is_its_absolute_error() -> None:
    assert calibration.crps(np.array([[3.0]]), np.array([5.0])) == pytest.approx(2.0)


def test_crps_keeps_its_precision_far_from_zero() -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(1, 200))
    near = calibration.crps(calibration.sort_draws(draws), np.zeros(1))
    far = calibration.crps(calibration.sort_draws(draws + 1e9), np.full(1, 1e9))
    np.testing.assert_allclose(far, near, rtol=1e-5)


def test_points_nobody_doubts_do_not_count_as_covered() -> None:
    draws = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    truth = np.array([0.0, 2.0, 4.0])
    assert calibration.coverage(draws, truth, 0.5) == (1, 2)


def test_one_draw_has_no_interval() -> None:
    assert calibration.coverage(np.ones((5, 1)), np.ones(5), 0.9) == (0, 0)


def test_coverage_error_grows_when_series_disagree() -> None:
    counted = np.full(10, 100.0)
    alike = calibration.coverage_standard_error(np.full(10, 90.0), counted)
    apart = calibration.coverage_standard_error(np.array([80.0, 100.0] * 5), counted)
    assert alike == pytest.approx(np.sqrt(0.9 * 0.1 / 1000))
    assert apart > 3 * alike
    assert np.isnan(calibration.coverage_standard_error(np.zeros(2), np.zeros(2)))


def test_pit_counts_ties_half() -> None:
    ordered = np.array([[1.0, 2.0, 2.0, 3.0]])
    assert calibration.pit(ordered, np.array([2.0])) == pytest.approx((2 + 0.5) / 5)
    assert calibration.pit(ordered, np.array([0.0])) == pytest.approx(0.1)
    assert calibration.pit(ordered, np.array([9.0])) == pytest.approx(0.9)


@given(arrays(np.float64, (12, 3), elements=st.floats(-1e3, 1e3, allow_subnormal=False)))
def test_energy_score_is_the_mean_over_distinct_pairs(draws: np.ndarray) -> None:
    truth = np.array([1.0, -2.0, 3.0])
    pairs = np.linalg.norm(draws[:, None] - draws[None], axis=-1).sum() / (12 * 11)
    expected = np.linalg.norm(draws - truth, axis=-1).mean() - pairs / 2
    assert calibration.energy_score(draws, truth) == pytest.approx(expected, abs=1e-4, rel=1e-6)


def test_energy_score_of_one_quantity_is_its_crps() -> None:
    draws = np.random.default_rng(4).normal(size=(60, 1))
    crps = calibration.crps(calibration.sort_draws(draws[:, 0]), np.array(0.3))
    assert calibration.energy_score(draws, np.array([0.3])) == pytest.approx(float(crps))


def test_own_scores_agree_with_scoringrules() -> None:
    import scoringrules

    rng = np.random.default_rng(5)
    draws, truth = rng.gamma(2.0, size=(6, 40)), rng.gamma(2.0, size=6)
    ordered = calibration.sort_draws(draws)
    np.testing.assert_allclose(
        calibration.crps(ordered, truth),
        scoringrules.crps_ensemble(truth, draws, estimator="fair"),
    )
    found = calibration.energy_score(draws.T, truth)
    assert found == pytest.approx(scoringrules.es_ensemble(truth, draws.T, estimator="fair"))
    low, high = calibration.central_interval(ordered, 0.9)
    np.testing.assert_allclose(
        calibration.interval_score(ordered, truth, 0.9),
        scoringrules.interval_score(truth, low, high, 0.1),
    )


def test_coverage_of_a_few_that_all_agree_is_not_certain() -> None:
    four = np.ones(4)
    assert calibration.coverage_standard_error(four, four) == pytest.approx(0.1531, abs=1e-4)
    assert calibration.coverage_standard_error(0 * four, four) == pytest.approx(0.1531, abs=1e-4)


def test_interval_score_adds_width_and_misses() -> None:
    ordered = np.sort(np.linspace(0.0, 1.0, 999))[None]
    inside, above = (calibration.interval_score(ordered, np.array([y])) for y in (0.5, 1.95))
    assert inside == pytest.approx(0.9, abs=0.01)
    assert above == pytest.approx(0.9 + 20 * 1.0, abs=0.05)
