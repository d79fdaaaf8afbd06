"""Presets have the sizes and figures that people know them by."""

import numpy as np
import pytest

from mmm_data_generator import generate_mmm_dataset, get_preset_config

SIZES = {
    "basic": (52, 1, 3, 0),
    "seasonal": (104, 1, 3, 0),
    "multi_region": (78, 4, 3, 0),
    "small_business": (104, 1, 4, 2),
    "growing_business": (131, 2, 6, 2),
    "medium_business": (156, 8, 8, 4),
    "large_business": (208, 50, 30, 10),
    "sandbox": (104, 1, 3, 1),
    "daily": (730, 1, 3, 1),
    "time_varying": (104, 1, 5, 3),
}


@pytest.mark.parametrize("name", list(SIZES))
def test_sizes(name: str) -> None:
    config = get_preset_config(name)
    names = config.geo_names, config.channel_names, config.control_names
    assert (config.n_periods, *(len(part) for part in names)) == SIZES[name]
    assert config.name == name


def test_the_sandbox_is_the_script() -> None:
    dataset = generate_mmm_dataset("sandbox", seed=42)
    truth = dataset.truth
    assert truth is not None
    np.testing.assert_allclose(truth["adstock_decay"][0], [0.5, 0.2, 0.7])
    np.testing.assert_allclose(truth["slope"][0], [2.0, 2.5, 3.0])
    np.testing.assert_allclose(truth["coefficient"][0, 0], [15000, 25000, 10000])
    spend = dataset.observed["spend"].values[0]
    assert spend.min() >= 2000
    assert spend.max() <= 20000
    for j, (decay, slope, half, effect) in enumerate(
        [(0.5, 2.0, 10000, 15000), (0.2, 2.5, 12000, 25000), (0.7, 3.0, 8000, 10000)]
    ):
        carried = 0.0
        for t in range(104):
            carried = spend[t, j] + decay * carried
            expected = effect * carried**slope / (half**slope + carried**slope)
            assert truth["contribution"].values[0, t, j] == pytest.approx(expected)
    week = np.arange(1, 105)
    np.testing.assert_allclose(truth["intercept"][0], 5000)
    np.testing.assert_allclose(
        truth["seasonality"][0], 4000 * np.sin(2 * np.pi * week / 52), atol=1e-8
    )
    promotion = dataset.observed["controls"].values[0, :, 0]
    assert set(promotion) == {0.0, 1.0}
    np.testing.assert_allclose(truth["control_contribution"].values[0, :, 0], 8000 * promotion)
    assert (dataset.observed["sales"] >= 0).all()


def test_large_business_is_the_same_every_time() -> None:
    one, two = get_preset_config("large_business"), get_preset_config("large_business")
    assert one == two
    patterns = [channel.pattern for channel in one.channels]
    counts = {name: patterns.count(name) for name in set(patterns)}
    assert counts == {"linear_trend": 10, "delayed_start": 5, "seasonal": 5, "on_off": 10}


def test_time_varying_is_drawn_anew_for_every_seed() -> None:
    one, two = (generate_mmm_dataset("time_varying", seed=seed).truth for seed in (1, 2))
    assert one is not None
    assert two is not None
    for name in ("adstock_decay", "slope", "half_saturation", "intercept", "coefficient"):
        assert not np.isclose(one[name], two[name]).any(), name
