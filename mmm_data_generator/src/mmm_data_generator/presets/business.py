"""The business presets: worlds known by name.

Sizes, channel names and parameters follow PyMC Labs' public mmm-param-recovery, the sandbox
script and the model card of MMM-Diffusion; what a field means is documented in ``config``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mmm_data_generator.config.config import ChannelConfig, MMMDataConfig, RegionConfig
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig
from mmm_data_generator.presets.parts import channel, control, flights, launch, lettered, wave
from mmm_data_generator.priors.time_varying import TimeVaryingPrior


def basic() -> MMMDataConfig:
    """One year, one geo, three channels with trends."""
    t = (0.5, 1.0, 0.15)
    return MMMDataConfig(
        name="basic",
        n_periods=52,
        channels=(
            channel("x-TV", "linear_trend", 2000, 0.1, 0.6, t, spend_trend=0.02),
            channel("x-Digital", "linear_trend", 1500, 0.1, 0.5, t, spend_trend=0.05),
            channel("x-Print", "linear_trend", 800, 0.1, 0.3, t, spend_trend=-0.01),
        ),
        regions=RegionConfig(**lettered(1)),
    )


def seasonal() -> MMMDataConfig:
    """Two years, one geo, three channels that follow the calendar."""
    t = (0.6, 1.0, 0.2)
    return MMMDataConfig(
        name="seasonal",
        n_periods=104,
        channels=(
            channel("x-TV", "seasonal", 3000, 0.1, 0.7, t, **wave(0.6, 0.0)),
            channel("x-Digital", "seasonal", 2000, 0.1, 0.5, t, **wave(0.4, 0.5)),
            channel("x-Radio", "seasonal", 1000, 0.1, 0.3, t, **wave(0.3, 1.0)),
        ),
        regions=RegionConfig(**lettered(1), seasonal_amplitude=0.3),
    )


def multi_region() -> MMMDataConfig:
    """A year and a half, four geos, three channels with trends."""
    t = (0.55, 1.0, 0.8)
    return MMMDataConfig(
        name="multi_region",
        n_periods=78,
        channels=(
            channel("x-TV", "linear_trend", 2500, 0.1, 0.6, t, spend_trend=0.01),
            channel("x-Digital", "linear_trend", 1800, 0.1, 0.5, t, spend_trend=0.08),
            channel("x-Print", "linear_trend", 800, 0.1, 0.3, t, spend_trend=-0.03),
        ),
        regions=RegionConfig(**lettered(4)),
    )


def small_business() -> MMMDataConfig:
    """Two years, one geo, four channels, two controls."""
    return MMMDataConfig(
        name="small_business",
        n_periods=104,
        channels=(
            channel("Search-Ads", "linear_trend", 100, 0.8, 1.5, (0, 1, 1), spend_trend=0.004),
            channel("Social-Media", "seasonal", 500, 0.3, 1.2, (0.2, 1.5, 0.8), **wave(0.4, 0.5)),
            channel("Local-Ads", "on_off", 500, 0.6, 0.9, (0.4, 1, 1.5), **flights(0.3, 2, 4)),
            channel("Email", "on_off", 100, 0.5, 1.2, (0.3, 2, 0.5), **flights(0.2, 1, 1)),
        ),
        control_variables=(
            control("Event", "on_off", 100, 0.5, 0.5, **flights(0.04, 3, 5)),
            control("Sale", "on_off", 50, 0.5, 0.5, **flights(0.1, 1, 4)),
        ),
        regions=RegionConfig(
            n_regions=1, region_names=("Local",), base_sales_rate=5000, sales_volatility=0.1
        ),
    )


def growing_business() -> MMMDataConfig:
    """Two and a half years, two geos, six channels, two controls."""
    return MMMDataConfig(
        name="growing_business",
        n_periods=131,
        channels=(
            channel("Search-Ads", "linear_trend", 300, 0.7, 0.3, (0, 1, 0.3), spend_trend=0.002),
            channel(
                "Search-Ads-Brand",
                "linear_trend",
                100,
                0.8,
                1.1,
                (0.2, 1.5, 1.5),
                spend_trend=0.002,
            ),
            channel("Video", "delayed_start", 500, 0.5, 1.4, (0.4, 0.8, 0.4), **launch(25, 10)),
            channel("Social-Media", "seasonal", 500, 0.6, 0.7, (0.3, 2, 0.5), **wave(0.4, 0.5)),
            channel("Display-Ads", "on_off", 500, 0.5, 0.3, (0, 0.4, 2), **flights(0.3, 2, 4)),
            channel("Email", "on_off", 100, 0.4, 0.4, (0.2, 1.5, 1.25), **flights(0.2, 1, 1)),
        ),
        control_variables=(
            control("Event", "on_off", 500, 0.5, 0.5, **flights(0.04, 3, 5)),
            control("Sale", "on_off", 25, 0.5, 1.5, **flights(0.1, 1, 4)),
        ),
        regions=RegionConfig(**lettered(2), base_sales_rate=5000, sales_volatility=0.1),
    )


def medium_business() -> MMMDataConfig:
    """Three years, eight geos, eight channels, four controls."""
    return MMMDataConfig(
        name="medium_business",
        n_periods=156,
        channels=(
            channel("Search-Ads", "linear_trend", 300, 0.8, 1.1, (0, 1, 1), spend_trend=0.002),
            channel(
                "Search-Ads-Brand",
                "linear_trend",
                100,
                1.1,
                1.2,
                (0.2, 1.5, 0.4),
                spend_trend=0.002,
            ),
            channel("Video", "delayed_start", 500, 0.9, 1.1, (0.4, 0.8, 0.55), **launch(25, 10)),
            channel(
                "Video-2", "delayed_start", 1000, 1.2, 0.9, (0.3, 2, 0.7), **launch(75, 4, 125)
            ),
            channel("Social-Media", "seasonal", 1000, 1.2, 0.5, (0.2, 1, 0.4), **wave(0.4, 0.5)),
            channel(
                "Social-Media-2", "seasonal", 1000, 0.9, 1.1, (0.1, 0.8, 1.2), **wave(0.2, 0.785)
            ),
            channel("Display-Ads", "on_off", 500, 0.7, 0.8, (0.05, 0.5, 0.5), **flights(0.3, 2, 4)),
            channel("Influencer", "on_off", 500, 1.1, 1.3, (0.1, 1.2, 0.9), **flights(0.1, 2, 6)),
        ),
        control_variables=(
            control("Event-A", "on_off", 500, 0.5, 0.5, **flights(0.04, 3, 5)),
            control("Event-B", "on_off", 1000, 0.5, 0.2, **flights(0.2, 1, 8)),
            control("Linear", "linear_trend", 1000, 1.0, 0.8, value_trend=0.005),
            control("Sale", "on_off", 25, 0.5, 100, **flights(0.1, 1, 4)),
        ),
        regions=RegionConfig(
            **lettered(8), base_sales_rate=1e5, sales_volatility=0.1, seasonal_amplitude=0.6
        ),
    )


def large_business() -> MMMDataConfig:
    """Four years, fifty geos, thirty channels and ten controls drawn by a generator of its own."""
    rng = np.random.Generator(np.random.PCG64(50_30_10))

    def u(low: float, high: float) -> float:
        return float(np.round(rng.uniform(low, high), 4))

    def drawn(name: str, pattern: str, effect: tuple[float, float], **fields: Any) -> ChannelConfig:
        transform = (u(0, 0.5), u(0.2, 2), u(0.1, 2))
        return channel(name, pattern, u(500, 5000), u(0.8, 1.2), u(*effect), transform, **fields)

    def bursts() -> dict[str, Any]:
        shortest = int(rng.integers(1, 6))
        return flights(u(0.05, 0.1), shortest, int(rng.integers(shortest + 1, 12)))

    def start() -> dict[str, Any]:
        return launch(int(rng.integers(10, 105)), int(rng.integers(10, 53)))

    always, wide = (0.5, 2.0), (0.1, 2.0)
    channels = [
        *(
            drawn(f"Trend-{i}", "linear_trend", always, spend_trend=u(0, 0.04))
            for i in range(1, 11)
        ),
        *(drawn(f"Launch-{i}", "delayed_start", always, **start()) for i in range(1, 6)),
        *(
            drawn(f"Season-{i}", "seasonal", always, **wave(u(0.2, 1), u(0, np.pi)))
            for i in range(1, 6)
        ),
        *(drawn(f"Burst-{i}", "on_off", wide, **bursts()) for i in range(1, 11)),
    ]
    controls = [
        *(
            control(f"Event-{i}", "on_off", u(50, 500), 0.5, u(0.2, 2), **bursts())
            for i in range(1, 7)
        ),
        *(
            control(
                f"Linear-{i}", "linear_trend", u(50, 500), 0.5, u(0.2, 2), value_trend=u(0, 0.01)
            )
            for i in range(1, 4)
        ),
        control("Season-1", "seasonal", u(50, 500), 0.5, u(0.2, 2), **wave(u(0.2, 1), u(0, np.pi))),
    ]
    return MMMDataConfig(
        name="large_business",
        n_periods=208,
        channels=tuple(channels),
        control_variables=tuple(controls),
        regions=RegionConfig(n_regions=50, base_sales_rate=10000, sales_volatility=0.1),
    )


def daily() -> MMMDataConfig:
    """Two years by day: sales and search have their weekdays, carry-over runs over weeks."""

    def media(
        name: str, pattern: str, spend: float, effect: float, alpha: float, **fields: Any
    ) -> ChannelConfig:
        return ChannelConfig(
            name=name,
            pattern=pattern,
            base_spend=spend,
            spend_volatility=0.4,
            base_effectiveness=effect,
            adstock=AdstockConfig(alpha=alpha, l_max=56),
            saturation=SaturationConfig(slope=1.2, kappa=1.2, scale="mean_active"),
            **fields,
        )

    return MMMDataConfig(
        name="daily",
        frequency="daily",
        n_periods=730,
        start_date="2023-01-01",
        channels=(
            media("TV", "on_off", 400, 0.5, 0.92, **flights(0.03, 14, 42)),
            media(
                "Search",
                "linear_trend",
                200,
                0.4,
                0.3,
                spend_trend=0.0005,
                weekday_spend=(1.1, 1.1, 1.05, 1.05, 1.0, 0.8, 0.9),
            ),
            media("Social", "seasonal", 150, 0.3, 0.6, **wave(0.4, 0.0)),
        ),
        control_variables=(control("Sale", "on_off", 1.0, 0.0, 200.0, **flights(0.02, 3, 10)),),
        regions=RegionConfig(
            base_sales_rate=1500,
            sales_volatility=0.08,
            seasonal_amplitude=0.15,
            weekday_sales=(0.85, 0.85, 0.9, 0.95, 1.1, 1.25, 1.1),
        ),
    )


def sandbox() -> MMMDataConfig:
    """Two years of the sandbox script: unnormalised adstock, Hill in currency, uniform spend."""

    def media(name: str, decay: float, slope: float, half: float, effect: float) -> ChannelConfig:
        return ChannelConfig(
            name=name,
            base_spend=11000,  # uniform on 2000 to 20000
            spend_noise="uniform",
            spend_volatility=9000 / 11000 / 3**0.5,
            base_effectiveness=effect / 5000,
            adstock=AdstockConfig(alpha=decay, l_max=None, normalize=False),
            saturation=SaturationConfig(slope=slope, kappa=half, scale="currency"),
        )

    return MMMDataConfig(
        name="sandbox",
        n_periods=104,
        channels=(
            media("Shopify", 0.5, 2.0, 10000, 15000),
            media("TikTok", 0.2, 2.5, 12000, 25000),
            media("Meta", 0.7, 3.0, 8000, 10000),
        ),
        control_variables=(
            control(
                "Promotion", "on_off", 1, 0, 8000, **flights(0.15, 1, 1), regional_value_variation=0
            ),
        ),
        regions=RegionConfig(
            base_sales_rate=5000,
            sales_volatility=1000 / 5000,
            seasonal_amplitude=4000 / 5000,
            seasonal_period=52,
            seasonal_phase=2 * np.pi / 52,  # the script counts weeks from 1
            baseline_variation=0,
            channel_param_variation=0,
            transform_variation=0,
            nonnegative_sales=True,
        ),
    )


def time_varying() -> MMMDataConfig:
    """Two years, one geo, five channels and three controls whose coefficients move."""
    return MMMDataConfig(name="time_varying", n_periods=104, prior=TimeVaryingPrior())


def default_config() -> MMMDataConfig:
    """Three geos, three channels and two controls: what no argument at all gives."""
    return MMMDataConfig(
        name="default",
        channels=(
            channel("x-seasonal", "seasonal", 5000, 0.1, 0.8, (0.6, 1, 0.4), **wave(0.4, 0.0)),
            channel(
                "x-linear-trend", "linear_trend", 3000, 0.1, 0.6, (0.7, 1, 0.5), spend_trend=0.05
            ),
            channel("x-on-off", "on_off", 1500, 0.1, 0.4, (0.8, 1, 0.6), **flights(0.7, 2, 8)),
        ),
        control_variables=(
            control("price", "linear_trend", 10, 0.1, 0.5, value_trend=0.001),
            control("promotion", "on_off", 15, 0.1, 0.5),
        ),
        regions=RegionConfig(**lettered(3), channel_param_variation=0.05, transform_variation=0.03),
        seed=42,
    )


BUSINESS_PRESETS: dict[str, Callable[[], MMMDataConfig]] = {
    preset.__name__: preset
    for preset in (
        basic,
        seasonal,
        multi_region,
        small_business,
        growing_business,
        medium_business,
        large_business,
        sandbox,
        daily,
        time_varying,
    )
}
