"""A channel bought as reach and frequency answers to both, and to spend through both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm_data_generator import (
    ConfigError,
    DataError,
    MMMDataset,
    customize_preset,
    generate_mmm_dataset,
    get_preset_config,
    simulate_batch,
)
from mmm_data_generator import stressors as s
from mmm_data_generator.adapters import meridian_arrays
from mmm_data_generator.media import media_measures
from mmm_data_generator.presets.stress import calm

BOUGHT = ("TV", "Social")


@pytest.fixture(scope="module")
def data() -> MMMDataset:
    return generate_mmm_dataset("stress_reach_frequency", seed=5)


def hill_of_frequency(data: MMMDataset, channel: str, spend: np.ndarray | None = None):
    """Return the response (date,) of one geo from reach and frequency alone, step by step."""
    m = media_measures(data)
    reach = m["reach"].sel(channel=channel).values[0]
    frequency = m["frequency"].sel(channel=channel).values[0]
    j = list(data.observed["channel"].values).index(channel)
    audience = data.world.audience[0, :, j]
    felt = reach / audience.mean() * frequency**2 / (frequency**2 + 2.0**2)
    decay, out, carried = float(data.truth["adstock_decay"][0, j]), [], 0.0
    for value in felt:
        carried = value * (1 - decay) + decay * carried
        out.append(carried)
    return np.array(out)


@pytest.mark.parametrize("channel", BOUGHT)
def test_contributions_are_what_reach_and_frequency_say(channel):
    # endless lags, so that the recursion above is the adstock
    endless = {f"channels[{i}].adstock.l_max": None for i in range(4)}
    data = generate_mmm_dataset(customize_preset("stress_reach_frequency", **endless), seed=5)
    coefficient = data.truth["coefficient"].sel(channel=channel).values[0]
    weights = data.world.lag_weights[0].sum(0)
    np.testing.assert_allclose(weights, 1)
    np.testing.assert_allclose(
        data.truth["contribution"].sel(channel=channel).values[0],
        coefficient * hill_of_frequency(data, channel),
        rtol=1e-6,
    )


def test_measures_are_those_of_the_world(data):
    m = media_measures(data, cpm=99.0, audience=0.9)
    for channel in BOUGHT:
        one = m.sel(channel=channel)
        spend = data.observed["spend"].sel(channel=channel)
        np.testing.assert_allclose(one["impressions"], spend / 10.0 * 1000)
        np.testing.assert_allclose(one["reach"] * one["frequency"], one["impressions"])
        assert (one["frequency"].where(spend > 0, 1.0) >= 1).all()
    other = data.observed["spend"].sel(channel="Search") / 99.0 * 1000
    np.testing.assert_allclose(m["impressions"].sel(channel="Search"), other)


def test_equal_spend_buys_now_more_reach_now_more_frequency(data):
    flat = np.full(data.observed["spend"].shape, 1500.0)
    world = data.world
    bought = world.impressions(flat)
    reach = world.audience * -np.expm1(-bought / np.where(world.audience > 0, world.audience, 1.0))
    for j in (0, 2):
        frequency = bought[0, :, j] / reach[0, :, j]
        assert frequency.std() / frequency.mean() > 0.1
        assert np.corrcoef(reach[0, :, j], frequency)[0, 1] < -0.9


def test_other_channels_and_parts_stay_as_they_were(data):
    plain = generate_mmm_dataset(calm("plain"), seed=5)
    for channel in ("Search", "Display"):
        for name in ("contribution", "half_saturation", "slope"):
            np.testing.assert_array_equal(
                data.truth[name].sel(channel=channel), plain.truth[name].sel(channel=channel)
            )
    for name in ("baseline", "control_contribution", "noise"):
        np.testing.assert_allclose(data.truth[name], plain.truth[name], atol=1e-8)
    np.testing.assert_array_equal(data.observed["spend"], plain.observed["spend"])


def test_its_truth_names_the_law(data):
    half = data.truth["half_frequency"]
    np.testing.assert_array_equal(half, [2.0, np.nan, 2.0, np.nan])
    assert np.isnan(data.truth["half_saturation"].sel(channel="TV")).all()
    assert "half_frequency" not in generate_mmm_dataset("stress_cost", seed=1).truth


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    st.floats(0.5, 8),
    st.floats(0.3, 4),
    st.floats(0.01, 1),
    st.floats(0, 1),
    st.integers(0, 2**32),
)
def test_laws_hold_for_any_parameters(half, slope, audience, spread, seed):
    one = s.ReachFrequency(
        channels=BOUGHT, half_frequency=half, slope=slope, audience=audience, audience_sd=spread
    )
    data = generate_mmm_dataset(calm("any", one, geos=2, weeks=30), seed=seed)
    spend, truth = data.observed["spend"], data.truth
    parts = truth["baseline"] + truth["contribution"].sum("channel") + truth["noise"]
    parts = parts + truth["control_contribution"].sum("control")
    np.testing.assert_allclose(parts, data.observed["sales"], rtol=1e-9)
    assert (data.counterfactual(0 * spend)["contribution"] == 0).all()
    more = data.counterfactual(1.3 * spend + 2.0)["contribution"]
    assert (more >= truth["contribution"] - 1e-9 * float(truth["contribution"].max())).all()
    now = data.counterfactual(spend)["expected_sales"].sum()
    for channel in BOUGHT:
        own = float(spend.sel(channel=channel).sum())
        for factor, name in ((0.0, "roas"), (1.01, "marginal_roas")):
            plan = spend.copy()
            plan.loc[{"channel": channel}] *= factor
            other = data.counterfactual(plan)["expected_sales"].sum()
            slope_ = float((other - now) / (own * (factor - 1)))
            expected = float(truth[name].sel(channel=channel))
            np.testing.assert_allclose(slope_, expected, rtol=1e-6, atol=1e-6)


def test_prices_move_what_it_buys():
    both = (s.ReachFrequency(channels=("TV",)), s.CostModel(channels=("TV",)))
    data = generate_mmm_dataset(calm("both", *both), seed=5)
    m = media_measures(data).sel(channel="TV")
    spend = data.observed["spend"].sel(channel="TV").values
    np.testing.assert_allclose(m["impressions"], spend * 100 * data.world.efficiency[..., 0])


def test_another_currency_scales_money_and_nothing_else():
    config, k = get_preset_config("stress_reach_frequency"), 7.0
    other = replace(
        config,
        channels=tuple(replace(c, base_spend=k * c.base_spend) for c in config.channels),
        regions=replace(config.regions, base_sales_rate=k * config.regions.base_sales_rate),
        control_variables=tuple(
            replace(c, base_effectiveness=k * c.base_effectiveness)
            for c in config.control_variables
        ),
        stressors=(s.ReachFrequency(channels=BOUGHT, cpm=10.0 * k),),
    )
    one, two = (generate_mmm_dataset(each, seed=4).truth for each in (config, other))
    np.testing.assert_allclose(k * one["contribution"], two["contribution"], rtol=1e-9)
    for name in ("roas", "marginal_roas", "half_frequency"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-9)


def test_a_batch_is_the_same_worlds(data):
    batch = simulate_batch(get_preset_config("stress_reach_frequency"), [4, 5])
    np.testing.assert_array_equal(batch["sales"][1], data.observed["sales"])
    np.testing.assert_array_equal(batch["half_frequency"][1], data.truth["half_frequency"])


def test_meridian_gets_reach_frequency_and_their_spend(data):
    m = media_measures(data)
    arrays = meridian_arrays(data, measures=m, reach_frequency=BOUGHT)
    assert arrays["reach"].dims == ("geo", "media_time", "rf_channel")
    assert list(arrays["media"]["media_channel"].values) == ["Search", "Display"]
    np.testing.assert_array_equal(arrays["frequency"], m["frequency"].sel(channel=list(BOUGHT)))
    spend = data.observed["spend"].sel(channel=list(BOUGHT))
    np.testing.assert_array_equal(arrays["rf_spend"], spend)
    everything = meridian_arrays(
        data, measures=m, reach_frequency=("TV", "Search", "Social", "Display")
    )
    assert "media" not in everything
    with pytest.raises(DataError, match="no channel 'Tv'; did you mean 'TV'"):
        meridian_arrays(data, measures=m, reach_frequency=("Tv",))
    with pytest.raises(DataError, match="needs measures"):
        meridian_arrays(data, reach_frequency=("TV",))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("cpm", 0, r"stressors\[0\].cpm = 0: must be > 0"),
        ("audience", 1.5, r"stressors\[0\].audience = 1.5: must be > 0 and <= 1"),
        ("half_freq", 1.0, r"half_freq: unknown field; did you mean 'half_frequency'"),
        ("channels", ["Tv"], r"stressors\[0\].channels\[0\] = 'Tv': no such channel"),
    ],
)
def test_bad_fields_are_refused(field, value, message):
    with pytest.raises(ConfigError, match=message):
        customize_preset(
            "stress_reach_frequency", stressors=[{"type": "reach_frequency", field: value}]
        )
