"""A daily world lives in days: carry-over, weekdays, noise, labels, stressors, adapters."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm_data_generator import (
    ChannelConfig,
    ConfigError,
    MMMDataConfig,
    MMMDataset,
    customize_preset,
    generate_mmm_dataset,
    get_preset_config,
    lift_test,
    simulate_batch,
)
from mmm_data_generator import stressors as s
from mmm_data_generator.adapters import (
    meridian_arrays,
    save_robyn,
    to_lightweight_mmm,
    to_pymc_marketing,
)
from mmm_data_generator.experiments import for_meridian
from mmm_data_generator.fields.periods import frequency_of
from mmm_data_generator.frequency import to_monthly, to_weekly
from mmm_data_generator.media import media_measures

PROFILE = (0.85, 0.85, 0.9, 0.95, 1.1, 1.25, 1.1)


@pytest.fixture(scope="module")
def data() -> MMMDataset:
    return generate_mmm_dataset("daily", seed=3)


def weekday_means(values: np.ndarray, first: int) -> np.ndarray:
    """Return the mean of a daily series by weekday, Monday first."""
    day = (first + np.arange(len(values))) % 7
    return np.array([values[day == k].mean() for k in range(7)])


def test_dates_are_days_and_start_where_they_are_told(data):
    dates = data.observed["date"].values.astype("datetime64[D]")
    assert str(dates[0]) == "2023-01-01"  # a Sunday: only weeks begin on Monday
    assert (np.diff(dates) == np.timedelta64(1, "D")).all()
    assert data.frequency == "daily"
    assert "daily" in repr(data)
    assert generate_mmm_dataset("basic", seed=1, start_date="2023-01-04").frequency == "weekly"


def test_units_say_day(data):
    for part in (data.observed, data.truth):
        for name, variable in part.data_vars.items():
            assert "week" not in variable.attrs["units"], name
    assert data.observed["sales"].attrs["units"] == "currency per day"
    assert data.truth["half_saturation"].attrs["units"] == "mean daily spend"
    outcome = data.counterfactual(data.observed["spend"])
    assert outcome["expected_sales"].attrs["units"] == "currency per day"


def test_carry_over_runs_from_day_to_day(data):
    spend, world = data.observed["spend"].values[0, :, 0], data.world
    alpha, lags = float(data.truth["adstock_decay"][0, 0]), 56
    weights = alpha ** np.arange(lags)
    carried = np.convolve(spend, weights / weights.sum())[: len(spend)]
    z = (carried / world.pivot[0, 0]) ** world.power[0, 0]
    np.testing.assert_allclose(world.response()[0, :, 0], z / (1 + z))
    # one day's spend is felt the day after, which no weekly world can say
    plan = data.observed["spend"].copy()
    plan[0, 100, 0] += 1000.0
    more = (data.counterfactual(plan)["contribution"] - data.truth["contribution"])[0, :, 0]
    assert (more[100:150] > 0).all()
    assert float(more[101] / more[100]) > 0.8
    np.testing.assert_allclose(more[:100], 0, atol=1e-9)


def test_sales_and_spend_have_their_weekdays():
    config = customize_preset(
        "daily",
        **{
            "regions.seasonal_amplitude": 0.0,
            "channels[1].spend_volatility": 0.0,
            "channels[1].spend_trend": 0.0,
        },
        n_periods=728,
    )
    data = generate_mmm_dataset(config, seed=1)
    base = float(data.truth["intercept"][0, 0])
    baseline = weekday_means(data.truth["baseline"].values[0], first=6)
    np.testing.assert_allclose(baseline, base * np.array(PROFILE), rtol=1e-12)
    given = np.array(config.channels[1].weekday_spend)
    spend = weekday_means(data.observed["spend"].values[0, :, 1], first=6)
    np.testing.assert_allclose(spend, 200 * given, rtol=1e-12)
    np.testing.assert_allclose(given.mean(), 1)
    parts = data.truth["intercept"] + data.truth["trend"] + data.truth["seasonality"]
    np.testing.assert_allclose(parts, data.truth["baseline"])


def test_a_year_has_365_days_and_its_wave_too():
    config = customize_preset("daily", **{"regions.weekday_sales": None})
    assert config.regions.seasonal_period == 365.25
    season = generate_mmm_dataset(config, seed=1).truth["seasonality"].values[0]
    spectrum = np.abs(np.fft.rfft(season))
    assert spectrum.argmax() == 2  # two waves in two years
    assert get_preset_config("basic").regions.seasonal_period == 365.25 / 7


def test_noise_is_drawn_by_day(data):
    noise = data.truth["noise"].values[0]
    base = float(data.truth["intercept"][0, 0])
    assert noise.std() == pytest.approx(0.08 * base, rel=0.1)
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.12


def test_changing_the_frequency_changes_the_year():
    weekly = customize_preset("daily", frequency="weekly", **_without_weekdays(), n_periods=104)
    assert weekly.regions.seasonal_period == 365.25 / 7
    assert weekly.start_date == "2022-12-26"
    daily = customize_preset("basic", frequency="daily", n_periods=365)
    assert daily.regions.seasonal_period == 365.25
    kept = customize_preset("sandbox", frequency="daily")
    assert kept.regions.seasonal_period == 52


def _without_weekdays():
    return {"channels[1].weekday_spend": None, "regions.weekday_sales": None}


def test_a_config_survives_its_round_trip(tmp_path, data):
    config = get_preset_config("daily")
    text = json.dumps(config.to_dict())
    assert MMMDataConfig.from_dict(json.loads(text)) == config
    data.save(tmp_path / "d")
    again = MMMDataset.load(tmp_path / "d")
    assert again.config == replace(config, seed=3)
    plan = data.observed["spend"] * 1.2
    assert again.counterfactual(plan).identical(data.counterfactual(plan))


def test_a_file_of_the_first_schema_is_read_as_weekly():
    old = get_preset_config("small_business").to_dict() | {"schema_version": 1}
    del old["frequency"], old["regions"]["weekday_sales"]
    for channel in old["channels"]:
        del channel["weekday_spend"]
    assert MMMDataConfig.from_dict(old) == get_preset_config("small_business")
    with pytest.raises(ConfigError, match="schema_version = 3: this package reads versions up to"):
        MMMDataConfig.from_dict(old | {"schema_version": 3})


@pytest.mark.parametrize("view", [to_weekly, to_monthly])
def test_days_gather_into_weeks_and_months(data, view):
    seen = view(data)
    for name in ("sales", "spend"):
        np.testing.assert_allclose(seen.observed[name].sum("date"), data.observed[name].sum("date"))
    noun = "week" if view is to_weekly else "month"
    assert seen.observed["sales"].attrs["units"] == f"currency per {noun}"
    assert seen.frequency == f"{noun}ly"
    total = seen.truth["contribution"].sum(("geo", "date"))
    np.testing.assert_allclose(total / seen.observed["spend"].sum(("geo", "date")), data.truth.roas)


def test_a_week_is_the_sum_of_its_days(data):
    week = to_weekly(data)
    # 1 January 2023 is a Sunday: alone in its week
    sales, days = week.observed["sales"].values[0], data.observed["sales"].values[0]
    assert str(week.observed["date"].values[0])[:10] == "2022-12-26"
    assert sales[0] == pytest.approx(days[0])
    assert sales[1] == pytest.approx(days[1:8].sum())


@pytest.mark.parametrize("kind", sorted(s.STRESSORS))
def test_every_stressor_takes_days(kind):
    config = customize_preset("daily", stressors=[{"type": kind}], n_periods=400)
    data = generate_mmm_dataset(config, seed=2)
    truth = data.truth
    parts = truth["baseline"] + truth["contribution"].sum("channel") + truth["noise"]
    parts = parts + truth["control_contribution"].sum("control")
    np.testing.assert_allclose(parts, data.observed["sales"], rtol=1e-9)
    again = data.counterfactual(data.observed["spend"])
    np.testing.assert_allclose(again["sales"], data.observed["sales"], rtol=1e-9)


def test_lengths_of_stressors_named_weeks_are_weeks():
    plain = get_preset_config("daily")
    lag = replace(plain, stressors=(s.WrongLag(channels=("TV",), weeks=3),))
    now, late = (generate_mmm_dataset(each, seed=1).truth for each in (plain, lag))
    tv = now["contribution"].sel(channel="TV").values[0]
    moved = late["contribution"].sel(channel="TV").values[0]
    np.testing.assert_allclose(moved[21:], tv[:-21])
    holiday = replace(plain, stressors=(s.Events(holidays=("christmas",), run_up=0.3),))
    values = generate_mmm_dataset(holiday, seed=1).observed["controls"].sel(control="Christmas")
    on = {
        str(d)[:10]: float(v)
        for d, v in zip(values.date.values, values.values[0], strict=True)
        if v
    }
    assert on["2023-12-25"] == 1
    assert [day for day, v in on.items() if v == 0.3][:7] == [
        f"2023-12-{day}" for day in range(18, 25)
    ]
    assert len(on) == 16


def test_brand_fades_in_weeks():
    config = replace(
        get_preset_config("daily"), stressors=(s.Brand(channels=("TV",), half_life=4.0),)
    )
    weights = generate_mmm_dataset(config, seed=1).world.brand_weights[0, :, 0]
    np.testing.assert_allclose(weights[28] / weights[0], 0.5)


def test_adapters_carry_days(data, tmp_path):
    lightweight = to_lightweight_mmm(data)
    assert (lightweight.seasonality_frequency, lightweight.weekday_seasonality) == (365, True)
    weekly = to_lightweight_mmm(generate_mmm_dataset("basic", seed=1))
    assert (weekly.seasonality_frequency, weekly.weekday_seasonality) == (52, False)
    arrays = meridian_arrays(data)
    assert list(arrays["kpi"]["time"].values[:2]) == ["2023-01-01", "2023-01-02"]
    assert (to_pymc_marketing(data).X["date"].diff().dropna().dt.days == 1).all()
    save_robyn(data, tmp_path)
    assert (tmp_path / "dt_simulated_daily.csv").is_file()
    assert media_measures(data)["impressions"].attrs["units"] == "impressions per day"
    test = lift_test(data, "Search", start=100, weeks=14, cooldown=7)
    assert str(test["date"][0])[:10] == "2023-04-11"
    assert str(test["end_date"][0])[:10] == "2023-04-24"
    assert for_meridian(test)["Search"]["experiment_end_dates"] == ["2023-04-24"]


def test_days_and_weeks_do_not_mix_in_a_batch_of_one_shape():
    batch = simulate_batch(get_preset_config("daily"), [1, 2])
    one = generate_mmm_dataset("daily", seed=2)
    np.testing.assert_array_equal(batch["sales"][1], one.observed["sales"])
    assert batch.dataset(1).frequency == "daily"


days = st.lists(st.floats(0.1, 3), min_size=7, max_size=7)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(days, days, st.floats(0, 0.97), st.integers(0, 2**32), st.integers(60, 120))
def test_laws_hold_for_any_weekdays(sales, spend, alpha, seed, n):
    config = customize_preset(
        "daily",
        n_periods=n,
        **{
            "regions.weekday_sales": sales,
            "channels[0].weekday_spend": spend,
            "channels[0].adstock.alpha": alpha,
        },
    )
    assert MMMDataConfig.from_dict(config.to_dict()) == config
    data = generate_mmm_dataset(config, seed=seed)
    own, truth = data.observed["spend"], data.truth
    parts = truth["baseline"] + truth["contribution"].sum("channel") + truth["noise"]
    parts = parts + truth["control_contribution"].sum("control")
    np.testing.assert_allclose(parts, data.observed["sales"], rtol=1e-9)
    assert (data.counterfactual(0 * own)["contribution"] == 0).all()
    more = data.counterfactual(1.3 * own + 1.0)["contribution"]
    assert (more >= truth["contribution"] - 1e-9).all()
    now = data.counterfactual(own)["expected_sales"].sum()
    without = own.copy()
    without[..., 0] = 0.0
    lost = float(now - data.counterfactual(without)["expected_sales"].sum())
    np.testing.assert_allclose(lost / float(own[..., 0].sum()), truth["roas"][0], rtol=1e-8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frequency": "dayly"}, "frequency = 'dayly': must be one of daily, weekly; did you mean"),
        ({"frequency": "weekly"}, r"channels\[1\].weekday_spend: needs frequency = 'daily'"),
        (
            {"regions.weekday_sales": [1, 2]},
            r"regions.weekday_sales = \[1, 2\]: must be seven numbers >= 0, Monday first",
        ),
        (
            {"channels[0].weekday_spend": [1, 1, 1, -1, 1, 1, 1]},
            r"channels\[0\].weekday_spend\[3\] = -1: must be >= 0",
        ),
        ({"channels[0].weekday_spend": [0] * 7}, "must hold at least one day above 0"),
        ({"start_date": "1 May"}, "start_date = '1 May': must be a date"),
        ({"weekday": 1}, "weekday: unknown field"),
    ],
)
def test_bad_fields_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message) as error:
        customize_preset("daily", **changes)
    assert "\n" not in str(error.value)


def test_a_prior_has_weeks_and_custom_patterns_days():
    with pytest.raises(ConfigError, match="frequency = 'daily': worlds of a prior are weekly"):
        customize_preset("time_varying", frequency="daily")
    channel = ChannelConfig("TV", pattern="custom", custom_pattern=[1.0] * 10)
    with pytest.raises(ConfigError, match="must hold n_periods = 30 days, not 10"):
        MMMDataConfig(n_periods=30, frequency="daily", channels=[channel])
    seen = {}

    def flat(part, dates, seed):
        seen["step"] = (dates[1] - dates[0]).days
        return np.ones(len(dates))

    MMMDataConfig(
        n_periods=30,
        frequency="daily",
        channels=[ChannelConfig("TV", pattern="custom", custom_pattern_func=flat)],
    )
    assert seen["step"] == 1


def test_what_dates_are_made_of():
    def dates(*texts):
        return np.array(texts, dtype="datetime64[ns]")

    assert frequency_of(dates("2023-01-01", "2023-02-01", "2023-03-01")) == "monthly"
    assert frequency_of(dates("2023-01-01", "2023-01-08")) == "weekly"
    assert frequency_of(dates("2023-01-01", "2023-01-02")) == "daily"
    assert frequency_of(dates("2023-01-01", "2023-01-03")) is None
    assert frequency_of(dates("2023-01-01", "2023-02-03")) is None
