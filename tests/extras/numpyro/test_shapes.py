"""What the densities say of their shapes is so, and a wrong shape is refused."""

from __future__ import annotations

import json

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError
from shape_checks import check_fields

from mmm_benchmark.fitters.hill_mmm import density as hill
from mmm_benchmark.fitters.jax_inference import laws
from mmm_benchmark.fitters.jax_inference.linear import log_marginal
from mmm_benchmark.fitters.numpyro_mmm import density, prepare
from mmm_benchmark.fitters.oracle import constant, time_varying
from mmm_benchmark.plan.generating_family import family_text
from mmm_benchmark.priors.prior import NAMED
from mmm_benchmark.testing import example_observed
from mmm_data_generator import generate_mmm_dataset


@pytest.mark.parametrize("moves", [False, True])
def test_fields_of_the_native_model(moves: bool):
    given = prepare.inputs(example_observed(geos=3, weeks=30), "neutral")
    data = density.device_data(given, time_varying=moves)
    z = jnp.asarray(density.start(data))
    check_fields(data)
    check_fields(density.split(z, data))
    check_fields(density.constrain(z, data)[0])


@pytest.mark.parametrize("name", ["small_business", "growing_business"])
def test_fields_of_the_oracle_where_values_are_fixed(name: str):
    dataset = generate_mmm_dataset(name, seed=1)
    family = json.loads(family_text(dataset))
    plain = constant.design(dataset.observed, family)
    data = constant.prepare(dataset.observed, family, plain)
    check_fields(plain)
    check_fields(data)
    check_fields(constant.constrain(jnp.asarray(constant.start(data)), data))


def test_fields_of_the_oracle_where_effects_move():
    dataset = generate_mmm_dataset("time_varying", seed=1)
    data = time_varying.prepare(dataset.observed, json.loads(family_text(dataset)))
    check_fields(data)
    check_fields(time_varying.constrain(jnp.zeros(time_varying.dimension(data)), data))


@pytest.mark.parametrize("geos", [1, 3])
@pytest.mark.parametrize("name", ["neutral", "meridian"])
def test_fields_of_the_hill_model_under_a_stated_prior(name: str, geos: int):
    observed = example_observed(geos=geos, weeks=30)
    plain = hill.design(observed, NAMED[name])
    data = hill.prepare(observed, NAMED[name], plain)
    check_fields(plain)
    check_fields(data)
    check_fields(hill.constrain(jnp.asarray(hill.start(data)), data)[0])
    with pytest.raises(TypeCheckError):
        hill.log_density(jnp.zeros((2, hill.dimension(data))), data)
    with pytest.raises(TypeCheckError):  # a number too many for the channels
        hill.adstocked(data.lagged, jnp.zeros(1 + len(data.full_sd)))


def test_a_wrong_shape_is_refused():
    given = prepare.inputs(example_observed(geos=3, weeks=30), "neutral")
    data = density.device_data(given)
    noise = jnp.ones(2)  # of three geos
    with pytest.raises(TypeCheckError):
        log_marginal(data.linear, data.residual, noise[:, None])
    with pytest.raises(TypeCheckError):
        density.log_density(jnp.zeros((2, density.dimension(data))), data)
    with pytest.raises(TypeCheckError):
        laws.half_normal(np.arange(3), 1.0)  # whole numbers
    params, _ = density.constrain(jnp.asarray(density.start(data)), data)
    with pytest.raises(AssertionError, match=r"Params\.noise"):
        check_fields(params._replace(noise=noise))
