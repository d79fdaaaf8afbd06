"""The ways of PyMC-Marketing: what is the library's is read from it, what is ours is stated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common import matched as same
from mmm_benchmark.fitters.pymc_marketing.fitter import PyMCMarketingDefault

from .test_samplers import keeps_the_contract


def test_default_states_no_prior_of_its_own(one_geo, two_geos):
    from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation

    from mmm_benchmark.fitters.pymc_marketing import model

    for observed, dims in ((one_geo, None), (two_geos, ("geo",))):
        mine = model.default(observed)
        theirs = MMM(
            date_column="date",
            target_column="sales",
            channel_columns=["Search", "TV"],
            adstock=GeometricAdstock(l_max=8),
            saturation=LogisticSaturation(),
            yearly_seasonality=2,
            dims=dims,
        )
        assert mine.model_config == theirs.default_model_config
        assert mine.scaling == theirs.scaling
        assert mine.control_columns[-1] == model.TREND


def test_an_upgrade_of_the_library_would_show(one_geo, monkeypatch):
    from pymc_extras.prior import Prior

    from mmm_benchmark.fitters.pymc_marketing import model

    newer = {"lam": Prior("HalfNormal", sigma=7), "beta": Prior("HalfNormal", sigma=2)}
    monkeypatch.setattr(model.LogisticSaturation, "default_priors", newer)
    built = model.default(one_geo)
    assert built.saturation.function_priors["lam"].parameters["sigma"] == 7


def test_default_answers_on_national_data(one_geo):
    fit = PyMCMarketingDefault().fit(one_geo, Budget(chains=2, draws=30, tune=30), seed=1)
    keeps_the_contract(fit, one_geo)
    assert fit.parameter_counts == {
        "adstock": 2,
        "effects": 2,
        "saturation": 2,
        "baseline": 1,
        "controls": 1,  # the trend of the quickstart
        "time": 4,
        "noise": 1,
    }
    assert any("the defaults of pymc-marketing" in note for note in fit.notes)


@pytest.mark.filterwarnings("ignore")
def test_matched_states_its_priors_in_currency(one_geo: xr.Dataset) -> None:
    """Draws of the library's own prior, brought back to currency, have the stated laws."""
    import pymc as pm
    from scipy import stats

    from mmm_benchmark.fitters.pymc_marketing import model

    mmm: Any = model.matched(one_geo)
    tree = pm.sample_prior_predictive(
        draws=2000,
        model=model.sampling_model(mmm),
        random_seed=3,
        var_names=["saturation_alpha", "saturation_lam", "y_sigma", "gamma_fourier"],
        compile_kwargs={"mode": "FAST_COMPILE"},
    )
    prior = tree["prior"].to_dataset().isel(chain=0)
    scales = same.Scales.of(one_geo)
    largest = float(one_geo["sales"].max())
    most_spend = one_geo["spend"].max(("geo", "date")).to_numpy()
    effect = prior["saturation_alpha"].sel(geo="south").to_numpy() * largest
    half = prior["saturation_lam"].to_numpy() * most_spend
    law = stats.halfnorm(scale=same.EFFECT * scales.sales_mean[0])
    for drawn, expected in (
        (effect[:, 0], law),
        (effect[:, 1], law),
        (half[:, 1], stats.lognorm(s=1.0, scale=scales.active_spend[0, 1])),
        (
            prior["y_sigma"].to_numpy()[:, 0] * largest,
            stats.halfnorm(scale=same.NOISE * scales.sales_sd[0]),
        ),
        (
            prior["gamma_fourier"].to_numpy()[:, 0, 0] * largest,
            stats.norm(scale=same.SEASON * scales.sales_sd[0]),
        ),
    ):
        assert stats.kstest(np.ravel(drawn), expected.cdf).pvalue > 0.001


def test_experiments_go_through_the_librarys_own_interface(two_geos):
    from mmm_benchmark.fitters.pymc_marketing import model

    rows = [
        {
            "test": "TV 1",
            "channel": "TV",
            "geo": geo,
            "date": "2023-06-05",
            "end_date": "2023-07-02",
            "weeks": 4.0,
            "x": 500.0,
            "delta_x": 250.0,
            "delta_y": 900.0,
            "sigma": 300.0,
        }
        for geo in ("south", "north")
    ]
    for observed, told in ((two_geos, 2), (two_geos.isel(geo=[0]), 1)):
        built = model.default(observed)
        model.calibrate(built, rows[:told])
        names = [variable.name for variable in built.model.observed_RVs]
        assert "lift_measurements" in names
        assert built.model["lift_measurements"].eval().size == told
