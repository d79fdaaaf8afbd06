"""Experiments ask the same world, and their error is as large as they say."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_data_generator import DataError, generate_mmm_dataset, lift_test, lift_tests, on_off_test
from mmm_data_generator.adapters.lift_tests import read_lift_tests
from mmm_data_generator.experiments import for_meridian, for_pymc_marketing


@pytest.fixture(scope="module")
def data():
    return generate_mmm_dataset("stress_national", seed=2)


def test_the_true_lift_is_a_difference_of_counterfactuals(data):
    test = lift_test(data, "Search", start=30, weeks=4, change=0.5, cooldown=8, geos=["geo_2"])
    plan = data.observed["spend"].copy()
    plan[1, 30:34, 1] *= 1.5
    then = data.counterfactual(plan)["expected_sales"]
    now = data.counterfactual(data.observed["spend"])["expected_sales"]
    np.testing.assert_allclose(test["true_lift"], float((then - now)[1].sum()))
    np.testing.assert_allclose(test["true_roi"], test["true_lift"] / test["spend_change"])
    np.testing.assert_allclose(test["x"] * 4 * 0.5, test["spend_change"])
    np.testing.assert_allclose(test["delta_y"] * 4, test["lift"])


def test_switching_off_loses_sales(data):
    test = on_off_test(data, "TV", start=10, weeks=20)
    assert list(test["geo"]) == ["geo_1", "geo_3"]
    assert (test["true_lift"] < 0).all()
    assert (test["delta_x"] == -test["x"]).all()
    assert (test["true_roi"] > 0).all()


def test_measurement_errors_have_their_standard_error(data):
    z = []
    for seed in range(300):
        test = lift_test(data, "Search", start=30, seed=seed)
        z.extend((test["lift"] - test["true_lift"]) / test["lift_se"])
    assert abs(np.mean(z)) < 4 / 600**0.5
    assert abs(np.std(z) - 1) < 4 / (2 * 600) ** 0.5


def test_a_difference_of_windows_scatters_as_the_standard_error_says(data):
    long = generate_mmm_dataset("stress_national", seed=2, n_periods=1500)
    test = lift_test(long, "Search", start=30, weeks=4, cooldown=8, geos=["geo_1"])
    noise, sales = long.truth["noise"].values, long.world.expected_sales().sum(1)
    windows = noise[:, : 1500 // 12 * 12].reshape(4, -1, 12).sum(-1)
    gap = windows[0] - windows[1:].sum(0) * sales[0] / sales[1:].sum()
    # the standard deviation of 125 differences is known to within 4 / sqrt(250)
    assert gap.std() == pytest.approx(float(test["lift_se"].iloc[0]), rel=4 / 250**0.5)


@pytest.mark.parametrize("preset", ["basic", "small_business", "time_varying"])
def test_before_and_after_errs_as_much_as_it_says(preset):
    # the error of the comparison itself, in worlds of other seeds at random weeks, over what the
    # test states
    squares, wider = [], []
    rng = np.random.default_rng(1)
    for seed in range(12):
        data = generate_mmm_dataset(preset, seed=seed, n_periods=104)
        assert data.observed.sizes["geo"] == 1
        start = int(rng.integers(8, 96))
        running = data.observed["spend"].values[0, start : start + 4].all(0)
        channel = str(data.observed["channel"].values[int(running.argmax())])
        sales = data.observed["sales"].values[0]
        gap = sales[start : start + 8].sum() - sales[start - 8 : start].sum()
        stated, noise = (
            float(lift_test(data, channel, start=start, cooldown=4, error=error)["lift_se"].iloc[0])
            for error in ("placebo", "noise")
        )
        squares.append((gap / stated) ** 2)
        wider.append(stated / noise)
    # twelve squares of about normal errors: 0.25 to 2.5 holds 99.9% of their mean
    assert 0.25 < np.mean(squares) < 2.5
    assert np.mean(wider) > 2


def test_an_unknown_error_is_refused(data):
    with pytest.raises(DataError, match="error = 'none': must be one of placebo, noise"):
        lift_test(data, "Search", start=30, error="none")


def test_frames_for_the_libraries(data):
    tests = lift_tests(data, n_per_channel=2, seed=3)
    by_geo, national = for_pymc_marketing(tests), for_pymc_marketing(tests, national=True)
    assert list(by_geo.columns) == ["channel", "geo", "x", "delta_x", "delta_y", "sigma", "date"]
    assert len(by_geo) == 2 * len(national) == 16
    np.testing.assert_allclose(national["delta_x"].sum(), by_geo["delta_x"].sum())
    keywords = for_meridian(tests)
    assert set(keywords) == {"TV", "Search", "Social", "Display"}
    one = tests[tests["test"] == "TV 1"]
    roi = one["lift"].sum() / one["spend_change"].sum()
    assert keywords["TV"]["point_estimates"][0] == pytest.approx(roi)


def test_a_file_of_tests_is_read_by_both_adapters(data, tmp_path):
    tests = lift_tests(data, n_per_channel=2, seed=3)
    path = tmp_path / "tests.csv"
    tests.drop(columns=["lift", "lift_se", "spend_change", "roi", "roi_se"]).to_csv(
        path, index=False
    )
    read = read_lift_tests(path)
    assert for_meridian(read)["TV"]["point_estimates"] == pytest.approx(
        for_meridian(tests)["TV"]["point_estimates"]
    )
    assert (
        for_meridian(read)["TV"]["experiment_end_dates"]
        == (for_meridian(tests)["TV"]["experiment_end_dates"])
    )
    np.testing.assert_allclose(
        for_pymc_marketing(read, national=True)["sigma"],
        for_pymc_marketing(tests, national=True)["sigma"],
    )


def test_adding_a_channels_tests_moves_no_other(data):
    both = lift_test(data, "Search", start=30, geos=["geo_1", "geo_2"])
    alone = lift_test(data, "Search", start=30, geos=["geo_2"])
    assert both["lift_se"][0] > 0
    z = [(t["lift"] - t["true_lift"]) / t["lift_se"] for t in (both, alone)]
    assert z[0].iloc[1] == pytest.approx(z[1].iloc[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channel": "Serch", "start": 3}, "did you mean 'Search'"),
        ({"channel": "Search", "start": 3, "geos": ["geo_9"]}, "geo 'geo_9': unknown"),
        ({"channel": "Search", "start": 103}, "must lie within the 104 weeks"),
        ({"channel": "Search", "start": 3, "change": 0.0}, "change = 0.0: must be >= -1"),
        ({"channel": "Search", "start": 3, "geos": []}, "at least one"),
    ],
)
def test_bad_tests_are_refused(data, arguments, message):
    with pytest.raises(DataError, match=message):
        lift_test(data, **arguments)


def test_a_silent_channel_cannot_be_tested():
    data = generate_mmm_dataset("stress_missing_weeks", seed=2)
    silent = int(np.flatnonzero(data.observed["spend"].sel(channel="TV").values[0] == 0)[0])
    with pytest.raises(DataError, match="spends nothing in geo 'geo_all'"):
        lift_test(data, "TV", start=silent, weeks=1)
