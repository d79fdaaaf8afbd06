"""The native fitters keep the contract, and their approximations say what they are."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM
from mmm_benchmark.testing import check_fitter, example_observed

SMALL = Budget(chains=2, draws=200, tune=200)


def test_nuts_keeps_the_contract():
    check_fitter(NumpyroMMM())


def test_time_varying_effects_move_and_say_how_fast():
    fit = NumpyroMMM(time_varying=True).fit(
        example_observed(weeks=52), Budget(chains=1, draws=60, tune=60), 1
    )
    coefficient = fit.posterior["coefficient"]
    assert float(coefficient.std("date").min()) > 0
    assert fit.parameter_counts["time"] == 4 + 3 + 3 * 52


@pytest.fixture(scope="module")
def by_method():
    observed = example_observed()
    return {
        method: NumpyroMMM(method=method).fit(observed, SMALL, 1)
        for method in ("nuts", "laplace", "svi")
    }


@pytest.mark.parametrize("method", ["laplace", "svi"])
def test_approximations_are_near_the_posterior_and_labelled(by_method, method: str):
    exact, near = (by_method[name].posterior for name in ("nuts", method))
    total = exact["contribution"].sum(("geo", "date"))
    gap = near["contribution"].sum(("geo", "date")).mean(("chain", "draw")) - total.mean(
        ("chain", "draw")
    )
    assert float(np.abs(gap / total.std(("chain", "draw"))).max()) < 1.0
    assert "approximation" in by_method[method].notes[0]
    assert all(by_method[method].checks.values())


def test_diagnostics_are_those_of_a_sampler(by_method):
    found = by_method["nuts"].diagnostics
    assert {"r_hat", "ess_bulk", "ess_tail", "divergences", "e_bfmi"} <= set(found)
    assert found["ess_bulk"] > 25  # a long tail of its second channel, in 400 draws
    assert sum(by_method["nuts"].parameter_counts.values()) == 3 * 5 + 1 + 1 + 1 + 4 + 1


def test_unknown_settings_are_refused():
    with pytest.raises(UserError, match="method = 'mcmc'; allowed: nuts, svi, laplace"):
        NumpyroMMM(method="mcmc").fit(example_observed(), SMALL, 1)
