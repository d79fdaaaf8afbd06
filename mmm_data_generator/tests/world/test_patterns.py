"""Each spend pattern does what its field says, over many worlds."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mmm_data_generator import (
    ChannelConfig,
    ControlConfig,
    MMMDataConfig,
    RegionConfig,
    simulate_batch,
)

pytestmark = pytest.mark.statistical
WEEKS = 208
SEEDS = range(400)


def spend(n_worlds: int = 400, **fields: Any) -> NDArray[np.float64]:
    """Return the spend of one channel, (world, week)."""
    config = MMMDataConfig(n_periods=WEEKS, channels=[ChannelConfig("TV", **fields)])
    return simulate_batch(config, SEEDS[:n_worlds])["spend"][:, 0, :, 0]


def within(values: NDArray[np.float64], expected: float, sigmas: float = 4.0) -> bool:
    """Whether the mean of independent values agrees with its expectation."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return abs(values.mean() - expected) <= sigmas * error + 1e-12 * abs(expected)


@pytest.mark.parametrize(
    "fields",
    [
        {"pattern": "linear_trend", "spend_trend": 0.02},
        {"pattern": "linear_trend", "spend_trend": -0.03},
        {"pattern": "seasonal", "seasonal_amplitude": 0.9, "seasonal_phase": 1.0},
        {"pattern": "delayed_start", "start_period": 50, "ramp_up_periods": 20, "end_period": 150},
        {"pattern": "on_off", "activation_probability": 0.2},
        {"pattern": "custom", "custom_pattern": [0.0] * 100 + [1.0, 3.0] * 54},
    ],
)
@pytest.mark.parametrize("volatility", [0.0, 0.8])
def test_base_spend_is_the_mean_while_active(fields: dict[str, Any], volatility: float) -> None:
    x = spend(base_spend=700.0, spend_volatility=volatility, **fields)
    means = x.sum(1) / (x > 0).sum(1)
    if volatility == 0.0:
        np.testing.assert_allclose(means, 700.0)
    assert within(means, 700.0)


def test_seasonal_spend_runs_once_a_year_and_is_never_clipped() -> None:
    x = spend(pattern="seasonal", seasonal_amplitude=1.0, spend_volatility=0.3)
    power = np.abs(np.fft.rfft(x - x.mean(1, keepdims=True), axis=1)) ** 2
    assert (power.argmax(1) == 4).all()  # 208 weeks are four years
    quiet = np.mean(x < 0.01 * x.mean())
    # a full wave touches zero once a year, it does not stay there
    assert quiet < 0.06


def test_delayed_start_ramps_up_and_ends() -> None:
    x = spend(
        1,
        pattern="delayed_start",
        start_period=50,
        ramp_up_periods=10,
        end_period=150,
        spend_volatility=0.0,
    )[0]
    assert not x[:50].any()
    assert not x[150:].any()
    np.testing.assert_allclose(np.diff(x[50:60]), x[50])  # ten equal steps
    np.testing.assert_allclose(x[59:150], x[59])


def test_linear_trend_is_a_line_that_stops_at_zero() -> None:
    up = spend(1, spend_trend=0.02, spend_volatility=0.0)[0]
    np.testing.assert_allclose(up / up[0], 1 + 0.02 * np.arange(WEEKS))
    down = spend(1, spend_trend=-0.01, spend_volatility=0.0)[0]
    np.testing.assert_allclose(
        down / down[0], np.maximum(1 - 0.01 * np.arange(WEEKS), 0), atol=1e-12
    )


def test_bursts_have_the_stated_lengths_and_chance() -> None:
    x = spend(
        pattern="on_off", activation_probability=0.2, min_active_periods=6, max_active_periods=6
    )
    on = (x > 0).astype(int)
    runs = [
        run
        for row in on
        for run in np.diff(np.flatnonzero(np.diff(np.r_[0, row, 0])))[::2][:-1]  # whole ones
    ]
    assert set(np.asarray(runs) % 6) == {0}  # bursts may follow at once
    # renewal: off weeks last (1 - p) / p on average
    assert within(on[:, 30:].mean(1), 6 / (6 + 0.8 / 0.2))
    once = spend(
        pattern="on_off", activation_probability=0.15, min_active_periods=1, max_active_periods=1
    )
    assert within((once > 0).mean(1), 0.15)


def test_a_channel_is_never_empty() -> None:
    x = spend(pattern="on_off", activation_probability=0.0001)
    assert ((x > 0).sum(1) > 0).all()


@pytest.mark.parametrize("law", ["lognormal", "uniform"])
def test_spend_volatility_is_the_coefficient_of_variation(law: str) -> None:
    x = spend(spend_volatility=0.5, spend_noise=law)
    ratio = x.std(1, ddof=1) / x.mean(1)
    assert abs(ratio.mean() - 0.5) < 0.02
    lag = ((x[:, 1:] - x.mean(1, keepdims=True)) * (x[:, :-1] - x.mean(1, keepdims=True))).mean(1)
    assert within(lag / x.var(1), -1 / WEEKS)  # independent weeks, up to the mean's own error


def geo_worlds(**regions: float) -> Any:
    settings = {"baseline_variation": 0.0, "channel_param_variation": 0.0, **regions}
    settings = {"transform_variation": 0.0, **settings}
    channel = ChannelConfig("TV", adstock={"alpha": 0.4}, saturation={"slope": 1.5})
    config = MMMDataConfig(
        n_periods=20,
        channels=[channel],
        control_variables=[ControlConfig("Price", "linear_trend", regional_value_variation=0.3)],
        regions=RegionConfig(n_regions=20, **settings),
    )
    return simulate_batch(config, range(60))


def variation(values: NDArray[np.float64]) -> float:
    return float(np.mean(values.std(1, ddof=1) / values.mean(1)))


def test_geos_differ_by_what_the_fields_say() -> None:
    same = geo_worlds()
    for name in ("intercept", "coefficient", "adstock_decay", "slope"):
        assert np.ptp(same[name].reshape(60, 20, -1)[..., 0]) < 1e-9, name
    size = geo_worlds(baseline_variation=0.3)
    assert abs(variation(size["intercept"][..., 0]) - 0.3) < 0.03
    assert within(size["intercept"][:, :, 0].ravel(), 10_000)
    effect = geo_worlds(channel_param_variation=0.3)
    assert abs(variation(effect["coefficient"][..., 0, 0]) - 0.3) < 0.03
    moved = geo_worlds(transform_variation=0.3)
    decay = moved["adstock_decay"][..., 0]
    assert abs(np.log(decay / (1 - decay)).std() - 0.3) < 0.02
    assert abs(np.log(moved["slope"][..., 0]).std() - 0.3) < 0.02
    assert abs(np.log(moved.world.pivot / moved["spend"].max(2)).std() - 0.3) < 0.02
    people = size["population"] / size["intercept"][..., 0]
    assert variation(people) < 0.08  # near proportional to sales


def test_controls_differ_between_geos() -> None:
    config = MMMDataConfig(
        n_periods=20,
        channels=[ChannelConfig("TV")],
        control_variables=[
            ControlConfig("Price", "seasonal", value_volatility=0.0, regional_value_variation=0.3)
        ],
        regions=RegionConfig(n_regions=20),
    )
    values = simulate_batch(config, range(60))["controls"][:, :, 0, 0]
    assert abs(variation(values) - 0.3) < 0.03


def test_noise_and_baseline_have_their_sizes() -> None:
    regions = RegionConfig(sales_volatility=0.1, sales_trend=0.01, baseline_variation=0.0)
    config = MMMDataConfig(n_periods=WEEKS, channels=[ChannelConfig("TV")], regions=regions)
    batch = simulate_batch(config, range(200))
    assert abs(batch["noise"].std() / 1000 - 1) < 0.02
    assert within(batch["noise"].mean((1, 2)), 0.0)
    np.testing.assert_allclose(batch["trend"][0, 0], 100 * np.arange(WEEKS))
    year = batch["seasonality"][0, 0]
    assert np.abs(np.fft.rfft(year)).argmax() == 4
    np.testing.assert_allclose(np.abs(year).max(), 2000, rtol=0.01)
