"""numpyro-mmm runs its columns and transforms on into weeks it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common.forecast import whole_window
from mmm_benchmark.fitters.numpyro_mmm import answer, prepare
from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM
from mmm_benchmark.run.answer_checks import broken_promises
from mmm_benchmark.testing import example_observed
from mmm_data_generator.fields.parts import REVERSION

SEEN = 65


@pytest.fixture(scope="module")
def cut():
    """Two geos, the last thirteen weeks without sales; and the sales that they hide."""
    whole = example_observed(geos=2)
    last = whole.isel(date=slice(SEEN, None)).rename(date="future_date")
    seen = whole.isel(date=slice(0, SEEN))
    asked = seen.assign(future_spend=last["spend"], future_controls=last["controls"])
    return asked, last["sales"]


def test_inputs_run_on_as_they_were(cut) -> None:
    asked, _ = cut
    given = prepare.inputs(asked, "neutral")
    on = prepare.run_on(given, whole_window(asked))
    np.testing.assert_allclose(on.lagged[:, :, :SEEN], given.lagged)
    np.testing.assert_allclose(on.fourier[:SEEN], given.fourier)
    np.testing.assert_allclose(on.controls[:, :SEEN], given.controls)
    assert on.sales.shape == (2, SEEN + 13)


def test_the_forecast_holds_what_came(cut) -> None:
    asked, sales = cut
    fit = NumpyroMMM(method="laplace").fit(asked, Budget(chains=1, draws=400), 1)
    assert next(broken_promises(fit, asked), None) is None
    assert fit.prior is not None
    assert float(fit.prior["roas"].std()) > float(fit.posterior["roas"].std("draw").mean())
    draws = fit.forecast["sales"].stack(sample=("chain", "draw"))
    error = float(abs(draws.mean("sample") - sales).mean() / sales.mean())
    assert error < 0.5 * float((sales.std("future_date") / sales.mean("future_date")).mean())
    low, high = draws.quantile(0.01, "sample"), draws.quantile(0.99, "sample")
    assert float(((low <= sales) & (sales <= high)).mean()) > 0.7


def test_paths_of_moving_effects_go_on_by_their_law(cut) -> None:
    asked, _ = cut
    path = np.random.default_rng(1).standard_normal((4000, 2, SEEN))
    volatility = np.broadcast_to([0.1, 0.3], (4000, 2))
    on = answer._path_run_on(path, volatility, asked, 1)
    np.testing.assert_array_equal(on[..., :SEEN], path)
    keep, ahead = 1 - REVERSION, 13
    spread = (on[..., -1] - keep**ahead * path[..., -1]).std(axis=0)
    expected = volatility[0] * np.sqrt((1 - keep ** (2 * ahead)) / (1 - keep**2))
    np.testing.assert_allclose(spread, expected, rtol=0.05)


def test_moving_effects_are_forecast_and_have_a_prior(cut) -> None:
    asked, _ = cut
    fit = NumpyroMMM(time_varying=True).fit(asked, Budget(chains=1, draws=50, tune=50), 1)
    assert next(broken_promises(fit, asked), None) is None
    assert fit.forecast.sizes["future_date"] == 13
    assert np.isfinite(fit.forecast["sales"]).all()
    assert float(fit.prior["roas"].std()) > 0


def test_other_curves_say_that_they_cannot() -> None:
    assert NumpyroMMM().forecasts
    assert not NumpyroMMM(prior="meridian").forecasts
