"""Laws that hold for every configuration the prior can draw, and for any pair of transforms."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mmm_data_generator import (
    AdstockConfig,
    ChannelConfig,
    CoefficientConfig,
    ControlConfig,
    MMMDataConfig,
    RegionConfig,
    SaturationConfig,
    generate_mmm_dataset,
)
from mmm_data_generator.config.config import PATTERNS, PROCESSES
from mmm_data_generator.config.draw import draw_world
from mmm_data_generator.fields.transforms import (
    ADSTOCK_PARAMETERS,
    SATURATION_PARAMETERS,
    SCALES,
)

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
WEEKS = 30
share = st.floats(0.05, 0.9)


@st.composite
def patterns(draw: st.DrawFn) -> dict[str, Any]:
    pattern = draw(st.sampled_from(PATTERNS))
    fields: dict[str, Any] = {"pattern": pattern}
    if pattern == "seasonal":
        fields |= {"seasonal_amplitude": draw(st.floats(0, 1)), "seasonal_phase": draw(share)}
    if pattern == "delayed_start":
        fields |= {
            "start_period": draw(st.integers(0, 15)),
            "ramp_up_periods": draw(st.integers(0, 20)),
            "end_period": draw(st.none() | st.integers(16, 40)),
        }
    if pattern == "on_off":
        fields |= {"activation_probability": draw(st.floats(0.01, 1)), "min_active_periods": 1}
    if pattern == "custom":
        weekly = draw(st.lists(st.floats(0, 9), min_size=WEEKS, max_size=WEEKS).filter(any))
        fields |= {"custom_pattern": weekly}
    return fields


def weekdays(daily: bool) -> st.SearchStrategy[list[float] | None]:
    profile = st.lists(st.floats(0.05, 3), min_size=7, max_size=7)
    return st.none() | profile if daily else st.none()


@st.composite
def channels(draw: st.DrawFn, name: str, daily: bool) -> ChannelConfig:
    adstock = draw(st.sampled_from(sorted(ADSTOCK_PARAMETERS)))
    saturation = draw(st.sampled_from(sorted(SATURATION_PARAMETERS)))
    return ChannelConfig(
        name=name,
        base_spend=draw(st.floats(1, 1e5)),
        spend_trend=draw(st.floats(-0.2, 0.2)),
        spend_volatility=draw(st.floats(0, 1.5)),
        base_effectiveness=draw(st.floats(0, 3)),
        coefficient=CoefficientConfig(process=draw(st.sampled_from(PROCESSES))),
        adstock=AdstockConfig(
            type=adstock,
            l_max=draw(st.integers(1, 12)),
            normalize=draw(st.booleans()),
            **{key: draw(share) for key in ADSTOCK_PARAMETERS[adstock]},
        ),
        saturation=SaturationConfig(
            type=saturation,
            scale=draw(st.sampled_from(SCALES)),
            **{key: draw(share) for key in SATURATION_PARAMETERS[saturation]},
        ),
        adstock_first=draw(st.booleans()),
        weekday_spend=draw(weekdays(daily)),
        **draw(patterns()),
    )


@st.composite
def configs(draw: st.DrawFn) -> MMMDataConfig:
    n, daily = draw(st.integers(1, 3)), draw(st.booleans())
    return MMMDataConfig(
        n_periods=WEEKS,
        frequency="daily" if daily else "weekly",
        start_date=draw(st.dates(date(2000, 1, 1), date(2030, 1, 1))).isoformat(),
        channels=tuple(draw(channels(f"channel {j}", daily)) for j in range(n)),
        control_variables=tuple(
            ControlConfig(
                name=f"control {k}",
                base_effectiveness=draw(st.floats(-5, 5)),
                coefficient=CoefficientConfig(process=draw(st.sampled_from(PROCESSES))),
                **draw(patterns()),
            )
            for k in range(draw(st.integers(0, 2)))
        ),
        regions=RegionConfig(
            n_regions=draw(st.integers(1, 3)),
            sales_trend=draw(st.floats(-0.01, 0.05)),
            weekday_sales=draw(weekdays(daily)),
            nonnegative_sales=draw(st.booleans()),
        ),
        seed=draw(st.integers(0, 2**64 - 1)),
    )


def hardly_any() -> MMMDataConfig:
    """Effects of the smallest double there is, where doubles have no relative precision."""
    channel = ChannelConfig(
        name="c",
        base_effectiveness=5e-324,
        base_spend=3e4,
        adstock=AdstockConfig(type="delayed", alpha=0.55, theta=0.47, l_max=9, normalize=False),
        saturation=SaturationConfig(type="root", exponent=0.7, scale="mean"),
        adstock_first=False,
    )
    return MMMDataConfig(n_periods=WEEKS, channels=(channel,), frequency="daily", seed=1)


@quick
@given(configs())
@example(hardly_any())
def test_parts_add_up_and_nothing_is_odd(config: MMMDataConfig) -> None:
    dataset = generate_mmm_dataset(config)
    truth, sales = dataset.truth, dataset.observed["sales"]
    assert truth is not None
    total = (
        truth["baseline"]
        + truth["contribution"].sum("channel")
        + truth["control_contribution"].sum("control")
        + truth["noise"]
    )
    np.testing.assert_allclose(total, sales, rtol=0, atol=1e-9 * float(abs(sales).max()))
    assert (dataset.observed["spend"] >= 0).all()
    assert (dataset.observed["spend"].sum(("geo", "date")) > 0).all()
    assert (truth["contribution"] >= 0).all()
    for name in ("coefficient", "roas", "marginal_roas", "response_curve", "optimal_spend"):
        assert np.isfinite(truth[name]).all(), name
    np.testing.assert_allclose(
        truth["response_curve"].sel(spend_multiplier=1.0),
        truth["contribution"].sum(("geo", "date")),
        rtol=1e-9,
        atol=np.finfo(float).tiny,  # below the smallest normal number nothing has nine digits
    )
    if config.regions.nonnegative_sales:
        assert (sales >= -1e-9 * float(abs(sales).max())).all()


@quick
@given(configs())
def test_zero_spend_gives_zero_and_more_gives_no_less(config: MMMDataConfig) -> None:
    dataset = generate_mmm_dataset(config)
    spend = dataset.observed["spend"]
    assert (dataset.counterfactual(0 * spend)["contribution"] == 0).all()
    now = dataset.counterfactual(spend)
    more = dataset.counterfactual(spend * 1.3 + 2.0)
    slack = 1e-9 * float(now["contribution"].max() + 1)
    assert (more["contribution"] >= now["contribution"] - slack).all()
    one = spend.copy()
    one[..., 0] *= 2
    other = dataset.counterfactual(one)["contribution"]
    np.testing.assert_array_equal(other[..., 1:], now["contribution"][..., 1:])


@quick
@given(configs())
def test_truths_are_finite_differences_of_counterfactuals(config: MMMDataConfig) -> None:
    dataset = generate_mmm_dataset(config)
    truth, spend = dataset.truth, dataset.observed["spend"]
    assert truth is not None
    now = dataset.counterfactual(spend)["expected_sales"].sum()
    for j, channel in enumerate(spend["channel"].values):
        own = float(spend[..., j].sum())
        scale = float(abs(now)) / own * 1e-9
        for factor, name in ((0.0, "roas"), (1.01, "marginal_roas")):
            plan = spend.copy()
            plan[..., j] *= factor
            other = dataset.counterfactual(plan)["expected_sales"].sum()
            slope = float((other - now) / (own * (factor - 1)))
            expected = float(truth[name].sel(channel=channel))
            np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e3 * scale)


@quick
@given(configs(), st.floats(0.01, 100))
def test_another_currency_scales_money_and_nothing_else(config: MMMDataConfig, rate: float) -> None:
    world = draw_world(config, 3)
    channels = []
    for c in config.channels:
        assert c.saturation is not None
        money = c.saturation.scale == "currency"
        changes = {
            key: value * rate if key in ("kappa", "c") else value / rate
            for key, value in c.saturation.parameters.items()
            if key in ("kappa", "c", "lam")
        }
        changed = replace(c.saturation, **changes) if money else c.saturation
        channels.append(replace(c, base_spend=c.base_spend * rate, saturation=changed))
    if any(
        c.saturation.scale == "currency" and c.saturation.type in ("root", "none")
        for c in config.channels
        if c.saturation
    ):
        return  # an unbounded curve of one unit of currency is tied to that unit
    regions = replace(config.regions, base_sales_rate=config.regions.base_sales_rate * rate)
    controls = [
        replace(c, base_effectiveness=c.base_effectiveness * rate) for c in config.control_variables
    ]
    other = draw_world(
        replace(config, channels=channels, regions=regions, control_variables=controls), 3
    )
    # amounts so small that a double holds them with one digit are nothing
    np.testing.assert_allclose(other.spend, world.spend * rate, rtol=1e-9, atol=1e-290)
    np.testing.assert_allclose(other.controls, world.controls, rtol=1e-9)
    np.testing.assert_allclose(other.population, world.population)
    np.testing.assert_allclose(
        other.contribution(), world.contribution() * rate, rtol=1e-7, atol=1e-9 * rate
    )
    np.testing.assert_allclose(
        other.sales(), world.sales() * rate, rtol=1e-7, atol=1e-7 * abs(world.sales() * rate).max()
    )


@quick
@given(configs(), st.randoms(use_true_random=False))
def test_permuting_channels_permutes_and_nothing_else(config: MMMDataConfig, random: Any) -> None:
    order = list(range(len(config.channels)))
    random.shuffle(order)
    moved = replace(config, channels=tuple(config.channels[j] for j in order))
    world, other = draw_world(config, 5), draw_world(moved, 5)
    np.testing.assert_array_equal(other.spend, world.spend[..., order])
    np.testing.assert_array_equal(other.controls, world.controls)
    scale = 1e-9 * float(np.abs(world.sales()).max())
    np.testing.assert_allclose(
        other.contribution(), world.contribution()[..., order], rtol=1e-9, atol=scale
    )
    np.testing.assert_allclose(other.sales(), world.sales(), rtol=0, atol=scale)


@quick
@given(configs())
def test_a_config_comes_back_from_json_as_it_was(config: MMMDataConfig) -> None:
    text = json.dumps(config.to_dict())
    again = MMMDataConfig.from_dict(json.loads(text))
    assert again == config
    assert json.dumps(again.to_dict()) == text


@pytest.mark.parametrize("preset", ["small_business", "medium_business", "sandbox", "time_varying"])
def test_the_optimum_spends_the_budget_and_beats_other_plans(preset: str) -> None:
    dataset = generate_mmm_dataset(preset, seed=1)
    truth, spend = dataset.truth, dataset.observed["spend"]
    assert truth is not None
    totals, best = spend.sum(("geo", "date")), truth["optimal_spend"]
    np.testing.assert_allclose(best.sum(), totals.sum(), rtol=1e-9)
    assert (best >= 0).all()

    def value(plan: Any) -> float:
        return float(dataset.counterfactual(spend * (plan / totals))["expected_sales"].sum())

    gained = value(best) - value(totals)
    np.testing.assert_allclose(gained, truth["optimal_gain"], rtol=1e-6, atol=1e-6)
    assert gained > 0
    rng = np.random.default_rng(0)
    tried = [
        value(totals.copy(data=rng.dirichlet(np.full(len(totals), a)) * float(totals.sum())))
        for a in (0.3, 1.0, 3.0)
        for _ in range(60)
    ]
    # shifting a little between two channels must not help either
    for i in range(len(totals)):
        for j in range(len(totals)):
            moved = best.copy()
            amount = min(0.01 * float(totals.sum()), float(best[i]))
            moved[i] -= amount
            moved[j] += amount
            tried.append(value(moved))
    assert max(tried) <= value(best) + 0.01 * gained
