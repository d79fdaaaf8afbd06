"""Each sampler runs for real, answers in the schema, and one of them recovers ROAS."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark import phases, schema
from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.pymc_marketing.fitter import PyMCMarketing

TINY = Budget(chains=2, draws=30, tune=30)


def keeps_the_contract(fit: Fit, observed: xr.Dataset) -> None:
    posterior = fit.posterior
    schema.check(posterior, schema.POSTERIOR, "posterior")
    parts = (
        posterior["baseline"]
        + posterior["contribution"].sum("channel")
        + posterior["control_contribution"].sum("control")
    )
    np.testing.assert_allclose(posterior["expected_sales"], parts, rtol=1e-4)
    total = posterior["contribution"].sum(("geo", "date"))
    at_one = posterior["response_curve"].sel(spend_multiplier=1.0)
    np.testing.assert_allclose(at_one, total, rtol=1e-3)
    spend = observed["spend"].sum(("geo", "date"))
    np.testing.assert_allclose(posterior["roas"], total / spend, rtol=1e-3)
    assert fit.posterior_predictive is not None
    assert fit.sample_stats is not None
    noise = fit.posterior_predictive["sales"] - posterior["expected_sales"]
    assert float(noise.std()) > 0
    assert {"r_hat", "ess_bulk", "contribution_ess_bulk", "divergences"} <= set(fit.diagnostics)
    assert {"diverging", "energy", "tree_depth"} <= set(fit.sample_stats)


@pytest.mark.parametrize("sampler", ["pymc", "numpyro", "blackjax"])
def test_one_geo_without_controls(one_geo, sampler):
    phases.reset()
    fit = PyMCMarketing(sampler=sampler).fit(one_geo, TINY, seed=1)
    keeps_the_contract(fit, one_geo)
    assert fit.parameter_counts == {
        "adstock": 2,
        "saturation": 4,
        "effects": 5,
        "baseline": 1,
        "time": 4,
        "noise": 1,
    }
    assert phases.seconds()["sample"] > 0
    assert any("compile" in note for note in fit.notes)


def test_two_geos_with_a_control_and_the_same_seed_twice(two_geos):
    phases.reset()
    first, again = (PyMCMarketing(sampler="nutpie").fit(two_geos, TINY, seed=7) for _ in range(2))
    keeps_the_contract(first, two_geos)
    xr.testing.assert_identical(first.posterior, again.posterior)
    xr.testing.assert_identical(first.posterior_predictive, again.posterior_predictive)
    assert min(phases.seconds()[name] for name in ("build", "compile", "sample")) > 0


def test_draws_are_thinned_after_diagnosis_and_roas_is_recovered(strong_signal):
    budget = Budget(chains=2, draws=400, tune=400)
    fit = PyMCMarketing(sampler="nutpie").fit(strong_signal, budget, seed=2)
    assert fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"] == schema.MAX_STORED_DRAWS
    low, high = fit.posterior["roas"].quantile((0.01, 0.99), ("chain", "draw")).to_numpy()
    truth = np.array(strong_signal.attrs["roas"])
    assert ((low < truth) & (truth < high)).all(), (low, truth, high)
    assert (high - low < 0.5 * truth).all()


def test_a_silent_channel_is_declined_and_a_wrong_setting_refused(one_geo):
    silent = one_geo.copy(deep=True)
    silent["spend"][..., 1] = 0.0
    assert PyMCMarketing().skip(one_geo) is None
    assert "'TV' never spends" in str(PyMCMarketing().skip(silent))
    with pytest.raises(UserError, match="sampler = 'stan'"):
        PyMCMarketing(sampler="stan").fit(one_geo, TINY, seed=1)
    with pytest.raises(UserError, match="priors = 'flat'"):
        PyMCMarketing(priors="flat").fit(one_geo, TINY, seed=1)
