"""Adstock and saturation against their plain definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm_benchmark.fitters.common.hill import (
    geometric_adstock,
    geometric_sum,
    hill,
    hill_adstock_gradient,
)


@given(decay=st.floats(0, 0.99), weeks=st.integers(1, 40))
def test_doubling_equals_the_recursion(decay, weeks):
    spend = np.random.default_rng(weeks).gamma(1.0, 1.0, (2, weeks))
    expected = np.zeros_like(spend)
    carried = np.zeros(2)
    for t in range(weeks):
        carried = spend[:, t] + decay * carried
        expected[:, t] = carried
    np.testing.assert_allclose(geometric_sum(spend, np.full(2, decay)), expected, rtol=1e-12)


def test_steady_spend_is_its_own_adstock():
    assert geometric_adstock(np.full(200, 7.0), 0.8)[-1] == pytest.approx(7.0)


def test_each_series_may_have_its_own_decay():
    spend = np.eye(3, 5)[:, ::-1]
    together = geometric_sum(spend, np.array([0.1, 0.5, 0.9]))
    alone = [geometric_sum(s, d) for s, d in zip(spend, (0.1, 0.5, 0.9), strict=True)]
    np.testing.assert_allclose(together, alone)


def test_hill_is_half_at_half_saturation_and_zero_without_spend():
    assert hill(np.array([0.0, 3.0, 1e9]), 3.0, 2.0) == pytest.approx([0.0, 0.5, 1.0])
    assert hill(np.array([0.0]), 3.0, 0.2) == 0.0


def test_derivatives_match_finite_differences():
    rng = np.random.default_rng(0)
    spend = rng.gamma(1.0, 1.0, (3, 2, 30)) * (rng.random((3, 2, 30)) < 0.6)
    z, k, s = rng.normal(size=3), np.exp(rng.normal(size=3)), np.exp(rng.normal(size=3) / 2)

    def curves(z, log_k, log_s):
        return hill_adstock_gradient(spend, 1 / (1 + np.exp(-z)), np.exp(log_k), np.exp(log_s))

    point = [z, np.log(k), np.log(s)]
    exact = curves(*point)
    for i in range(3):
        step = [1e-6 * (i == j) for j in range(3)]
        up = curves(*[p + d for p, d in zip(point, step, strict=True)]).saturation
        down = curves(*[p - d for p, d in zip(point, step, strict=True)]).saturation
        np.testing.assert_allclose(exact[i + 1], (up - down) / 2e-6, atol=1e-7)
