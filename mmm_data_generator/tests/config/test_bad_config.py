"""Every field refuses what it must not hold, by name, with its value and what is allowed."""

import json
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from mmm_data_generator import (
    AdstockConfig,
    ChannelConfig,
    CoefficientConfig,
    ConfigError,
    ControlConfig,
    MMMDataConfig,
    RegionConfig,
    SaturationConfig,
    TimeVaryingPrior,
    WorldPrior,
    customize_preset,
    generate_mmm_dataset,
    get_preset_config,
)

CHANNELS = [{"name": "TV"}, {"name": "Radio"}, {"name": "Print"}]


def message(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        call(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_nested_field_is_named_with_its_whole_path() -> None:
    channels = [*CHANNELS[:2], {"name": "Print", "saturation": {"slope": -1}}]
    expected = "channels[2].saturation.slope = -1: must be > 0"
    assert message(MMMDataConfig, channels=channels) == expected
    change = {"channels[2].saturation.slope": -1}
    assert message(customize_preset, "small_business", **change) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"n_periods": 1}, "n_periods = 1: must be a whole number >= 2"),
        ({"n_periods": 10.5}, "n_periods = 10.5"),
        ({"n_periods": "52"}, "n_periods = '52'"),
        ({"start_date": "soon"}, "start_date = 'soon': must be a date like '2023-01-02'"),
        ({"seed": -1}, "seed = -1: must be a whole number >= 0"),
        ({"seed": 1.5}, "seed = 1.5"),
        ({"regions.n_regions": 0}, "regions.n_regions = 0: must be a whole number >= 1"),
        ({"regions.base_sales_rate": 0}, "regions.base_sales_rate = 0: must be > 0"),
        ({"regions.sales_volatility": float("nan")}, "regions.sales_volatility = nan: must be"),
        ({"regions.seasonal_amplitude": 1.5}, "must be >= 0 and <= 1"),
        ({"regions.region_names": ["a", "b"]}, "regions.region_names: must hold n_regions = 1"),
        ({"channels[0].base_spend": 0}, "channels[0].base_spend = 0: must be > 0"),
        ({"channels[0].base_spend": float("inf")}, "channels[0].base_spend = inf: must be finite"),
        ({"channels[0].spend_volatility": -0.1}, "channels[0].spend_volatility = -0.1"),
        ({"channels[0].spend_trend": "up"}, "channels[0].spend_trend = 'up': must be a number"),
        ({"channels[0].base_effectiveness": -1}, "channels[0].base_effectiveness = -1"),
        ({"channels[0].pattern": "sesonal"}, "did you mean 'seasonal'?"),
        ({"channels[0].adstock.alpha": 1}, "channels[0].adstock.alpha = 1: must be >= 0 and < 1"),
        ({"channels[0].adstock.l_max": 0}, "channels[0].adstock.l_max = 0"),
        ({"channels[0].adstock.theta": 1}, "theta = 1.0: not used by type 'geometric'"),
        ({"channels[0].adstock.type": "geometrik"}, "did you mean 'geometric'?"),
        ({"channels[0].coefficient.process": "ou"}, "channels[0].coefficient.process = 'ou'"),
        ({"channels[0].coefficient.reversion": 0}, "channels[0].coefficient.reversion = 0"),
        ({"channels[3].max_active_periods": 0}, "channels[3].max_active_periods = 0"),
        ({"channels[2].min_active_periods": 9}, "must be >= min_active_periods (9)"),
        ({"channels[9].base_spend": 1}, "channels[9]: there are 4, counted from [0]"),
        ({"channels[0].base_spnd": 1}, "channels[0].base_spnd: unknown field; did you mean"),
        ({"region.n_regions": 2}, "region: unknown field; did you mean 'regions'?"),
        ({"control_variables[0].base_value": -1}, "control_variables[0].base_value = -1"),
        ({"transforms.adstock_fun": "geometric_adstok"}, "did you mean 'geometric_adstock'?"),
        ({"transforms.adstock_kwargs": {"alfa": 1}}, "adstock_kwargs[0].alfa: unknown field"),
    ],
)
def test_a_change_that_is_not_allowed(change: dict[str, Any], expected: str) -> None:
    assert expected in message(customize_preset, "small_business", **change)
    assert expected in message(generate_mmm_dataset, "small_business", **change)


def test_combinations_that_contradict_themselves() -> None:
    launch = {"name": "TV", "pattern": "delayed_start", "start_period": 30}
    assert "must be < n_periods (20)" in message(MMMDataConfig, n_periods=20, channels=[launch])
    assert "end_period = 10: must be > start_period (30)" in message(
        ChannelConfig, **launch, end_period=10
    )
    assert "channels[1].name = 'TV': is there twice" in message(
        MMMDataConfig, channels=[{"name": "TV"}, {"name": "TV"}]
    )
    assert "at least one channel" in message(MMMDataConfig)
    assert "at least one channel" in message(
        MMMDataConfig, channels=CHANNELS, prior=TimeVaryingPrior()
    )
    assert "not in both" in message(
        MMMDataConfig,
        channels=[ChannelConfig("TV", adstock=AdstockConfig())],
        transforms={"adstock_fun": "geometric_adstock"},
    )
    assert "custom_pattern" in message(ChannelConfig, "TV", "custom")
    assert "custom_pattern[1] = -2" in message(
        ChannelConfig, "TV", "custom", custom_pattern=[1, -2]
    )
    assert "at least one week above 0" in message(
        ChannelConfig, "TV", "custom", custom_pattern=[0, 0]
    )
    assert "must hold n_periods = 129 weeks, not 2" in message(
        MMMDataConfig, channels=[ChannelConfig("TV", "custom", custom_pattern=[1, 2])]
    )
    assert "uniform" in message(ChannelConfig, "TV", spend_noise="uniform", spend_volatility=0.9)
    assert "share_high" in message(TimeVaryingPrior, share_low=0.5, share_high=0.4)
    assert "max_weeks" in message(WorldPrior, min_weeks=60, max_weeks=52)


@pytest.mark.parametrize(
    "kind",
    [
        AdstockConfig,
        SaturationConfig,
        CoefficientConfig,
        ChannelConfig,
        ControlConfig,
        RegionConfig,
        TimeVaryingPrior,
        WorldPrior,
    ],
)
def test_every_field_refuses_nonsense_by_name(kind: Any) -> None:
    base = {"name": "TV"} if kind in (ChannelConfig, ControlConfig) else {}
    checked = [f.name for f in fields(kind) if f.name != "custom_pattern_func"]
    assert checked
    for name in checked:
        # an object is allowed nowhere
        text = message(kind, **{**base, name: object()})
        assert name in text


def test_unknown_names_suggest_the_nearest() -> None:
    text = message(get_preset_config, "smal_business")
    assert "did you mean 'small_business'?" in text
    assert "presets: basic, " in text
    assert "did you mean 'base_spend'?" in message(ChannelConfig, "TV", base_spent=1)
    assert "name: missing" in message(ChannelConfig)
    assert "did you mean 'n_periods'?" in message(MMMDataConfig.from_dict, {"n_period": 3})


def test_a_newer_schema_says_so() -> None:
    made = {**get_preset_config("basic").to_dict(), "schema_version": 99}
    assert "schema_version = 99: this package reads versions up to" in message(
        MMMDataConfig.from_dict, made
    )


@pytest.mark.parametrize("preset", ["basic", "large_business", "sandbox", "time_varying"])
def test_json_round_trip(preset: str) -> None:
    config = get_preset_config(preset)
    again = MMMDataConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert hash(again) == hash(config)
    assert json.dumps(again.to_dict()) == json.dumps(config.to_dict())


def test_numbers_have_one_form() -> None:
    one = MMMDataConfig(n_periods=np.int64(52), channels=[ChannelConfig("TV", base_spend=100)])
    two = MMMDataConfig(n_periods=52, channels=(ChannelConfig("TV", base_spend=np.float32(100)),))
    assert json.dumps(one.to_dict()) == json.dumps(two.to_dict())
