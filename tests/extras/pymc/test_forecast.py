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
