"""Data are arguments of what is compiled: a fit to other data of a shape compiles nothing anew."""

from __future__ import annotations

import jax
import pytest

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM
from mmm_benchmark.testing import example_observed

COMPILED = "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def compilations():
    heard = []

    def listen(event, seconds, **_):
        if event == COMPILED:
            heard.append(seconds)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield heard
    jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.parametrize("method", ["laplace", "nuts"])
def test_other_data_of_a_shape_need_no_program_of_their_own(method, compilations):
    fitter, budget = NumpyroMMM(method=method), Budget(chains=2, draws=20, tune=20)
    observed = example_observed()
    fitter.fit(observed, budget, 1)
    assert compilations
    compilations.clear()
    other = observed.assign(sales=1.1 * observed["sales"] + 3.0, spend=2.0 * observed["spend"])
    fitter.fit(other, budget, 2)
    assert not compilations
