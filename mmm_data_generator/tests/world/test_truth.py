"""Every truth is a difference of outcomes of the same world under other plans."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm_data_generator import (
    MMMDataConfig,
    MMMDataset,
    generate_mmm_dataset,
    get_preset_config,
    list_available_presets,
)
from mmm_data_generator import stressors as s
from mmm_data_generator.presets.stress import calm
from mmm_data_generator.world.estimands import SPEND_MULTIPLIERS

QUICK = [name for name in list_available_presets() if name != "large_business"]


def outcome(data: MMMDataset, multipliers: np.ndarray) -> float:
    plan = data.observed["spend"] * multipliers
    return float(data.counterfactual(plan)["expected_sales"].sum())


@pytest.fixture(scope="module", params=QUICK)
def data(request) -> MMMDataset:
    return generate_mmm_dataset(request.param, seed=11)


def test_the_own_plan_gives_the_observed_sales(data):
    again = data.counterfactual(data.observed["spend"])
    np.testing.assert_allclose(again["sales"], data.observed["sales"], rtol=1e-9)
    np.testing.assert_allclose(again["contribution"], data.truth["contribution"], atol=1e-6)


def test_roas_and_marginal_roas_are_finite_differences(data):
    spend = data.observed["spend"].sum(("geo", "date")).values
    n = len(spend)
    now = outcome(data, np.ones(n))
    for j in range(n):
        others = np.arange(n) != j
        without, more = np.where(others, 1.0, 0.0), np.where(others, 1.0, 1.01)
        scale = now / spend[j]
        roas = (now - outcome(data, without)) / spend[j]
        assert abs(float(data.truth["roas"][j]) - roas) < 1e-9 * scale
        marginal = (outcome(data, more) - now) / (0.01 * spend[j])
        assert abs(float(data.truth["marginal_roas"][j]) - marginal) < 1e-8 * scale


def test_response_curves_are_outcomes(data):
    n = data.observed.sizes["channel"]
    for j in (0, n - 1):
        others = np.arange(n) != j
        zero = outcome(data, np.where(others, 1.0, 0.0))
        for k in (2, 5, 10):
            value = outcome(data, np.where(others, 1.0, SPEND_MULTIPLIERS[k]))
            curve = float(data.truth["response_curve"][j, k] - data.truth["response_curve"][j, 0])
            assert abs(curve - (value - zero)) < 1e-9 * value


def test_the_optimum_keeps_the_budget_and_earns_its_gain(data):
    best, spend = data.truth["optimal_spend"], data.observed["spend"].sum(("geo", "date"))
    np.testing.assert_allclose(best.sum(), spend.sum())
    n = len(spend)
    gain = outcome(data, (best / spend).values) - outcome(data, np.ones(n))
    assert gain == pytest.approx(
        float(data.truth["optimal_gain"]), abs=1e-8 * outcome(data, np.ones(n))
    )


def test_no_pair_of_channels_can_trade_budget_for_much_more(data):
    spend = data.observed["spend"].sum(("geo", "date")).values
    best = data.truth["optimal_spend"].values
    top = outcome(data, best / spend)
    step = 0.02 * spend.sum() / len(spend)
    for giver in range(len(spend)):
        for taker in range(len(spend)):
            if giver != taker and best[giver] > step:
                moved = best.copy()
                moved[giver] -= step
                moved[taker] += step
                assert outcome(data, moved / spend) < top * (1 + 5e-4)


@pytest.mark.parametrize("preset", ["stress_everything", "stress_multiplicative", "stress_cost"])
def test_permuting_channels_permutes(preset):
    config = get_preset_config(preset)
    order = [2, 0, 3, 1]
    moved = replace(config, channels=tuple(config.channels[j] for j in order))
    one, other = (generate_mmm_dataset(each, seed=4) for each in (config, moved))
    np.testing.assert_allclose(one.observed["sales"], other.observed["sales"], rtol=1e-9)
    for name in ("contribution", "roas", "marginal_roas", "attribution_share"):
        np.testing.assert_allclose(
            one.truth[name], other.truth[name].sel(channel=one.truth["channel"]), rtol=1e-6
        )


@pytest.mark.parametrize("preset", ["stress_demand", "stress_multiplicative", "stress_synergy"])
def test_another_currency_scales_money_and_nothing_else(preset):
    config = get_preset_config(preset)
    k = 7.0
    other = replace(
        config,
        channels=tuple(replace(c, base_spend=k * c.base_spend) for c in config.channels),
        regions=replace(config.regions, base_sales_rate=k * config.regions.base_sales_rate),
        control_variables=tuple(
            replace(c, base_effectiveness=k * c.base_effectiveness)
            for c in config.control_variables
        ),
    )
    one, two = (generate_mmm_dataset(each, seed=4) for each in (config, other))
    for name in ("contribution", "unobserved", "noise", "response_curve"):
        np.testing.assert_allclose(k * one.truth[name], two.truth[name], rtol=1e-9, atol=1e-6)
    for name in ("roas", "marginal_roas", "half_saturation", "slope", "attribution_share"):
        np.testing.assert_allclose(one.truth[name], two.truth[name], rtol=1e-9)
    np.testing.assert_array_equal(one.observed["population"], two.observed["population"])


KINDS = st.sampled_from([kind for name, kind in s.STRESSORS.items() if name != "events"])


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    st.lists(KINDS, min_size=1, max_size=4, unique=True), st.integers(0, 2**32), st.integers(1, 3)
)
def test_any_composition_adds_up_and_zero_spend_gives_zero(kinds, seed, geos):
    data = generate_mmm_dataset(calm("any", *(kind() for kind in kinds), geos=geos), seed=seed)
    truth, sales = data.truth, data.observed["sales"]
    parts = (
        truth["intercept"]
        + truth["trend"]
        + truth["seasonality"]
        + truth["contribution"].sum("channel")
        + truth["control_contribution"].sum("control")
        + truth["noise"]
    )
    np.testing.assert_allclose(parts, sales, atol=1e-9 * float(np.abs(sales).max()))
    nothing = data.counterfactual(0 * data.observed["spend"])
    assert not nothing["contribution"].any()
    for name in truth:
        if name not in ("adstock_decay", "half_saturation", "slope"):
            assert np.isfinite(truth[name]).all(), name
    np.testing.assert_allclose(
        truth["contribution"],
        truth["coefficient"] * data.world.response() + truth["brand_contribution"],
        atol=1e-6,
    )


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.lists(KINDS, max_size=4, unique=True),
    st.permutations(range(4)),
    st.sampled_from(["weekly", "daily"]),
)
def test_any_composition_permutes_and_survives_json(kinds, order, frequency):
    config = replace(calm("any", *(kind() for kind in kinds)), frequency=frequency, seed=4)
    again = MMMDataConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    moved = replace(config, channels=tuple(config.channels[j] for j in order))
    one, other = generate_mmm_dataset(again), generate_mmm_dataset(moved)
    np.testing.assert_allclose(one.observed["sales"], other.observed["sales"], rtol=1e-8)
    same = other.truth["contribution"].sel(channel=one.truth["channel"])
    np.testing.assert_allclose(one.truth["contribution"], same, rtol=1e-6, atol=1e-4)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(KINDS, max_size=3, unique=True), st.integers(0, 3), st.floats(1.01, 3.0))
def test_more_spend_never_lowers_expected_sales(kinds, channel, factor):
    data = generate_mmm_dataset(calm("any", *(kind() for kind in kinds)), seed=3)
    more = np.ones(4)
    more[channel] = factor
    now = data.counterfactual(data.observed["spend"])["expected_sales"]
    then = data.counterfactual(data.observed["spend"] * more)["expected_sales"]
    assert (then >= now * (1 - 1e-12)).all()
