"""The density that NUTS walks in is the model's, whatever the coordinates and the precision."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mmm_benchmark.fitters.common.structure import L_MAX
from mmm_benchmark.fitters.jax_inference import laws
from mmm_benchmark.fitters.jax_inference.linear import (
    draw_coefficients,
    linear_block,
    log_marginal,
)
from mmm_benchmark.fitters.numpyro_mmm import density, prepare
from mmm_benchmark.testing import example_observed


@pytest.fixture(scope="module", params=[1, 3])
def given(request: pytest.FixtureRequest) -> prepare.Inputs:
    return prepare.inputs(example_observed(geos=request.param, weeks=30), "neutral")


def linear_problem(geos: int, K: int):
    rng = np.random.default_rng(4)
    Z, C = rng.normal(size=(geos, 12, 3)), rng.normal(size=(geos, 12, K))
    return Z, C, rng.normal(size=(geos, 12)), rng.uniform(0.3, 0.8, geos)


@pytest.mark.parametrize(("geos", "K"), [(1, 0), (1, 2), (3, 2)])
def test_marginal_density_equals_the_joint_normal(geos: int, K: int):
    Z, C, residual, noise = linear_problem(geos, K)
    weeks = residual.shape[1]
    stacked = C.reshape(geos * weeks, K)
    covariance = stacked @ stacked.T + np.diag(np.repeat(noise**2, weeks))
    for g in range(geos):
        own = slice(g * weeks, (g + 1) * weeks)
        covariance[own, own] += Z[g] @ Z[g].T
    expected = stats.multivariate_normal(cov=covariance).logpdf(residual.ravel())
    with jax.enable_x64(True):
        found = log_marginal(linear_block(Z, C), jnp.asarray(residual), jnp.asarray(noise))
    assert float(found) == pytest.approx(expected, rel=1e-10)


def test_drawn_coefficients_follow_their_conditional_law():
    Z, C, residual, noise = linear_problem(2, 2)
    draws = 40_000
    b, gamma = draw_coefficients(
        np.random.default_rng(1),
        Z,
        C,
        np.broadcast_to(residual, (draws, *residual.shape)),
        np.broadcast_to(noise, (draws, 2)),
    )
    found = np.concatenate([b.reshape(draws, -1), gamma], axis=1)
    design = np.zeros((24, 8))
    design[:12, :3], design[12:, 3:6], design[:, 6:] = Z[0], Z[1], C.reshape(-1, 2)
    weight = np.repeat(noise**-2, 12)
    covariance = np.linalg.inv(np.eye(8) + design.T @ (weight[:, None] * design))
    mean = covariance @ design.T @ (weight * residual.ravel())
    sd = np.sqrt(np.diag(covariance))
    assert np.abs((found.mean(axis=0) - mean) / sd).max() < 5 / np.sqrt(draws)
    np.testing.assert_allclose(np.cov(found.T), covariance, atol=0.03 * sd.max() ** 2)


@pytest.mark.parametrize("sd", [0.01, 0.3, 2.0])
def test_inverse_gamma_is_that_of_its_mean_and_sd(sd: float):
    mean, x = 0.7, 0.5 if sd > 0.1 else 0.69
    shape = 2 + (mean / sd) ** 2
    law = stats.invgamma(shape, scale=mean * (shape - 1))
    assert law.mean() == pytest.approx(mean)
    assert law.std() == pytest.approx(sd)
    with jax.enable_x64(True):
        found = laws.log_inverse_gamma(jnp.log(x), jnp.log(mean), sd)
    assert float(found) == pytest.approx(law.logpdf(x) + np.log(x), abs=2e-5)


def test_coordinates_carry_their_jacobian(given: prepare.Inputs):
    """log_density(z) = model density + log |det of the whole map|, computed numerically."""
    with jax.enable_x64(True):
        data = density.device_data(given)
        z = density.start(data) + 0.2 * np.random.default_rng(0).normal(
            size=density.dimension(data)
        )
        z = jnp.asarray(z)

        def model_scale(z):
            p, _ = density.constrain(z, data)
            parts = (p.logit_alpha, p.beta, p.lam, p.log_mu, p.s, p.log_sigma, jnp.log(p.noise))
            return jnp.concatenate([jnp.ravel(part) for part in parts])

        both = jax.jit(lambda z: (density.constrain(z, data)[1], jax.jacobian(model_scale)(z)))

        def gap(z):
            log_jacobian, numerical = both(z)
            return float(log_jacobian) - np.linalg.slogdet(np.asarray(numerical))[1]

        at = density.split(np.arange(z.size), data)
        points = [
            z.at[0].add(0.7).at[-1].add(0.3),
            z + 0.3,
            z.at[at.beta].add(-4.0),  # so flat that sigma is beyond its prior
            z.at[at.lam].add(3.0).at[at.beta].add(2.0),  # so late
            z.at[at.s].add(-4.0),
            z.at[at.s].add(3.0).at[at.mean].add(-4.0),
        ]
        gaps = [gap(point) - gap(z) for point in points]
    np.testing.assert_allclose(gaps, 0, atol=1e-7)


def test_sigma_runs_into_its_prior_slowly(given: prepare.Inputs):
    """Late or flat curves: beyond its prior, sigma grows by no more than e in ``SOFTNESS``."""
    with jax.enable_x64(True):
        data = density.device_data(given)
        at = density.split(np.arange(density.dimension(data)), data)
        z = jnp.asarray(density.start(data)).at[at.beta].set(3.0)

        @jax.jit
        def log_sigma(z):
            return jnp.mean(density.constrain(z, data)[0].log_sigma)

        for part, sign in ((at.lam, 1.0), (at.beta, -1.0)):
            far = np.array([float(log_sigma(z.at[part].set(sign * x))) for x in (10.0, 20.0, 30.0)])
            assert far[0] > np.log(2.0)
            assert (np.diff(far) / 10 * density.SOFTNESS > 0.3).all()
            assert (np.diff(far) / 10 * density.SOFTNESS < 1.05).all()


def test_single_precision_is_enough(given: prepare.Inputs):
    """Differences of log density, which are what acceptance needs, to a few thousandths."""
    rng = np.random.default_rng(3)
    values = {}
    for double in (True, False):
        with jax.enable_x64(double):
            data = density.device_data(given)
            points = density.start(data) + 0.3 * rng.normal(size=(20, density.dimension(data)))
            points[:, density.split(np.arange(points.shape[1]), data).s] = np.linspace(-4, 2, 20)
            rng = np.random.default_rng(3)
            look = jax.jit(lambda z, data=data: density.log_density(z, data))
            values[double] = np.array([float(look(jnp.asarray(z))) for z in points])
    assert np.abs(np.diff(values[True]) - np.diff(values[False])).max() < 0.01


def test_forward_model_matches_a_plain_loop(given: prepare.Inputs):
    with jax.enable_x64(True):
        data = density.device_data(given)
        z = jnp.asarray(density.start(data) + 0.1)
        params, _ = density.constrain(z, data)
        found = np.asarray(density.media(params, data))
        alpha, beta, lam = (np.asarray(x) for x in (params.alpha, params.beta, params.lam))
        sigma = np.exp(np.asarray(params.log_sigma))
    spend = given.lagged[..., 0]
    expected = np.zeros_like(found)
    for c, g, t in np.ndindex(*spend.shape):
        weights = alpha[c] ** np.arange(L_MAX)
        weights /= weights.sum()
        a = sum(weights[k] * spend[c, g, t - k] for k in range(min(t + 1, L_MAX)))
        rise = 1 / (1 + np.exp(-beta[c] * (a - lam[c]))) - 1 / (1 + np.exp(beta[c] * lam[c]))
        expected[g, t] += sigma[c, g] * rise
    np.testing.assert_allclose(found, expected, rtol=1e-10)
