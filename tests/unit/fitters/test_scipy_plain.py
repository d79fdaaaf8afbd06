"""The plain script: what it knows, what it declines, where it stops."""

import numpy as np

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill
from mmm_benchmark.fitters.scipy_plain import ScipyPlain, contributions
from mmm_benchmark.testing import check_fitter


def test_it_declines_other_worlds_with_the_reason(world):
    assert ScipyPlain().skip(world().observed) is None
    assert ScipyPlain().skip(world().observed.isel(channel=[2, 1, 0])) is None
    for other in (world(geos=2), world(controls=0), world(channels=2)):
        assert "knows the baseline of one world only (base 5000" in ScipyPlain().skip(
            other.observed
        )


def test_its_constants_are_settings(world):
    plain = ScipyPlain(base=8_000.0, amplitude=3_000.0, channels=("Shopify", "TikTok"))
    assert plain.settings()["channels"] == ["Shopify", "TikTok"]
    baseline = plain.fit(world(channels=2).observed, Budget(), 0).posterior["baseline"].values
    week = np.arange(1, 105)
    expected = 8_000 + 3_000 * np.sin(2 * np.pi * week / 52)
    np.testing.assert_allclose(baseline[0, 0, 0], expected, rtol=1e-5)


def test_adstock_is_the_unnormalised_recursion():
    spend = np.array([[100.0, 0.0, 0.0]])
    decay, half, effect = 0.5, 50.0, 10.0
    answer = contributions(spend, np.array([decay, 1.0, half, effect, 0.0]))
    carried = np.array([100.0, 50.0, 25.0])
    np.testing.assert_allclose(answer[0], effect * carried / (half + carried))


def test_it_conforms(world):
    check_fitter(ScipyPlain(), world(weeks=60).observed)


def test_scaling_and_many_starts_beat_it(world):
    observed = world(noise=1_000.0).observed
    plain = ScipyPlain(base=8_000.0, amplitude=3_000.0).fit(observed, Budget(), 0)
    good = ScipyHill().fit(observed, Budget(), 0)
    squares = [fit.diagnostics["sum_of_squares"] for fit in (good, plain)]
    assert squares[0] < 0.8 * squares[1]


def test_reported_parameters_give_the_reported_contributions(world):
    observed = world(weeks=60).observed
    fit = ScipyPlain().fit(observed, Budget(), 0).posterior.isel(chain=0, draw=0, geo=0)
    spend = observed["spend"].isel(geo=0).values.T
    decay, slope = fit["adstock_decay"].values, fit["slope"].values
    half = fit["half_saturation"].values * spend.mean(-1) / (1 - decay)
    effect = fit["coefficient"].values[0]
    raw = np.append(np.column_stack([decay, slope, half, effect]).ravel(), 0.0)
    np.testing.assert_allclose(contributions(spend, raw).T, fit["contribution"].values, rtol=1e-4)
