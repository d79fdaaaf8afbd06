"""The Hill density under a stated prior is the model's, and answers under every prior."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.hill_mmm import density
from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM
from mmm_benchmark.priors.prior import NAMED, prior_of
from mmm_benchmark.testing import example_observed

OWN = {"base": "meridian", "*": {"slope": [1.2, 0.2]}, "noise": 0.2}


def directly(z: np.ndarray, data: density.Data, plain: density.Design) -> float:
    """Log prior in natural parameters with its Jacobian, and one dense normal likelihood."""
    params, h = density.constrain(jnp.asarray(z), data)
    media = np.einsum("cg,cgt->gt", np.asarray(params.effect), np.asarray(h))
    c, g, t = h.shape
    stacked = np.concatenate(list(plain.controls))
    covariance = stacked @ stacked.T + np.diag(np.repeat(np.asarray(params.noise) ** 2, t))
    for i in range(g):
        own = slice(i * t, (i + 1) * t)
        covariance[own, own] += plain.own[i] @ plain.own[i].T
    residual = (np.asarray(data.residual) - media).ravel()
    noise = np.asarray(params.noise)
    prior = stats.halfnorm(scale=float(data.noise)).logpdf(noise).sum() + np.log(noise).sum()
    beforehand = np.concatenate([z[: 3 * c], z[4 * c + g :]])
    if float(data.at_full[0]) > 0:
        full = np.einsum("cgt,g->c", np.asarray(h), np.asarray(data.weight)) / t
        share = np.exp(np.asarray(density.read(data.tables.level, jnp.asarray(z[3 * c : 4 * c]))))
        law = stats.norm(np.asarray(data.full_mean), np.asarray(data.full_sd))
        prior += law.logpdf(np.log(share / full)).sum()
    else:
        beforehand = np.concatenate([beforehand, z[3 * c : 4 * c]])
    return (
        stats.norm().logpdf(beforehand).sum()
        + prior
        + stats.multivariate_normal(cov=covariance).logpdf(residual)
    )


@pytest.mark.parametrize("name", ["neutral", "meridian"])
def test_differences_of_the_density_are_those_of_the_joint_one(name: str):
    observed = example_observed(geos=1, weeks=30)
    prior = NAMED[name]
    with jax.enable_x64(True):
        plain = density.design(observed, prior)
        data = density.prepare(observed, prior, plain)
        rng = np.random.default_rng(0)
        points = density.start(data) + 0.5 * rng.standard_normal((3, density.dimension(data)))
        found = [float(density.log_density(jnp.asarray(z), data)) for z in points]
        right = [directly(z, data, plain) for z in points]
    assert np.diff(found) == pytest.approx(np.diff(right), rel=1e-7)


def test_quantities_drawn_from_the_coordinates_follow_the_stated_laws():
    observed = example_observed(geos=1, weeks=30)
    prior = prior_of({"*": {"roas": {"lognormal": [0.5, 0.4]}, "adstock_decay": {"beta": [2, 5]}}})
    with jax.enable_x64(True):
        data = density.prepare(observed, prior, density.design(observed, prior))
        rng = np.random.default_rng(1)
        z = rng.standard_normal((2000, density.dimension(data)))
        params, h = jax.vmap(lambda row: density.constrain(row, data))(jnp.asarray(z))
        sold = np.asarray(params.effect)[:, 0, 0] * np.asarray(h).sum(axis=(2, 3))[:, 0]
    mean_sales = float(observed["sales"].mean())
    roas = sold * mean_sales / float(observed["spend"].isel(channel=0).sum())
    assert stats.kstest(np.log(roas), stats.norm(0.5, 0.4).cdf).pvalue > 0.001
    assert stats.kstest(np.asarray(params.decay)[:, 0], stats.beta(2, 5).cdf).pvalue > 0.001


def test_numpyro_mmm_answers_under_a_prior_of_ones_own():
    observed = example_observed(geos=2, weeks=40)
    moving = {**OWN, "effects_move": True, "baseline_wanders": False}
    fit = NumpyroMMM(prior=moving).fit(observed, Budget(chains=2, draws=60, tune=100), 3)
    assert fit.notes[-1] == "against the prior, in this model effects stay"
    slope = fit.posterior["slope"].values
    assert 0.5 < slope.mean() < 2.0
    assert slope.std() < 0.3


def test_a_prior_that_is_not_stated_leaves_the_key_as_it_was():
    assert "prior" not in NumpyroMMM().settings()
    assert NumpyroMMM(prior="meridian").settings()["prior"] == "meridian"
