"""Weighted draws of laws with known answers; k-hat says when not to believe them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mmm_benchmark.fitters.common import importance


def banana(z: np.ndarray) -> np.ndarray:
    """A normal bent along its first axis: E z0 = 0, E z1 = 1, E z0^2 = 1."""
    return -0.5 * z[:, 0] ** 2 - 2.0 * (z[:, 1] - z[:, 0] ** 2) ** 2 - 0.5 * z[:, 2] ** 2


def start(centre: float = 0.0, width: float = 1.0, d: int = 3) -> importance.Mixture:
    return importance.from_modes([np.full(d, centre)], [width**2 * np.eye(d)], [0.0])


def test_mixture_density_is_that_of_its_t_laws():
    factor = np.linalg.cholesky(np.array([[1.0, 0.3], [0.3, 0.5]]))
    mixture = importance.Mixture(
        np.array([0.4, 0.6]), np.array([[0.0, 1.0], [2.0, 0.0]]), np.stack([factor, 2 * factor])
    )
    z = np.random.default_rng(0).standard_normal((5, 2))
    each = [
        stats.multivariate_t(c, f @ f.T, df=importance.FREEDOM).pdf(z)
        for c, f in zip(mixture.centre, mixture.factor, strict=True)
    ]
    assert np.exp(mixture.log_density(z)) == pytest.approx(0.4 * each[0] + 0.6 * each[1])
    drawn = mixture.draw(np.random.default_rng(1), 4000)
    assert drawn.mean(axis=0) == pytest.approx([1.2, 0.4], abs=0.12)


def test_a_bent_law_is_found_and_k_hat_is_low():
    rng = np.random.default_rng(2)
    found = importance.sample(banana, start(), rng, 2000, rounds=8, least_ess=800)
    assert found.k_hat < importance.LARGEST_K
    assert found.ess > 600
    z = found.resampled(rng, 4000)
    error = 4 / found.ess**0.5
    assert z[:, 0].mean() == pytest.approx(0.0, abs=error)
    assert z[:, 1].mean() == pytest.approx(1.0, abs=error * 1.5)
    assert (z[:, 0] ** 2).mean() == pytest.approx(1.0, abs=error * 1.5)


def test_a_proposal_that_misses_the_tails_is_not_believed():
    def cauchy(z: np.ndarray) -> np.ndarray:
        return -0.6 * np.log1p(z**2).sum(axis=1)

    rng = np.random.default_rng(3)
    narrow = start(width=0.2, d=4)
    found = importance.sample(cauchy, narrow, rng, 2000, rounds=0, least_ess=400)
    assert found.k_hat > importance.LARGEST_K


def test_points_without_a_density_count_for_nothing():
    rng = np.random.default_rng(4)
    found = importance.sample(
        lambda z: np.where(z[:, 0] > 0, -0.5 * (z**2).sum(axis=1), -np.inf),
        start(),
        rng,
        2000,
        rounds=2,
        least_ess=10_000,
    )
    z = found.resampled(rng, 1000)
    assert z[:, 0].min() > 0
    assert z[:, 0].mean() == pytest.approx((2 / np.pi) ** 0.5, abs=0.1)
