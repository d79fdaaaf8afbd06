"""Carry-over against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm_benchmark.fitters.common.lags import lag_tensor, lag_weights


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_lags_count_backwards_from_each_week(axis: int):
    series = np.random.default_rng(0).random((4, 5, 6))
    found = lag_tensor(series, 3, axis=axis)
    weeks = np.moveaxis(series, axis, 0)
    for lag in range(3):
        for week in range(len(weeks)):
            expected = weeks[week - lag] if week >= lag else np.zeros_like(weeks[0])
            np.testing.assert_array_equal(np.moveaxis(found[..., lag], axis, 0)[week], expected)


def test_more_lags_than_weeks_are_weeks_without_spend():
    found = lag_tensor(np.array([1.0, 2.0]), 4)
    np.testing.assert_array_equal(found, [[1, 0, 0, 0], [2, 1, 0, 0]])


@given(st.lists(st.floats(0, 0.99), min_size=1, max_size=5), st.integers(1, 12))
def test_weights_sum_to_one_and_fall_by_the_decay(decays: list[float], lags: int):
    decay = np.array(decays)
    weights = lag_weights(decay, lags)
    np.testing.assert_allclose(weights.sum(-1), 1.0)
    np.testing.assert_allclose(weights[:, 1:], decay[:, None] * weights[:, :-1], atol=1e-15)
