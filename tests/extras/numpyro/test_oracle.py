"""The oracle knows the law of the worlds, and none of their values."""

from __future__ import annotations

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.jax_inference.gauss_newton import gauss_newton
from mmm_benchmark.fitters.oracle import constant, time_varying
from mmm_benchmark.fitters.oracle.fitter import Oracle
from mmm_benchmark.fitters.oracle.jumps import exchange_weeks
from mmm_benchmark.plan.generating_family import family_of, family_text
from mmm_data_generator import generate_mmm_dataset, get_preset_config

KNOWN = ["small_business", "growing_business", "medium_business", "sandbox", "time_varying"]


@pytest.mark.parametrize("name", KNOWN)
def test_family_holds_nothing_that_a_seed_decides(name: str):
    one, other = (family_text(generate_mmm_dataset(name, seed=seed)) for seed in (1, 2))
    assert one == other


def test_family_of_fixed_worlds_holds_no_effect():
    config = get_preset_config("small_business")
    stronger = tuple(replace(channel, base_effectiveness=9.0) for channel in config.channels)
    one, other = (
        family_of(generate_mmm_dataset(each, seed=1))
        for each in (config, replace(config, channels=stronger, transforms=None))
    )
    assert one == other


def observed_of(dataset):
    observed = dataset.observed.copy()
    observed.attrs = {"family": family_text(dataset)}
    return observed


def test_exact_law_reproduces_the_world_from_its_true_values():
    """True parameters, put through the oracle's equations, give the true expected sales."""
    dataset = generate_mmm_dataset("time_varying", seed=3)
    truth, observed = dataset.truth.isel(geo=0), observed_of(dataset)
    family = json.loads(observed.attrs["family"])
    with jax.enable_x64(True):
        data = time_varying.prepare(observed, family)
        clean = (observed["sales"].isel(geo=0) - truth["noise"]).to_numpy()
        spend = observed["spend"].isel(geo=0)
        active = (spend.sum("date") / (spend > 0).sum("date")).to_numpy()
        S = clean.mean()
        media = truth["contribution"].mean("date").to_numpy() / S
        controls = observed["controls"].isel(geo=0).to_numpy()
        gamma = truth["control_contribution"].to_numpy() / np.where(controls == 0, 1, controls)
        params = time_varying.Params(
            decay=jnp.asarray(truth["adstock_decay"].to_numpy()),
            half_saturation=jnp.asarray(
                truth["half_saturation"].to_numpy() * spend.mean("date").to_numpy() / active
            ),
            slope=jnp.asarray(truth["slope"].to_numpy()),
            sales=jnp.asarray(S),
            share=jnp.asarray(media.sum()),
            weight=jnp.asarray(media),
            path=jnp.asarray(np.log(truth["coefficient"].to_numpy()).T),
            control_level=jnp.zeros(controls.shape[1]),
            control_path=jnp.asarray(gamma.T / S / family["prior"]["control_unit"]),
        )
        found = time_varying.expected(params, *time_varying.parts(params, data), data)
    np.testing.assert_allclose(S * np.asarray(found), clean, rtol=1e-9)


def test_innovations_have_the_density_of_the_mixture():
    p, ratio = 0.02, 0.5 / 0.12
    wide = np.sqrt(1 + ratio**2)
    with jax.enable_x64(True):
        for e in (-8.0, -2.4, 0.3, 2.6, 5.0):
            law = (1 - p) * stats.norm.pdf(e) + p * stats.norm.pdf(e, scale=wide)
            found = float(time_varying._innovations(jnp.asarray([[0.0, e]]), p, ratio))
            assert found == pytest.approx(np.log(law * np.sqrt(2 * np.pi)), abs=1e-9)


def test_exchanges_permute_innovations_and_spread_a_jump():
    """Where sales say next to nothing, a jump visits other weeks and other series."""
    dataset = generate_mmm_dataset("time_varying", seed=1, n_periods=12)
    family = json.loads(observed_of(dataset).attrs["family"])
    family["prior"]["noise_share"] = 1e3
    data = time_varying.prepare(dataset.observed, family)
    place = time_varying.paths(data)
    start = np.random.default_rng(0).normal(size=time_varying.dimension(data)).astype(np.float32)
    start[place[0, 5]] = 6.0
    moves = jax.jit(jax.vmap(lambda key: exchange_weeks(key, jnp.asarray(start), data)))
    after = np.asarray(moves(jax.random.split(jax.random.key(0), 300)))
    later = place[:, 1:].ravel()
    rest = np.setdiff1d(np.arange(start.size), later)
    np.testing.assert_array_equal(after[:, rest], np.tile(start[rest], (300, 1)))
    np.testing.assert_array_equal(
        np.sort(after[:, later]), np.tile(np.sort(start[later]), (300, 1))
    )
    series, week = np.divmod(after[:, later].argmax(axis=1), place.shape[1] - 1)
    assert len(np.unique(week)) > 6
    assert len(np.unique(series)) > 4


def linear(z, J):
    return J @ z


def test_linear_posterior_in_its_gauss_newton_frame_is_standard_normal():
    J = np.random.default_rng(0).normal(size=(4, 9))
    with jax.enable_x64(True):
        frame = gauss_newton(linear, np.zeros((1, 9)), jnp.asarray(J))
        map_ = np.asarray(jax.jacobian(frame.cast())(jnp.zeros(9)))
        u = np.random.default_rng(1).normal(size=9)
        np.testing.assert_allclose(frame.inverse(np.asarray(frame.cast()(u))), u, atol=1e-12)
    np.testing.assert_allclose(map_.T @ (np.eye(9) + J.T @ J) @ map_, np.eye(9), atol=1e-9)


def test_constant_family_reproduces_small_business_from_its_true_values():
    dataset = generate_mmm_dataset("small_business", seed=2)
    observed, truth = observed_of(dataset), dataset.truth
    family = json.loads(observed.attrs["family"])
    with jax.enable_x64(True):
        plain = constant.design(observed, family)
        data = constant.prepare(observed, family, plain)
        per_active = observed["spend"].mean("date").to_numpy() / plain.active
        params = constant.Params(
            decay=jnp.asarray(truth["adstock_decay"].to_numpy().T),
            half_saturation=jnp.asarray((truth["half_saturation"].to_numpy() * per_active).T),
            slope=jnp.asarray(truth["slope"].to_numpy().T),
            effect=jnp.asarray((truth["coefficient"].isel(date=0).to_numpy() / plain.sales).T),
            noise=jnp.ones(1),
        )
        found = np.asarray(constant.media(params, data)) * plain.sales[:, None]
    expected = truth["contribution"].sum("channel").to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6)


def test_oracle_answers_and_says_which_kind_it_is():
    dataset = generate_mmm_dataset("small_business", seed=1)
    fit = Oracle().fit(observed_of(dataset), Budget(chains=2, draws=100, tune=150), 1)
    assert fit.checks["bayes_optimal"] is False
    assert fit.notes[0].startswith("well-specified")
    time_varying_fit = Oracle().fit(
        observed_of(generate_mmm_dataset("time_varying", seed=1, n_periods=30)),
        Budget(chains=2, draws=60, tune=100),
        1,
    )
    assert time_varying_fit.checks["bayes_optimal"] is True
    assert {"r_hat_below_1_01", "ess_above_400", "no_divergences"} <= set(time_varying_fit.checks)
    assert time_varying_fit.posterior["coefficient"].dims[2:] == ("geo", "date", "channel")


def test_oracle_declines_what_it_does_not_know():
    observed = generate_mmm_dataset("small_business", seed=1).observed
    bare = observed.copy()
    bare.attrs = {}
    assert "family" in (Oracle().skip(bare) or "")
