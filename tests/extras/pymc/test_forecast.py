"""PyMC-Marketing's equations run on into weeks that the fit has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.pymc_marketing.fitter import PyMCMarketing
from mmm_benchmark.run.answer_checks import broken_promises
from mmm_benchmark.testing import example_observed

SEEN = 65


@pytest.fixture(scope="module")
def cut():
    whole = example_observed()
    last = whole.isel(date=slice(SEEN, None)).rename(date="future_date")
    seen = whole.isel(date=slice(0, SEEN))
    asked = seen.assign(future_spend=last["spend"], future_controls=last["controls"])
    return asked, last["sales"]


def test_the_forecast_holds_what_came(cut) -> None:
    asked, sales = cut
    fit = PyMCMarketing(sampler="nutpie").fit(asked, Budget(chains=1, draws=200, tune=300), 1)
    assert next(broken_promises(fit, asked), None) is None
    draws = fit.forecast["sales"].stack(sample=("chain", "draw"))
    error = float(abs(draws.mean("sample") - sales).mean() / sales.mean())
    assert error < 0.5 * float((sales.std("future_date") / sales.mean("future_date")).mean())
    low, high = draws.quantile(0.01, "sample"), draws.quantile(0.99, "sample")
    assert float(((low <= sales) & (sales <= high)).mean()) > 0.7


def test_the_equations_run_on_as_they_were(cut) -> None:
    from mmm_benchmark.fitters.common.forecast import whole_window
    from mmm_benchmark.fitters.pymc_marketing import forward, model

    asked, _ = cut
    data = forward.Data.of(asked, model.build(asked, priors="neutral", time_varying=False))
    on = data.run_on(whole_window(asked), model.control_scale(asked))
    np.testing.assert_allclose(on.spend[:, :SEEN], data.spend)
    np.testing.assert_allclose(on.controls[:, :SEEN], data.controls)
    np.testing.assert_allclose(on.fourier[:SEEN], data.fourier)
    assert on.lagged().shape[1] == SEEN + 13


def test_moving_effects_say_that_they_cannot() -> None:
    assert not PyMCMarketing(time_varying=True).forecasts


def test_the_prior_of_roas_is_the_models_own(cut) -> None:
    """Quantiles of log ROAS under draws of PyMC's own prior, against the plain draws."""
    import pymc as pm

    from mmm_benchmark.fitters.common.stated_prior import prior_of_roas
    from mmm_benchmark.fitters.pymc_marketing import answer, forward, model

    asked, _ = cut
    mmm = model.build(asked, priors="neutral", time_varying=False)
    names = [variable.name for variable in mmm.model.free_RVs]
    drawn = pm.sample_prior_predictive(
        2000,
        model=mmm.model,
        var_names=names,
        random_seed=1,
        compile_kwargs={"mode": "FAST_COMPILE"},
    )
    free = drawn["prior"].to_dataset()
    data = forward.Data.of(asked, mmm)
    draws = forward.Draws.of(free, None, asked)
    own, _ = answer.posterior_of(asked, data, draws, (1, 2000))
    plain = prior_of_roas(asked, "neutral", 1, draws=2000)["roas"].to_numpy()[0]
    at = (0.1, 0.25, 0.5, 0.75, 0.9)
    for channel in range(plain.shape[1]):
        first = np.quantile(np.log(own["roas"].to_numpy()[0, :, channel] + 1e-9), at)
        second = np.quantile(np.log(plain[:, channel] + 1e-9), at)
        np.testing.assert_allclose(first, second, atol=0.35)
