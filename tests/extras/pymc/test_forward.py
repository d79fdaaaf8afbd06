"""Our numpy equations are the library's: checked on draws from its own prior."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

DRAWS = 20


def built(observed: xr.Dataset, way: str) -> Any:
    from mmm_benchmark.fitters.pymc_marketing import model

    if way in ("stated", "moving"):
        return model.build(observed, priors="neutral", time_varying=way == "moving")
    return {"default": model.default, "matched": model.matched}[way](observed)


def prior_draws(observed: xr.Dataset, way: str) -> tuple[Any, Any, xr.Dataset]:
    import pymc as pm

    from mmm_benchmark.fitters.pymc_marketing import model

    mmm = built(observed, way)
    frozen = model.sampling_model(mmm)
    # the Gaussian process wants BLAS, which the quick mode lacks
    compiled = {} if way == "moving" else {"mode": "FAST_COMPILE"}
    tree = pm.sample_prior_predictive(
        draws=DRAWS, model=frozen, random_seed=3, compile_kwargs=compiled
    )
    return mmm, frozen, tree["prior"].to_dataset()


def in_currency(prior: xr.Dataset, mmm: Any, name: str, *dims: str) -> np.ndarray:
    values = (prior[name] * mmm.scalers["_target"]).isel(chain=0)
    if "geo" not in values.dims:
        values = values.expand_dims("geo")
    return values.transpose("draw", *dims).to_numpy()


@pytest.mark.parametrize("way", ["stated", "moving", "default", "matched"])
@pytest.mark.parametrize("geos", [1, 2])
def test_every_part_of_sales_equals_the_librarys(two_geos, geos, way):
    observed = two_geos.isel(geo=slice(geos))
    from mmm_benchmark.fitters.pymc_marketing import answer as summary
    from mmm_benchmark.fitters.pymc_marketing import forward

    mmm, frozen, prior = prior_draws(observed, way)
    free = prior[[variable.name for variable in frozen.free_RVs]]
    multiplier = summary.media_multiplier(frozen, free)
    assert (multiplier is not None) == (way == "moving")
    data = forward.Data.of(observed, mmm)
    draws = forward.Draws.of(free, multiplier, observed)
    contribution = forward.contribution(forward.adstocked(data.lagged(), draws), draws, data)
    control = forward.control_contribution(draws, data)
    baseline = forward.baseline(draws, data)

    near = {"rtol": 1e-9, "atol": 1e-6}
    theirs = in_currency(prior, mmm, "channel_contribution", "geo", "date", "channel")
    np.testing.assert_allclose(contribution, theirs, **near)
    theirs = in_currency(prior, mmm, "control_contribution", "geo", "date", "control")
    theirs = theirs[..., : observed.sizes["control"]]  # the trend of the default is baseline
    np.testing.assert_allclose(control, theirs, **near)
    theirs = in_currency(prior, mmm, "mu", "geo", "date")
    np.testing.assert_allclose(baseline + contribution.sum(-1) + control.sum(-1), theirs, **near)

    cells = summary.contribution_series(data, draws, chains=1)[0]
    assert np.isin(cells[0].round(6), contribution[0].round(6)).all()


@pytest.mark.parametrize("name", ["SIGMOID", "LOGISTIC", "MICHAELIS_MENTEN"])
def test_half_saturation_halves_the_largest_effect(name):
    from mmm_benchmark.fitters.pymc_marketing import curves

    curve = getattr(curves, name)
    first, second = np.random.default_rng(0).gamma(2.0, size=(2, 50, 3))
    halved = curve.response(curve.half(first, second), first, second)
    np.testing.assert_allclose(halved, curve.full(first, second) / 2, rtol=1e-9)
    far = curve.response(np.full_like(first, 1e9), first, second)
    np.testing.assert_allclose(far, curve.full(first, second), rtol=1e-6)


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
