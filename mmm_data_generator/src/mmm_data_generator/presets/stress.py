"""One preset a stressor: the same calm company, and one thing that goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmm_data_generator.config.config import (
    ChannelConfig,
    ControlConfig,
    MMMDataConfig,
    RegionConfig,
)
from mmm_data_generator.fields.transforms import AdstockConfig
from mmm_data_generator.presets.parts import channel
from mmm_data_generator.stressors import (
    AlwaysOn,
    Brand,
    Budget,
    Collinear,
    Competitor,
    CostModel,
    Demand,
    Events,
    FollowSales,
    MissingWeeks,
    Multiplicative,
    NationalMedia,
    Noise,
    OrganicMedia,
    Outliers,
    Promotions,
    ReachFrequency,
    Synergy,
    TrendBreak,
    WrongLag,
)


def calm(name: str, *stressors: Any, weeks: int = 104, geos: int = 1) -> MMMDataConfig:
    """Return the company all stress presets share: four channels, one control, 3% noise."""

    def media(
        name: str, pattern: str, spend: float, effect: float, alpha: float, **fields: Any
    ) -> ChannelConfig:
        return channel(name, pattern, spend, 0.3, effect, (alpha, 1.2, 0.5), **fields)

    return MMMDataConfig(
        name=name,
        n_periods=weeks,
        channels=(
            media(
                "TV", "on_off", 2000, 0.35, 0.6, activation_probability=0.3, min_active_periods=3
            ),
            media("Search", "linear_trend", 1000, 0.30, 0.1),
            media("Social", "seasonal", 800, 0.25, 0.3, seasonal_amplitude=0.4),
            media("Display", "on_off", 500, 0.15, 0.2, activation_probability=0.5),
        ),
        control_variables=(
            ControlConfig(
                name="Sale",
                base_value=1.0,
                value_volatility=0.0,
                regional_value_variation=0.0,
                base_effectiveness=1500.0,
                activation_probability=0.1,
                min_active_periods=1,
                max_active_periods=2,
            ),
        ),
        regions=RegionConfig(
            n_regions=geos, base_sales_rate=10000, sales_volatility=0.03, seasonal_amplitude=0.15
        ),
        stressors=stressors,
    )


def stress_always_on() -> MMMDataConfig:
    """Spend never stops, and bursts are all the variation there is."""
    return calm("stress_always_on", AlwaysOn())


def stress_autocorrelated() -> MMMDataConfig:
    """Noise that remembers: AR(1) with coefficient 0.8."""
    return calm("stress_autocorrelated", Noise(autocorrelation=0.8))


def stress_brand() -> MMMDataConfig:
    """TV and Social build a brand over months."""
    return calm("stress_brand", Brand(channels=("TV", "Social"), strength=1.0))


def stress_budget() -> MMMDataConfig:
    """Four years whose budgets are a share of last year's sales, with a rising trend."""
    grow = TrendBreak(at=0.25, jump=0.0, slope_change=0.004)
    return calm("stress_budget", Budget(), grow, weeks=208)


def stress_collinear() -> MMMDataConfig:
    """Channels whose log spend correlates at 0.95."""
    return calm("stress_collinear", Collinear(correlation=0.95))


def stress_competitor() -> MMMDataConfig:
    """A competitor nobody measures advertises when we do."""
    return calm("stress_competitor", Competitor())


def stress_cost() -> MMMDataConfig:
    """Impressions work, and their price moves."""
    return calm("stress_cost", CostModel())


def stress_demand() -> MMMDataConfig:
    """Unobserved demand drives both the spend on Search and sales."""
    return calm("stress_demand", Demand(channels=("Search",)))


def stress_follow_sales() -> MMMDataConfig:
    """Spend on Search and Social follows the last two weeks' sales, whose noise remembers."""
    return calm(
        "stress_follow_sales",
        FollowSales(channels=("Search", "Social")),
        Noise(autocorrelation=0.8, scale=2.0),
    )


def stress_heavy_tails() -> MMMDataConfig:
    """Noise with the tails of a Student t of 3 degrees of freedom."""
    return calm("stress_heavy_tails", Noise(degrees_of_freedom=3.0))


def stress_hidden_holidays() -> MMMDataConfig:
    """Holidays and one-off events that no control shows."""
    return calm("stress_hidden_holidays", Events(one_off_probability=0.03, observed=False))


def stress_holidays() -> MMMDataConfig:
    """Holidays and one-off events, each with its control."""
    return calm("stress_holidays", Events(one_off_probability=0.03))


def stress_missing_weeks() -> MMMDataConfig:
    """Gaps in the record of sales, filled in and flagged."""
    return calm("stress_missing_weeks", MissingWeeks())


def stress_multiplicative() -> MMMDataConfig:
    """Effects multiply."""
    return calm("stress_multiplicative", Multiplicative())


def stress_national() -> MMMDataConfig:
    """Four geos; TV is bought for the country and imputed by population."""
    return calm("stress_national", NationalMedia(channels=("TV",)), geos=4)


def stress_organic() -> MMMDataConfig:
    """Organic impressions sell too."""
    return calm("stress_organic", OrganicMedia())


def stress_organic_carryover() -> MMMDataConfig:
    """Organic impressions sell for weeks."""
    return calm("stress_organic_carryover", OrganicMedia(adstock=AdstockConfig(alpha=0.7)))


def stress_outliers() -> MMMDataConfig:
    """Weeks that are eight standard deviations off."""
    return calm("stress_outliers", Outliers())


def stress_promotions() -> MMMDataConfig:
    """Promotions and a price with elasticity -2.6."""
    return calm("stress_promotions", Promotions())


def stress_reach_frequency() -> MMMDataConfig:
    """TV and Social are bought as reach and frequency, and both count; the other two are not."""
    return calm("stress_reach_frequency", ReachFrequency(channels=("TV", "Social")))


def stress_synergy() -> MMMDataConfig:
    """TV, Search and Social help each other."""
    return calm("stress_synergy", Synergy(channels=("TV", "Search", "Social"), strength=0.8))


def stress_trend_break() -> MMMDataConfig:
    """Half-way, sales fall by a fifth and start to climb."""
    return calm("stress_trend_break", TrendBreak(slope_change=0.002))


def stress_wrong_lag() -> MMMDataConfig:
    """TV and Social work only after three weeks."""
    return calm("stress_wrong_lag", WrongLag(channels=("TV", "Social")))


def stress_everything() -> MMMDataConfig:
    """Three years, four geos, and most of it at once."""
    return calm(
        "stress_everything",
        Collinear(channels=("TV", "Display"), correlation=0.7),
        Demand(channels=("Search",)),
        Competitor(),
        Events(),
        Promotions(),
        Synergy(channels=("TV", "Search"), strength=0.4),
        Brand(channels=("TV",)),
        TrendBreak(jump=-0.1),
        Noise(autocorrelation=0.5, degrees_of_freedom=5.0),
        FollowSales(channels=("Social",), gain=1.0),
        Outliers(probability=0.01),
        weeks=156,
        geos=4,
    )


STRESS_PRESETS: dict[str, Callable[[], MMMDataConfig]] = {
    preset.__name__: preset
    for preset in (
        stress_always_on,
        stress_autocorrelated,
        stress_brand,
        stress_budget,
        stress_collinear,
        stress_competitor,
        stress_cost,
        stress_demand,
        stress_everything,
        stress_follow_sales,
        stress_heavy_tails,
        stress_hidden_holidays,
        stress_holidays,
        stress_missing_weeks,
        stress_multiplicative,
        stress_national,
        stress_organic,
        stress_organic_carryover,
        stress_outliers,
        stress_promotions,
        stress_reach_frequency,
        stress_synergy,
        stress_trend_break,
        stress_wrong_lag,
    )
}
