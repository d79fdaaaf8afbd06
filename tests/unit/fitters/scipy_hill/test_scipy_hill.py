"""The least-squares fitter: what it recovers, what it is indifferent to, what it declines."""

import numpy as np
import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill
from mmm_benchmark.testing import check_fitter


def fitted(observed, seed=0, **settings):
    return ScipyHill(**settings).fit(observed, Budget(), seed)


def one(fit, name):
    return fit.posterior[name].values[0, 0]


def test_noise_free_parameters_are_recovered(world):
    true = world(3, weeks=156, noise=0.0)
    fit = fitted(true.observed, regularisation=0.0)
    np.testing.assert_allclose(one(fit, "adstock_decay")[0], true.decay, atol=2e-3)
    np.testing.assert_allclose(one(fit, "half_saturation")[0], true.half, rtol=1e-2)
    np.testing.assert_allclose(one(fit, "slope")[0], true.slope, rtol=1e-2)
    np.testing.assert_allclose(one(fit, "coefficient")[0, 0], true.effect[0], rtol=1e-2)
    np.testing.assert_allclose(one(fit, "contribution"), true.contribution, atol=50.0)


def test_sum_of_squares_is_no_worse_than_at_the_truth(world):
    for seed in range(3):
        true = world(seed)
        assert fitted(true.observed).diagnostics["sum_of_squares"] <= np.sum(true.noise**2)


def test_sum_of_squares_is_that_of_the_posterior(world):
    true = world(1, geos=2)
    fit = fitted(true.observed)
    residual = true.observed["sales"].values - one(fit, "expected_sales")
    assert fit.diagnostics["sum_of_squares"] == pytest.approx(np.sum(residual**2), rel=1e-4)


def test_order_of_channels_does_not_matter(world):
    observed = world(4).observed
    fit = fitted(observed)
    turned = fitted(observed.isel(channel=[2, 0, 1])).posterior.sel(channel=observed["channel"])
    for name in ("contribution", "roas", "marginal_roas", "response_curve"):
        a, b = fit.posterior[name].values, turned[name].values
        np.testing.assert_allclose(a, b, atol=0.02 * np.abs(a).max())


def test_currencies_do_not_matter(world):
    observed = world(4).observed
    fit = fitted(observed)
    rich = observed.assign(sales=observed["sales"] * 1e6, spend=observed["spend"] * 1e-3)
    other = fitted(rich)
    for name, factor in (
        ("contribution", 1e6),
        ("baseline", 1e6),
        ("roas", 1e9),
        ("slope", 1),
        ("half_saturation", 1),
    ):
        a = one(fit, name) * factor
        np.testing.assert_allclose(one(other, name), a, rtol=1e-2, atol=1e-3 * np.abs(a).max())


def test_same_seed_same_answer(world):
    observed = world(5).observed
    first, second = fitted(observed, seed=7), fitted(observed, seed=7)
    assert first.posterior.identical(second.posterior)


def test_geo_effects_are_pooled_as_far_as_the_data_ask(world):
    """Effects that differ between geos are followed; effects that do not are averaged."""
    varied = world(0, geos=6, spread=0.5)
    pooled = one(fitted(varied.observed), "coefficient")[:, 0]
    shared = one(fitted(varied.observed, geo_effects="shared"), "coefficient")[:, 0]
    assert (
        np.abs(pooled / varied.effect - 1).mean() < 0.5 * np.abs(shared / varied.effect - 1).mean()
    )

    alike = world(0, geos=6)
    by_geo = one(fitted(alike.observed), "coefficient")[:, 0] / alike.effect
    assert by_geo.std(0).max() < 0.05


def test_parameters_are_counted_by_role(world):
    observed = world(geos=2).observed
    counts = fitted(observed).parameter_counts
    assert counts == {
        "adstock": 3,
        "saturation": 6,
        "effects": 6,
        "controls": 2,
        "baseline": 2 + 2 * 5,
        "noise": 1,
    }
    assert fitted(observed, geo_effects="shared").parameter_counts["effects"] == 3


def test_one_channel_without_controls_in_half_a_year(world):
    fit = fitted(world(weeks=26, channels=1, controls=0).observed)
    assert fit.posterior.sizes["control"] == 0
    assert np.isfinite(one(fit, "roas")).all()


def test_constant_spend_has_no_effect_and_a_note(world):
    observed = world().observed
    spend = observed["spend"].copy(deep=True)
    spend[..., 1] = 4_000.0
    fit = fitted(observed.assign(spend=spend))
    assert (one(fit, "contribution")[..., 1] == 0).all()
    assert (one(fit, "contribution")[..., 0] > 0).any()
    assert any("'TikTok' has constant spend" in note for note in fit.notes)


def test_a_geo_without_a_channel_gets_no_contribution_from_it(world):
    observed = world(geos=3).observed
    spend = observed["spend"].copy(deep=True)
    spend[1, :, 2] = 0.0
    contribution = one(fitted(observed.assign(spend=spend)), "contribution")
    assert (contribution[1, :, 2] == 0).all()
    assert (contribution[0, :, 2] > 0).any()


def test_it_says_why_it_declines(world):
    observed = world().observed
    assert ScipyHill().skip(observed) is None
    short = ScipyHill().skip(observed.isel(date=slice(0, 12)))
    assert "12 observations cannot determine" in short
    still = observed.assign(spend=observed["spend"] * 0 + 5.0)
    assert "no channel's spend varies" in ScipyHill().skip(still)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"starts": 0}, "starts = 0; it must be at least 1"),
        ({"regularisation": -1.0}, "regularisation = -1.0; it must be at least 0"),
        ({"geo_effects": "free"}, "geo_effects = 'free'; allowed: 'pooled', 'shared'"),
        ({"bootstrap": 501}, "bootstrap = 501; allowed: 0 for a point estimate, or 8 to 500"),
        ({"bootstrap": 3}, "bootstrap = 3; allowed"),
    ],
)
def test_impossible_settings_are_refused(settings, message, world):
    with pytest.raises(UserError, match=message):
        fitted(world().observed, **settings)


def test_it_conforms_with_the_bootstrap():
    check_fitter(ScipyHill(bootstrap=12, starts=16, polished=2))


def test_bootstrap_draws_bracket_the_point_estimate(world):
    true = world(6)
    point, draws = fitted(true.observed), fitted(true.observed, bootstrap=40)
    roas = draws.posterior["roas"].values[0]
    assert (roas.std(0) > 0).all()
    assert (roas.min(0) < one(point, "roas")).all()
    assert (one(point, "roas") < roas.max(0)).all()
    noise = (draws.posterior_predictive["sales"] - draws.posterior["expected_sales"]).values.std()
    assert noise == pytest.approx(500.0, rel=0.3)
