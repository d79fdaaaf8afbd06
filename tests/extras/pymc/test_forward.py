"""Our numpy equations are the library's: checked on draws from its own prior."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

DRAWS = 20


def prior_draws(observed: xr.Dataset, *, time_varying: bool) -> tuple[Any, Any, xr.Dataset]:
    import pymc as pm

    from mmm_benchmark.fitters.pymc_marketing import model

    mmm = model.build(observed, priors="neutral", time_varying=time_varying)
    frozen = model.sampling_model(mmm)
    tree = pm.sample_prior_predictive(draws=DRAWS, model=frozen, random_seed=3)
    return mmm, frozen, tree["prior"].to_dataset()


def in_currency(prior: xr.Dataset, mmm: Any, name: str, *dims: str) -> np.ndarray:
    values = prior[name] * mmm.scalers["_target"]
    return values.isel(chain=0).transpose("draw", *dims).to_numpy()


@pytest.mark.parametrize("time_varying", [False, True])
def test_every_part_of_sales_equals_the_librarys(two_geos, time_varying):
    from mmm_benchmark.fitters.pymc_marketing import answer as summary
    from mmm_benchmark.fitters.pymc_marketing import forward

    mmm, frozen, prior = prior_draws(two_geos, time_varying=time_varying)
    free = prior[[variable.name for variable in frozen.free_RVs]]
    multiplier = summary.media_multiplier(frozen, free)
    assert (multiplier is not None) == time_varying
    data = forward.Data.of(two_geos, mmm)
    draws = forward.Draws.of(free, multiplier, two_geos.sizes["date"])
    contribution = forward.contribution(forward.adstocked(data.lagged(), draws), draws, data)
    control = forward.control_contribution(draws, data)
    baseline = forward.baseline(draws, data)

    near = {"rtol": 1e-9, "atol": 1e-6}
    theirs = in_currency(prior, mmm, "channel_contribution", "geo", "date", "channel")
    np.testing.assert_allclose(contribution, theirs, **near)
    theirs = in_currency(prior, mmm, "control_contribution", "geo", "date", "control")
    np.testing.assert_allclose(control, theirs, **near)
    theirs = in_currency(prior, mmm, "mu", "geo", "date")
    np.testing.assert_allclose(baseline + contribution.sum(-1) + control.sum(-1), theirs, **near)

    cells = summary.contribution_series(data, draws, chains=1)[0]
    assert np.isin(cells[0].round(6), contribution[0].round(6)).all()


def test_half_saturation_halves_the_largest_effect():
    from mmm_benchmark.fitters.pymc_marketing import forward

    shape = np.random.default_rng(0).gamma(2.0, size=(50, 2, 3))
    draws = forward.Draws(
        **dict.fromkeys(("decay", "asymptote", "intercept", "fourier", "control", "noise"), shape),
        steepness=shape[:, 0],
        midpoint=shape[:, 1],
        multiplier=shape,
    )
    half = forward.saturation(forward.half_saturation(draws), draws.steepness, draws.midpoint)
    np.testing.assert_allclose(half, forward.full_saturation(draws) / 2, rtol=1e-9)


def test_priors_are_those_stated(two_geos):
    from mmm_benchmark.fitters.pymc_marketing import model

    mmm = model.build(two_geos, priors="spend-share", time_varying=False)
    spend = two_geos["spend"].sum("date").to_numpy()
    share = 2 * (spend / spend.sum(1, keepdims=True)).mean(0)
    sigma = mmm.saturation.function_priors["sigma"].parameters
    np.testing.assert_allclose(sigma["mu"].parameters["sigma"], share)
    assert sigma["sigma"].parameters == {"sigma": 1.5}
    assert mmm.adstock.function_priors["alpha"].parameters == {"alpha": 1, "beta": 3}
    assert (mmm.adstock.l_max, mmm.adstock.normalize, mmm.yearly_seasonality) == (8, True, 2)
    assert mmm.model_config["gamma_fourier"].distribution == "Normal"
    scaled = two_geos["sales"] / two_geos["sales"].max("date")
    intercept = mmm.model_config["intercept"].parameters
    np.testing.assert_allclose(intercept["mu"], scaled.mean("date"))
    np.testing.assert_allclose(intercept["sigma"], 2 * scaled.std("date"))
