"""The three ways of Meridian: what is the library's is read from it, what is ours is stated."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.stats import ks_2samp

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common import matched as same
from mmm_benchmark.fitters.meridian.fitter import (
    MeridianDefault,
    MeridianMatched,
    MeridianPublished,
)

from .test_meridian import keeps_the_contract

TINY = Budget(chains=2, draws=20, tune=20)


def says(distribution: Any) -> str:
    from mmm_benchmark.fitters.meridian.priors import describe

    return describe(distribution)


def test_default_is_the_librarys_spec_but_for_its_own_knot_selection(one_geo, two_geos):
    from meridian.model.spec import ModelSpec

    from mmm_benchmark.fitters.meridian import model

    theirs = ModelSpec(enable_aks=True)
    for observed in (one_geo, two_geos):
        built = model.default(observed).model_spec
        for field in dataclasses.fields(ModelSpec):
            if field.name != "prior":
                assert getattr(built, field.name) == getattr(theirs, field.name), field.name
        for field in dataclasses.fields(theirs.prior):
            ours, own = getattr(built.prior, field.name), getattr(theirs.prior, field.name)
            assert (ours is None) == (own is None)
            assert ours is None or says(ours) == says(own), field.name
        assert built.effective_media_prior_type == "roi"


@pytest.mark.parametrize("way", ["default", "matched", "stated"])
def test_prior_draws_of_roas_are_those_of_the_librarys_own_sampler(way, two_geos):
    from meridian.analysis.analyzer import Analyzer

    from mmm_benchmark.fitters.meridian import model
    from mmm_benchmark.fitters.meridian.prior_draws import DRAWS, prior_of_roas

    built = getattr(model, way)(two_geos)
    ours = prior_of_roas(two_geos, built, 1)["roas"].values[0]
    xr.testing.assert_equal(prior_of_roas(two_geos, built, 1), prior_of_roas(two_geos, built, 1))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="backend.set_random_seed is a no-op")
        built.sample_prior(4 * DRAWS, seed=2)
    analyzer = Analyzer(model_context=built.model_context, inference_data=built.inference_data)
    money = np.asarray(analyzer.incremental_outcome(use_posterior=False, use_kpi=True))[0]
    theirs = money / two_geos["spend"].sum(("geo", "date")).values
    for c in range(ours.shape[1]):  # one law: a two-sample test of Kolmogorov and Smirnov
        assert ks_2samp(ours[:, c], theirs[:, c]).pvalue > 1e-3


def test_an_upgrade_of_the_library_would_show(two_geos, monkeypatch):
    from meridian import backend
    from meridian.model.prior_distribution import PriorDistribution

    from mmm_benchmark.fitters.meridian import answer as summary
    from mmm_benchmark.fitters.meridian import model

    before = summary.notes(two_geos, model.default(two_geos))
    assert any("roi_m LogNormal(0.2, 0.9)" in note for note in before)

    @dataclasses.dataclass(kw_only=True)
    class Newer(PriorDistribution):
        ec_m: Any = dataclasses.field(
            default_factory=lambda: backend.tfd.HalfNormal(backend.np_float_dtype(3.0), name="ec_m")
        )

    class NewerSpec(model.ModelSpec):
        def __init__(self, **given: Any) -> None:
            super().__init__(**{"prior": Newer(), "max_lag": 12} | given)

    monkeypatch.setattr(model, "ModelSpec", NewerSpec)
    monkeypatch.setattr(model, "PriorDistribution", Newer)
    for built, max_lag in (
        (model.default(two_geos), 12),
        (model.published(two_geos), 8),  # its code says 8
        (model.stated(two_geos), 8),
    ):
        assert built.model_spec.max_lag == max_lag
        assert any("ec_m HalfNormal(3)" in note for note in summary.notes(two_geos, built))


def test_default_answers_by_roi(two_geos):
    fit = MeridianDefault().fit(two_geos, TINY, seed=1)
    keeps_the_contract(fit, two_geos)
    assert fit.parameter_counts["effects"] == 2 + 2 + 4  # roi, spread, geos


@pytest.mark.parametrize(
    ("edition", "effect", "knots"),
    [("first", "LogNormal", False), ("follow-up", "HalfNormal", True)],
)
def test_published_sets_what_its_code_sets(two_geos, edition, effect, knots):
    from mmm_benchmark.fitters.meridian import model

    spec = model.published(two_geos, edition=edition).model_spec
    assert says(spec.prior.beta_m).startswith(effect)
    assert says(spec.prior.alpha_m) == "Beta(1, 3)"
    assert says(spec.prior.ec_m) == "TruncatedNormal(0.8, 0.8, 0.1, 10)"
    assert says(spec.prior.slope_m) == "Deterministic(1)"
    assert (spec.max_lag, spec.media_effects_dist) == (8, "log_normal")
    assert spec.enable_aks is knots
    assert spec.knots == (None if knots else [0, 26, 52])


def test_an_edition_nobody_published_is_refused(two_geos):
    with pytest.raises(UserError, match="edition = 'third'; allowed: first, follow-up"):
        MeridianPublished(edition="third").fit(two_geos, TINY, seed=1)


def test_matched_states_its_priors_in_currency(one_geo):
    """Draws of the library's own prior, brought back to currency, have the stated laws."""
    from scipy import stats

    from mmm_benchmark.fitters.meridian import answer as summary
    from mmm_benchmark.fitters.meridian import model

    built = model.matched(one_geo)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="backend.set_random_seed")
        built.sample_prior(2000, seed=1)
    prior = built.inference_data["prior"]
    scales = same.Scales.of(one_geo)

    effect = prior["beta_gm"].to_numpy()[0, :, 0] * summary.sales_scale(one_geo, built)
    law = stats.halfnorm(scale=same.EFFECT * scales.sales_mean[0])
    half = prior["ec_m"].to_numpy()[0] * summary.media_scale(one_geo, built)[0]
    noise = prior["sigma"].to_numpy().ravel() * summary.sales_scale(one_geo, built)
    wave = prior["gamma_c"].to_numpy()[0, :, 1] * summary.sales_scale(one_geo, built)
    wave = wave / built.input_data.controls.values[0, :, 1].std()
    for drawn, expected in (
        (effect[:, 0], law),
        (effect[:, 1], law),
        (half[:, 1], stats.lognorm(s=1.0, scale=scales.active_spend[0, 1])),
        (noise, stats.halfnorm(scale=same.NOISE * scales.sales_sd[0])),
        (wave, stats.norm(scale=same.SEASON * scales.sales_sd[0])),
    ):
        assert stats.kstest(drawn, expected.cdf).pvalue > 0.001
    assert built.model_spec.max_lag == same.LAGS - 1


def test_matched_fits_geos(two_geos: xr.Dataset):
    fit = MeridianMatched().fit(two_geos, TINY, seed=1)
    keeps_the_contract(fit, two_geos)
    assert np.isfinite(fit.posterior["contribution"]).all()
