"""The bent proposal: its density is that of its draws, and it follows what bends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from mmm_benchmark.fitters.common import importance, triangular

CHANNELS = 6


def bent(rng: np.random.Generator, count: int) -> np.ndarray:
    """Pairs that each bend in their own way."""
    x = rng.standard_normal((count, CHANNELS))
    y = 0.7 * (x**2 - 1) + 0.6 * rng.standard_normal(x.shape)
    return np.stack([x, y], axis=-1).reshape(count, -1)


def height(z: np.ndarray) -> np.ndarray:
    x, y = z[:, ::2], z[:, 1::2]
    return -0.5 * np.sum(x**2 + ((y - 0.7 * (x**2 - 1)) / 0.6) ** 2, axis=1)


def test_the_density_integrates_to_one() -> None:
    rng = np.random.default_rng(0)
    law = triangular.fitted(bent(rng, 500)[:, :2], np.ones(500))

    def density(y: float, x: float) -> float:
        return float(np.exp(law.log_density(np.array([[x, y]]))[0]))

    found, _ = integrate.dblquad(density, -8, 8, -10, 25, epsabs=1e-3)
    assert found == pytest.approx(1.0, abs=0.02)


def test_draws_have_the_moments_of_what_it_was_fitted_to() -> None:
    rng = np.random.default_rng(1)
    seen = bent(rng, 3000)
    drawn = triangular.fitted(seen, np.ones(len(seen))).draw(rng, 20000)
    assert drawn.mean(axis=0) == pytest.approx(seen.mean(axis=0), abs=0.1)
    assert np.cov(drawn.T) == pytest.approx(np.cov(seen.T), abs=0.35)


def test_it_follows_what_a_mixture_of_t_laws_cannot() -> None:
    rng = np.random.default_rng(2)
    first = importance.from_modes([np.zeros(2 * CHANNELS)], [np.eye(2 * CHANNELS)], [0.0])
    found = importance.sample(height, first, rng, 1500, 6, 400, importance.bent)
    assert found.k_hat < importance.LARGEST_K
    assert found.ess > 600
    mean = np.exp(found.log_weight) @ found.z
    right = np.tile([0.0, 0.0], CHANNELS)
    assert mean == pytest.approx(right, abs=0.25)


def test_weights_are_flattened_no_more_than_asked() -> None:
    weight = np.exp(3 * np.random.default_rng(3).standard_normal(2000))
    weight /= weight.sum()
    flat = importance.flattened(weight, 300)
    assert 1 / np.sum(flat**2) == pytest.approx(300, rel=0.01)
    assert importance.flattened(flat, 100) == pytest.approx(flat)
