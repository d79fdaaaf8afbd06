"""Meridian runs for real, answers in the schema, and its numbers are the analyzer's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark import schema
from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.meridian.fitter import Meridian

TINY = Budget(chains=2, draws=20, tune=20)


def keeps_the_contract(fit: Fit, observed: xr.Dataset) -> None:
    posterior = fit.posterior
    schema.check(posterior, schema.POSTERIOR, "posterior")
    assert posterior["geo"].values.tolist() == observed["geo"].values.tolist()
    parts = (
        posterior["baseline"]
        + posterior["contribution"].sum("channel")
        + posterior["control_contribution"].sum("control")
    )
    size = float(abs(posterior["contribution"]).max())
    np.testing.assert_allclose(posterior["expected_sales"], parts, rtol=1e-4, atol=1e-5 * size)
    total = posterior["contribution"].sum(("geo", "date"))
    at_one = posterior["response_curve"].sel(spend_multiplier=1.0)
    np.testing.assert_allclose(at_one, total, rtol=1e-3)
    assert not posterior["response_curve"].sel(spend_multiplier=0.0).any()
    quiet = observed["controls"] == 0
    assert not posterior["control_contribution"].where(quiet, 0.0).any()


@pytest.fixture(scope="session")
def sampled(two_geos: xr.Dataset) -> tuple[Any, xr.Dataset, xr.Dataset]:
    from mmm_benchmark.fitters.meridian import model, sampling

    built = model.stated(
        two_geos, priors="spend-share", slope="gamma", half_saturation="beta", season_modes=1
    )
    posterior, stats = sampling.sample(built, TINY, seed=3)
    return built, posterior, stats


def test_two_geos_agree_with_the_analyzer(two_geos, sampled):
    from meridian.analysis.analyzer import Analyzer

    from mmm_benchmark.fitters.meridian import answer as summary

    built, posterior, stats = sampled
    fit = summary.summarise(two_geos, built, posterior, stats, seed=3)
    keeps_the_contract(fit, two_geos)

    analyzer = Analyzer(model_context=built.model_context, inference_data=built.inference_data)
    theirs = analyzer.incremental_outcome_xr(aggregate_geos=False, aggregate_times=False)
    ours = fit.posterior["contribution"]
    for geo in two_geos["geo"].values:
        expected = theirs.sel(geo=geo, channel=["Search", "TV"]).to_numpy()
        np.testing.assert_allclose(ours.sel(geo=geo), expected, rtol=1e-5, atol=1e-2)
    cells = summary.contribution_series(built, posterior)
    scale = summary.sales_scale(two_geos, built)
    north = cells.reshape(*cells.shape[:2], 2, -1)[:, :, 0]  # the library sorts north first
    all_north = ours.sel(geo="north").to_numpy().reshape(*north.shape[:2], -1)
    np.testing.assert_allclose(north * scale[1], all_north, rtol=1e-4, atol=1e-2)


def test_priors_and_structure_are_those_stated(two_geos, sampled):
    built, posterior, _ = sampled
    spec, prior = built.model_spec, built.model_spec.prior
    spend = two_geos["spend"].sum("date").to_numpy()
    share = 2 * (spend / spend.sum(1, keepdims=True)).mean(0)
    np.testing.assert_allclose(prior.beta_m.scale, share)
    assert (float(prior.alpha_m.concentration1), float(prior.alpha_m.concentration0)) == (1, 3)
    assert (float(prior.ec_m.concentration1), float(prior.ec_m.concentration0)) == (2, 2)
    assert float(prior.gamma_c.scale) == 1.0
    assert (spec.max_lag, spec.hill_before_adstock) == (8, False)
    assert spec.unique_sigma_for_each_geo
    assert built.knot_info.knot_locations.tolist() == [0, 8, 16, 24, 32, 40, 48, 53]
    assert posterior["sigma"].sizes["geo"] == 2


def test_the_season_is_baseline_and_no_control(two_geos, sampled):
    from mmm_benchmark.fitters.common import report
    from mmm_benchmark.fitters.meridian import answer as summary

    built, posterior, _ = sampled
    assert built.input_data.controls.shape[-1] == 3  # the event, one wave
    control = summary.control_contribution(two_geos, built, posterior)
    assert control.shape == (2, 20, 2, 54, 1)
    free = summary.free_parameters(posterior, built)
    counts = report.parameter_counts(
        summary.counted(free, two_geos), summary.ROLES, otherwise="time"
    )
    per_control = 2 + 2  # mean, spread, and two geos
    assert counts["controls"] == per_control
    assert counts["time"] == 8 + 2 * per_control


def test_slope_prior_is_gamma_and_cut_off_where_a_channel_rests(two_geos):
    from scipy import stats

    from mmm_benchmark.fitters.meridian import data, priors

    resting = two_geos.copy(deep=True)
    resting["spend"][1, :12, 1] = 0.0
    assert data.rests(two_geos, 8).tolist() == [False, False]
    assert data.rests(resting, 8).tolist() == [False, True]
    log_density = np.asarray(priors.gamma_slope(np.array([False, True])).log_prob([0.5, 1.5]))
    gamma = stats.gamma(2)
    expected = [gamma.logpdf(0.5), gamma.logpdf(1.5) - np.log(gamma.sf(1.0))]
    np.testing.assert_allclose(log_density, expected, rtol=1e-9)


def test_what_is_fixed_is_no_free_parameter(two_geos):
    from mmm_benchmark.fitters.meridian import answer as summary
    from mmm_benchmark.fitters.meridian import model

    built = model.stated(two_geos)
    np.testing.assert_array_equal(np.asarray(built.model_spec.prior.slope_m.loc), 1.0)
    assert "Hill slope fixed at 1" in summary.notes(two_geos, built)
    drawn = xr.Dataset({"slope_m": (("chain", "draw"), np.ones((2, 3)))})
    assert summary.free_parameters(drawn, built) == {}


def test_one_seed_gives_one_answer(sampled):
    from mmm_benchmark.fitters.meridian import sampling

    built, posterior, stats = sampled
    again, stats_again = sampling.sample(built, TINY, seed=3)
    xr.testing.assert_equal(posterior, again)
    xr.testing.assert_equal(stats, stats_again)


def test_national_data_recover_roas(one_geo):
    budget = Budget(chains=2, draws=150, tune=150)
    fit = Meridian().fit(one_geo, budget, seed=5)
    keeps_the_contract(fit, one_geo)
    assert fit.parameter_counts == {
        "adstock": 2,
        "saturation": 2,
        "effects": 2,
        "controls": 1,
        "time": 14,
        "noise": 1,
    }
    assert any("national" in note for note in fit.notes)
    low, high = fit.posterior["roas"].quantile((0.01, 0.99), ("chain", "draw")).to_numpy()
    truth = np.array(one_geo.attrs["roas"])
    assert ((low < truth) & (truth < high)).all(), (low, truth, high)


def test_the_librarys_own_data_checks_are_an_outcome(two_geos):
    from mmm_benchmark.fitters.meridian import model, sampling

    doubled = two_geos.copy(deep=True)
    doubled["spend"][..., 1] = doubled["spend"][..., 0]
    built = model.stated(doubled)
    with pytest.raises(UserError, match="data checks refuse this dataset") as refusal:
        sampling.sample(built, TINY, seed=1)
    assert "\n" not in str(refusal.value)


def test_automatic_knots_are_the_librarys_choice(two_geos):
    from mmm_benchmark.fitters.meridian import model

    built = model.stated(two_geos, automatic_knots=True)
    assert built.model_spec.enable_aks
    assert built.knot_info.n_knots >= 1


def test_a_silent_channel_is_declined_and_a_wrong_setting_refused(one_geo):
    silent = one_geo.copy(deep=True)
    silent["spend"][..., 1] = 0.0
    assert Meridian().skip(one_geo) is None
    assert "'TV' never spends" in str(Meridian().skip(silent))
    with pytest.raises(UserError, match="media_effects = 'cauchy'"):
        Meridian(media_effects="cauchy").fit(one_geo, TINY, seed=1)


def test_a_forecast_runs_the_same_equations_on(two_geos, sampled):
    """On the weeks that were seen, media and controls are those of the analyzer."""
    from mmm_benchmark.fitters.meridian import answer as summary
    from mmm_benchmark.fitters.meridian import forecast

    built, posterior, stats = sampled
    fit = summary.summarise(two_geos, built, posterior, stats, seed=3)
    ours = forecast.contribution(two_geos, two_geos, built, posterior)
    np.testing.assert_allclose(ours, fit.posterior["contribution"], rtol=2e-3, atol=1e-2)
    controls = forecast.control_effect(two_geos, two_geos, built, posterior)
    theirs = fit.posterior["control_contribution"].sum("control")
    np.testing.assert_allclose(controls, theirs, rtol=2e-3, atol=1e-2)

    ahead = two_geos[["spend", "controls"]].isel(date=slice(-5, None))
    ahead = ahead.assign_coords(date=ahead["date"] + np.timedelta64(5 * 7, "D"))
    names = {"date": "future_date", "spend": "future_spend", "controls": "future_controls"}
    asked = two_geos.merge(ahead.rename(names))
    found = forecast.forecast_of(asked, built, posterior, fit.posterior, seed=3)["sales"]
    assert found.sizes["future_date"] == 5
    # same spend and controls, five weeks on: sales go on from where this fit, good or bad, ended
    parts = fit.posterior["baseline"] + fit.posterior["contribution"].sum("channel")
    ended = (parts + theirs).isel(date=slice(-5, None)).mean(("chain", "draw", "date"))
    moved = abs(found.mean(("chain", "draw", "future_date")) - ended)
    assert (moved < 0.5 * abs(ended)).all(), (moved, ended)


def lift_tests(one_geo, errors):
    """One test a channel, with an ROI of 3 and the given standard error of it."""
    moved = 0.5 * one_geo["spend"].isel(geo=0, date=slice(40, 48)).mean("date").to_numpy()
    return [
        {
            "test": f"test {c}",
            "channel": str(channel),
            "geo": str(one_geo["geo"].values[0]),
            "date": str(one_geo["date"].values[40])[:10],
            "end_date": str(one_geo["date"].values[48])[:10],
            "weeks": 8.0,
            "x": 2 * moved[c],
            "delta_x": moved[c],
            "delta_y": 3.0 * moved[c],
            "sigma": errors[c] * moved[c] / 8**0.5,
        }
        for c, channel in enumerate(one_geo["channel"].values)
    ]


def test_experiments_become_priors_on_roi(one_geo):
    """A sharp test says where the ROI is; a blunt one leaves the library's default prior."""
    from mmm_benchmark.fitters.meridian import calibration, model

    told = lift_tests(one_geo, (0.1, 50.0))
    built = model.matched(one_geo, told)
    law = built.model_spec.prior.roi_m
    median, width = np.exp(np.asarray(law.loc)), np.asarray(law.scale)
    assert built.model_spec.effective_media_prior_type == "roi"
    assert 1.5 < median[0] < 5
    assert median[1] == pytest.approx(np.exp(0.2), rel=0.3)
    assert width[0] < 0.6 * width[1]
    assert width[1] == pytest.approx(0.9, rel=0.25)
    assert calibration.refusals(built.input_data, told) == ()
    against = [row | {"delta_y": -10 * row["delta_y"]} for row in told]
    (refused,) = calibration.refusals(built.input_data, against)
    assert str(one_geo["channel"].values[0]) in refused
    assert "negative lift" in refused


def test_an_untold_row_has_no_setting_of_experiments():
    from mmm_benchmark.fitters.meridian import fitter

    for row in (fitter.Meridian(), fitter.MeridianDefault(), fitter.MeridianMatched()):
        assert "experiments" not in row.settings()
