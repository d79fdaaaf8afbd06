"""Hidden demand on real spend: the law holds, spend stays, and who is misled by it is misled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm_data_generator import ConfigError, HiddenDemand, MMMDataset, from_real
from mmm_data_generator.generate.hidden_demand import _followed, _standard, with_hidden_demand

CHANNELS = ["TV", "Search"]


@pytest.fixture(scope="module")
def frame():
    import pandas as pd

    rng = np.random.default_rng(5)
    dates = pd.date_range("2023-01-02", periods=120, freq="W-MON")
    rows = []
    for geo in ("north", "south"):
        spend = rng.gamma(3.0, 40.0, (120, 2))
        spend[:, 0] *= rng.random(120) < 0.6  # TV comes in bursts
        sales = 9000 + spend @ [2.0, 3.0] + rng.normal(0, 300, 120)
        own = pd.DataFrame(spend, columns=CHANNELS)
        rows.append(own.assign(date=dates, geo=geo, sales=sales))
    return pd.concat(rows, ignore_index=True)


def made(frame, demand=None, **given):
    return from_real(frame, geo="geo", channels=CHANNELS, demand=demand, seed=3, **given)


def test_demand_has_its_correlation_with_the_spend_in_every_geo(frame):
    data = made(frame, HiddenDemand(channels=("Search",), correlation=0.7, lift=0.1))
    d = data.truth["unobserved"].values
    for geo in range(2):
        z = _followed(data.observed["spend"].values[geo][:, [1]])
        assert np.corrcoef(d[geo], z)[0, 1] == pytest.approx(0.7, abs=1e-9)
        assert d[geo].mean() == pytest.approx(0.0, abs=1e-6)
    plain = made(frame)
    size = plain.world.expected_sales().mean(1)
    np.testing.assert_allclose(d.std(1), 0.1 * size, rtol=1e-9)


def test_spend_and_what_it_returns_stay_and_only_sales_move(frame):
    data, plain = made(frame, {"channels": ["Search"]}), made(frame)
    np.testing.assert_array_equal(data.observed["spend"], plain.observed["spend"])
    np.testing.assert_allclose(data.truth["contribution"], plain.truth["contribution"])
    np.testing.assert_allclose(data.truth["roas"], plain.truth["roas"], rtol=1e-9)
    moved = data.observed["sales"] - plain.observed["sales"]
    np.testing.assert_allclose(moved, data.truth["unobserved"], atol=1e-6)
    parts = data.truth["intercept"] + data.truth["trend"] + data.truth["seasonality"]
    np.testing.assert_allclose(parts, data.truth["baseline"], rtol=1e-12)


def test_the_counterfactual_survives_saving(frame, tmp_path):
    data = made(frame, {"correlation": 0.5})
    back = MMMDataset.load(data.save(tmp_path / "world"))
    plan = data.observed["spend"] * 1.3
    for name in ("sales", "expected_sales", "contribution"):
        np.testing.assert_array_equal(
            back.counterfactual(plan)[name], data.counterfactual(plan)[name]
        )
    np.testing.assert_array_equal(back.truth["unobserved"], data.truth["unobserved"])


def test_a_regression_credits_the_spend_with_the_demand(frame):
    """The slope of sales on the spend is off by correlation x lift; without, it is not."""
    flat = {"TV": {"base_effectiveness": 1e-6}, "Search": {"base_effectiveness": 1e-6}}

    def slope(correlation):
        data = made(frame, {"channels": ["Search"], "correlation": correlation}, effects=flat)
        z = _followed(data.observed["spend"].values[0][:, [1]])
        return float(z @ data.truth["unobserved"].values[0]) / float(z @ z)

    size = made(frame, effects=flat).world.expected_sales().mean(1)[0]
    assert slope(0.8) == pytest.approx(0.8 * 0.1 * size, rel=1e-6)
    assert slope(0.0) == pytest.approx(0.0, abs=1e-6 * size)


def test_a_kpis_noise_gives_way_to_demand(frame):
    calm, busy = made(frame, target="sales"), made(frame, {"lift": 0.02}, target="sales")
    before, after = (each.truth["noise"].var("date") for each in (calm, busy))
    assert (after < before).all()
    assert (after >= 0.0999 * before).all()


@given(
    spend=st.lists(st.floats(0, 1e6), min_size=8, max_size=8),
    correlation=st.floats(-1, 1),
    seed=st.integers(0, 2**31),
)
def test_any_spend_gives_a_demand_of_variance_one(spend, correlation, seed):
    x = np.array(spend)[None, :, None]
    demand = HiddenDemand(correlation=correlation)
    d = demand.index(x, ["a"], ["g"], seed)[0]
    assert np.isfinite(d).all()
    assert d.std() == pytest.approx(1.0, abs=1e-6)
    z = _followed(x[0])
    if z.any():
        assert np.mean(z * d) == pytest.approx(correlation, abs=1e-6)


def test_a_spend_that_never_moves_has_demand_of_its_own():
    assert not _standard(np.ones(5)).any()
    d = HiddenDemand(correlation=1.0).index(np.ones((1, 30, 1)), ["a"], ["g"], 0)
    assert d.std() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("demand", "words"),
    [
        ({"channels": ["Serach"]}, "demand.channels[0] = 'Serach': no such channel"),
        ({"correlation": 2}, "demand.correlation = 2: must be >= -1 and <= 1"),
        ({"pull": 1}, "demand.pull: unknown field"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(frame, demand, words):
    with pytest.raises(ConfigError) as caught:
        made(frame, demand)
    assert words in str(caught.value)


def test_two_seeds_are_two_demands(frame):
    world = made(frame).world
    of = {"channels": CHANNELS, "geos": ["north", "south"]}
    one, other = (with_hidden_demand(world, HiddenDemand(), seed=s, **of) for s in (1, 2))
    assert not np.allclose(one.unobserved, other.unobserved)
