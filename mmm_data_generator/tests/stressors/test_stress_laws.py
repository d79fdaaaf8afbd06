"""Laws of the stressors that hold over many worlds."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_data_generator import simulate_batch
from mmm_data_generator import stressors as s
from mmm_data_generator.presets.stress import calm

pytestmark = pytest.mark.statistical


def noise(*stressors: object, n: int = 200) -> np.ndarray:
    return simulate_batch(calm("law", *stressors), seeds=range(n))["noise"][:, 0]


def test_autocorrelated_noise_keeps_variance_and_has_its_correlation():
    base = simulate_batch(calm("law"), seeds=range(200))["intercept"][:, 0]
    z = noise(s.Noise(autocorrelation=0.8)) / (0.03 * base)
    # variance of the mean square of an AR(1): 2 (1 + phi^2) / (1 - phi^2) / 104 a world
    assert np.mean(z**2) == pytest.approx(1, abs=0.06)
    assert np.mean(z[:, 0] ** 2) == pytest.approx(1, abs=4 * (2 / 200) ** 0.5)
    assert np.mean(z[:, 1:] * z[:, :-1]) == pytest.approx(0.8, abs=0.06)


def test_heavy_tails_keep_variance_and_have_excess_kurtosis():
    base = simulate_batch(calm("law"), seeds=range(200))["intercept"][:, 0]
    z = noise(s.Noise(degrees_of_freedom=6.0)) / (0.03 * base)
    assert np.mean(z**2) == pytest.approx(1, abs=0.06)
    assert np.mean(z**4) > 4  # 6 in the limit, 3 if it were Gaussian


def slope_on_search(batch) -> np.ndarray:
    """Return the least-squares effect of Search's true response on sales less all that is known."""
    left = batch["sales"] - batch["contribution"].sum(-1) - batch["control_contribution"].sum(-1)
    left = left - batch["trend"] - batch["seasonality"]
    known = left + batch["contribution"][..., 1]
    h = batch.world.response()[..., 1]
    h = h - h.mean(-1, keepdims=True)
    return (h * known).sum((1, 2)) / (h**2).sum((1, 2)) / batch["coefficient"][:, 0, 0, 1]


def test_hidden_demand_biases_search_upwards_and_observing_it_does_not():
    calm_world = slope_on_search(simulate_batch(calm("law"), seeds=range(100)))
    assert calm_world.mean() == pytest.approx(1, abs=0.1)
    hidden = simulate_batch(calm("law", s.Demand(channels=("Search",))), seeds=range(100))
    assert slope_on_search(hidden).mean() > 1.3
    shown = calm("law", s.Demand(channels=("Search",), observed=True))
    assert slope_on_search(simulate_batch(shown, seeds=range(100))).mean() == pytest.approx(
        1, abs=0.1
    )


def test_spend_that_follows_autocorrelated_sales_biases_its_effect_upwards():
    follow = s.FollowSales(channels=("Search",), gain=4.0)
    remembered = s.Noise(autocorrelation=0.9, scale=3.0)
    batch = simulate_batch(calm("law", follow, remembered), seeds=range(60))
    assert slope_on_search(batch).mean() > 1.2
    apart = simulate_batch(calm("law", remembered), seeds=range(60))
    assert abs(slope_on_search(apart).mean() - 1) < 0.2


def test_outliers_and_gaps_come_at_their_rate():
    plain = noise()
    hit = np.abs(noise(s.Outliers(probability=0.05)) - plain) > 1e-6
    assert hit.mean() == pytest.approx(0.05, abs=4 * (0.05 * 0.95 / hit.size) ** 0.5)
    gaps = simulate_batch(
        calm("law", s.MissingWeeks(probability=0.04, periods=1)), seeds=range(200)
    )
    flagged = gaps["controls"][..., -1].mean()
    assert flagged == pytest.approx(0.04, abs=0.006)
