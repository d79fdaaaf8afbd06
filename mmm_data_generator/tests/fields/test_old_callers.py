"""Names and arguments that people already use keep working."""

from typing import Any

import numpy as np
import pytest

import mmm_data_generator
from mmm_data_generator import (
    DEFAULT_CONFIG,
    ChannelConfig,
    ConfigError,
    ControlConfig,
    MMMDataConfig,
    RegionConfig,
    SaturationConfig,
    TransformConfig,
    customize_preset,
    generate_mmm_dataset,
    get_preset_config,
    list_available_presets,
)


def test_the_usual_call() -> None:
    result = generate_mmm_dataset(config=get_preset_config("small_business"))
    assert "data" in result
    assert "ground_truth" in result
    assert "nothing" not in result
    assert result["config"].name == "small_business"
    assert result["ground_truth"] is result.truth
    assert list(result["data"].columns[:3]) == ["date", "geo", "x1_Search-Ads"]
    with pytest.raises(KeyError, match="ground_truth"):
        result["truth"]


def test_no_argument_takes_the_default() -> None:
    assert generate_mmm_dataset().config == DEFAULT_CONFIG
    assert generate_mmm_dataset(n_periods=60).observed.sizes["date"] == 60


def test_the_nine_presets() -> None:
    assert set(list_available_presets()) >= {
        "basic",
        "seasonal",
        "multi_region",
        "small_business",
        "growing_business",
        "medium_business",
        "large_business",
        "sandbox",
        "time_varying",
    }


def test_constructor_arguments() -> None:
    config = MMMDataConfig(
        n_periods=60,
        start_date="2022-01-05",
        channels=[
            ChannelConfig(
                name="x-TV",
                pattern="seasonal",
                base_spend=3000.0,
                spend_volatility=0.2,
                seasonal_amplitude=0.5,
                seasonal_phase=0.1,
                base_effectiveness=0.7,
            ),
            ChannelConfig(name="x-Digital", pattern="linear_trend", spend_trend=0.08),
            ChannelConfig(
                name="x-Print", pattern="delayed_start", start_period=10, ramp_up_periods=4
            ),
            ChannelConfig(
                name="x-Radio",
                pattern="on_off",
                activation_probability=0.7,
                min_active_periods=2,
                max_active_periods=8,
            ),
        ],
        regions=RegionConfig(
            n_regions=2,
            region_names=["a", "b"],
            base_sales_rate=10000.0,
            sales_trend=0.02,
            sales_volatility=0.15,
            seasonal_amplitude=0.2,
            seasonal_phase=0.0,
            baseline_variation=0.1,
            channel_param_variation=0.1,
            transform_variation=0.1,
        ),
        transforms=TransformConfig(
            adstock_fun="geometric_adstock",
            adstock_kwargs=[{"alpha": 0.6}, {"alpha": 0.7}],
            saturation_fun=["hill_function", "michaelis_menten"],
            saturation_kwargs=[{"slope": 1.0, "kappa": 0.4}, {"kappa": 0.3}],
        ),
        control_variables=[
            ControlConfig(
                name="price",
                pattern="linear_trend",
                base_value=10.0,
                value_volatility=1.0,
                value_trend=0.1,
                regional_value_variation=0.05,
            )
        ],
        seed=None,
        include_ground_truth=True,
        include_transformed_data=True,
        include_raw_data=True,
    )
    alphas = [channel.adstock.alpha for channel in config.channels if channel.adstock]
    assert alphas == [0.6, 0.7, 0.6, 0.7]  # cycled over the channels
    assert [c.saturation.type for c in config.channels if c.saturation] == [
        "hill",
        "michaelis_menten",
    ] * 2
    assert config.start_date == "2022-01-03"  # the Monday of that week
    assert generate_mmm_dataset(config).observed.sizes["geo"] == 2


def test_a_kappa_that_cannot_be_a_share_is_currency() -> None:
    transforms = TransformConfig(saturation_kwargs={"slope": 1.0, "kappa": 1500.0})
    with pytest.warns(FutureWarning, match="is read as currency; say so with scale='currency'"):
        assert transforms.saturation_of(0).scale == "currency"
    said = TransformConfig(saturation_kwargs={"kappa": 20.0, "scale": "max"})
    assert said.saturation_of(0).scale == "max"
    assert TransformConfig(saturation_kwargs={"kappa": 0.4}).saturation_of(0).scale == "max"


def test_a_kappa_beyond_any_share_says_how_to_ask_for_currency() -> None:
    with pytest.raises(ConfigError, match="where currency is meant, give scale = 'currency'"):
        SaturationConfig(kappa=1500.0)
    assert SaturationConfig(kappa=1500.0, scale="currency").kappa == 1500.0


def test_customize_preset_with_nested_keys() -> None:
    config = customize_preset(
        "basic",
        n_periods=104,
        seed=123,
        **{
            "regions.n_regions": 3,
            "regions.base_sales_rate": 2000,
            "channels[1].base_spend": 10,
            "channels[0].saturation.type": "logistic",
            "transforms.adstock_kwargs": {"alpha": 0.3},
        },
    )
    assert (config.n_periods, config.seed, config.regions.base_sales_rate) == (104, 123, 2000)
    assert config.regions.geos == ("geo_a", "geo_1", "geo_2")  # the old geo keeps its draws
    assert config.channels[1].base_spend == 10
    assert {c.adstock.alpha for c in config.channels if c.adstock} == {0.3}
    kinds = [c.saturation.type for c in config.channels if c.saturation]
    assert kinds == ["logistic", "hill", "hill"]
    assert customize_preset("basic", regions={"n_regions": 2}).regions.n_regions == 2
    assert customize_preset("time_varying", **{"prior.volatility": 0.05}).prior is not None


def test_a_custom_function_becomes_data() -> None:
    def ramp(config: Any, dates: Any, seed: Any) -> Any:
        return np.arange(len(dates)) * config.base_spend

    channel = ChannelConfig("TV", "custom", base_spend=50, custom_pattern_func=ramp)
    config = MMMDataConfig(n_periods=30, channels=[channel])
    assert config.channels[0].custom_pattern_func is None
    assert config.channels[0].custom_pattern == tuple(50.0 * t for t in range(30))
    assert MMMDataConfig.from_dict(config.to_dict()) == config


def test_without_ground_truth() -> None:
    result = generate_mmm_dataset("basic", include_ground_truth=False)
    assert result.truth is None
    assert result["ground_truth"] is None


def test_an_unknown_name_of_the_package() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        mmm_data_generator.nothing
    assert "generate_mmm_dataset" in dir(mmm_data_generator)
    assert set(mmm_data_generator.__all__) == set(mmm_data_generator._HOME)
    for name in mmm_data_generator.__all__:
        assert getattr(mmm_data_generator, name) is not None
