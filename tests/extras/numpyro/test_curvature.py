"""Coordinates of the curvature at a mode, on laws whose mode and covariance are known."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from arviz_stats.base import array_stats

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.jax_inference import nuts as sampling
from mmm_benchmark.fitters.jax_inference.curvature import (
    FLATTEST,
    Frame,
    double_look,
    locate,
)
from mmm_benchmark.fitters.jax_inference.nuts import nuts_near_mode
from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM
from mmm_benchmark.testing import example_observed

MEAN = np.array([3.0, -2.0, 0.5])
ROOT = np.array([[1.0, 0.0, 0.0], [0.9, 0.02, 0.0], [-0.5, 0.01, 2.0]])
PRECISION = np.linalg.inv(ROOT @ ROOT.T)


def normal(z, law):
    mean, precision = law
    return -0.5 * (z - mean) @ precision @ (z - mean)


def single(*arrays):
    return tuple(jnp.asarray(array, jnp.float32) for array in arrays)


def two_peaks(z, _):
    """A low peak at -4, the high one at 4."""
    return jnp.logaddexp(-0.5 * jnp.sum((z + 4) ** 2), 3 - 0.5 * jnp.sum((z - 4) ** 2))


def test_a_normal_law_is_located_exactly_in_double_precision():
    found = locate(double_look(normal, single(MEAN, PRECISION)), [np.zeros(3)])
    frame = found.frame()
    assert found.converged
    assert found.definite
    np.testing.assert_allclose(frame.centre, MEAN, atol=1e-4)
    np.testing.assert_allclose(frame.axes @ frame.axes.T, ROOT @ ROOT.T, rtol=1e-3, atol=1e-4)


def test_the_highest_of_the_modes_is_taken():
    starts = [np.array([-5.0]), np.array([5.0])]
    assert locate(double_look(two_peaks, ()), starts).mode == pytest.approx(4.0, abs=1e-4)


def test_a_flat_direction_is_given_a_bounded_width():
    found = locate(double_look(lambda z, _: -0.5 * z[0] ** 2, ()), [np.ones(2)])
    assert not found.definite
    widths = np.linalg.norm(found.frame().axes, axis=0)
    assert sorted(widths) == pytest.approx([1.0, FLATTEST**-0.5])


def test_coordinates_without_curvature_are_appended_as_they_are():
    frame = Frame(MEAN, ROOT).extended(np.array([7.0]))
    u = np.array([0.3, -1.0, 2.0, 0.25])
    np.testing.assert_allclose(frame.rows(u), [*(MEAN + ROOT @ u[:3]), 7.25])


def test_a_narrow_ridge_is_sampled_as_if_it_were_round():
    """Standard deviations of 1 and 0.02 along a slanted ridge: short trees, exact moments."""
    law = single(MEAN, PRECISION)
    drawn = nuts_near_mode(
        normal,
        law,
        lambda _: locate(double_look(normal, law), [np.zeros(3)]).frame(),
        3,
        Budget(chains=4, draws=500, tune=200),
        seed=1,
    )
    flat = drawn.z.reshape(-1, 3)
    ess = array_stats.ess(np.moveaxis(drawn.z, -1, 0), method="bulk")
    error = np.abs(flat.mean(axis=0) - MEAN) / (flat.std(axis=0) / np.sqrt(ess))
    assert error.max() < 4
    assert drawn.tree_depth.max() <= 4
    np.testing.assert_allclose(np.cov(flat.T), ROOT @ ROOT.T, rtol=0.2, atol=0.05)


def test_the_sampler_looks_at_a_point_without_moving():
    """One program gives energies and slopes, and draws at any acceptance rate."""
    law, z = single(MEAN, PRECISION), np.array([2.0, -1.0, 0.0])
    known = len(sampling._programs)
    chain = sampling.compiled_chain(sampling.Plan(normal, 100, 100), law, 3)
    energy, slope = chain.look(law, z)
    expected, rise = double_look(normal, law)(z)
    assert energy == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(slope, rise, rtol=1e-3)
    assert chain.look(law, np.full(3, np.nan))[0] == pytest.approx(sampling.UNKNOWN)
    rates = [
        sampling.nuts(normal, law, np.stack([z]), budget, 0).acceptance.mean()
        for budget in (
            Budget(chains=1, draws=100, tune=100, target_accept=each) for each in (0.6, 0.95)
        )
    ]
    assert rates[1] > rates[0] + 0.02
    assert len(sampling._programs) == known + 1


def test_moving_effects_have_no_mode_to_approximate():
    with pytest.raises(UserError, match="allowed with time_varying: nuts"):
        NumpyroMMM(method="laplace", time_varying=True).fit(example_observed(), Budget(), 1)
