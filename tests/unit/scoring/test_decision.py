"""Plans: bounds and budget are kept, the best is found, and the true world pays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm_benchmark.metrics.budget import REACH, Curves, best_plan
from mmm_benchmark.schema import SPEND_MULTIPLIERS
from mmm_benchmark.scoring import score_fit
from mmm_benchmark.scoring.decision import decision_rows
from mmm_benchmark.scoring.market import BY_CURVES, Market
from mmm_data_generator import generate_mmm_dataset, get_preset_config

M = np.array(SPEND_MULTIPLIERS)


def over_all(rows):
    return next(row for row in rows if row["channel"] == "all")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_plan_keeps_the_budget_and_the_bounds_and_never_promises_a_loss(seed, channels) -> None:
    rng = np.random.default_rng(seed)
    spend = rng.lognormal(0, 1.5, channels)
    curves = Curves(M, np.cumsum(rng.gamma(0.5, size=(channels, M.size)), axis=-1))
    plan = best_plan(lambda m: float(curves(m).sum()), spend, curves.slope)
    assert spend @ plan == pytest.approx(spend.sum(), rel=1e-6)
    assert (np.abs(plan - 1) <= REACH + 1e-9).all()
    assert curves(plan).sum() >= curves(np.ones(channels)).sum()


def test_the_best_plan_of_root_curves_is_the_known_one() -> None:
    """a sqrt(m) each: at the optimum a / (2 s sqrt(m)) is equal, so m goes as (a / s) squared."""
    spend, effect = np.array([100.0, 120.0, 90.0]), np.array([10.0, 11.0, 9.5])
    weight = (effect / spend) ** 2
    expected = weight * spend.sum() / (spend @ weight)
    assert (np.abs(expected - 1) < REACH).all()
    plan = best_plan(lambda m: float(effect @ np.sqrt(m)), spend, lambda m: effect / 2 / np.sqrt(m))
    np.testing.assert_allclose(plan, expected, rtol=1e-4)


def test_straight_curves_move_as_far_as_they_may() -> None:
    spend, effect = np.array([100.0, 100.0]), np.array([300.0, 200.0])
    plan = best_plan(lambda m: float(effect @ m), spend, lambda m: effect)
    np.testing.assert_allclose(plan, [1 + REACH, 1 - REACH])


def test_s_shaped_curves_need_several_starts() -> None:
    """Two channels of convex returns: today is a stationary point, and the worst plan."""
    spend = np.ones(2)
    plan = best_plan(lambda m: float((m**2).sum()), spend, lambda m: 2 * m)
    np.testing.assert_allclose(sorted(plan), [1 - REACH, 1 + REACH])


@pytest.fixture(scope="module")
def small():
    return generate_mmm_dataset(get_preset_config("small_business"), seed=3)


def exact(dataset, draws: int = 1):
    """The posterior that knows the true response curves."""
    curve = dataset.truth["response_curve"].expand_dims(chain=1, draw=draws)
    return curve.to_dataset(name="response_curve")


def test_the_true_curves_find_the_best_plan_and_get_all_of_it(small) -> None:
    market = Market(small)
    row = over_all(decision_rows(exact(small), small.observed, market))
    assert market.simulated
    assert row["gain_share"] == pytest.approx(1, abs=2e-3)
    assert row["promised_gain"] == pytest.approx(row["money_gained"], rel=0.05)
    spend = small.observed["spend"] * market.best
    paid = small.counterfactual(spend)["expected_sales"].sum()
    today = small.counterfactual(small.observed["spend"])["expected_sales"].sum()
    assert row["best_gain"] == pytest.approx(float(paid - today))
    assert row["best_gain"] > 0
    # nothing beyond what a free hand would gain
    assert row["best_gain"] <= float(small.truth["optimal_gain"]) * (1 + 1e-6)


def test_curves_turned_round_lose_money_and_uncertain_ones_say_do_not(small) -> None:
    market = Market(small)
    posterior = exact(small, draws=40)
    curve = posterior["response_curve"]
    spend = small.observed["spend"].sum(("geo", "date"))
    gain = curve - curve.isel(spend_multiplier=0, drop=True)
    size = gain.sel(spend_multiplier=1.0, drop=True)
    roas = small.truth["roas"]
    wrong = gain / size * spend / roas  # what returned most returns least
    row = over_all(decision_rows(wrong.to_dataset(name="response_curve"), small.observed, market))
    assert row["loses_money"] == 1
    assert row["gain_share"] < 0
    assert row["promised_gain"] > 0
    assert (row["probability_of_gain"], row["says_do_not"]) == (1, 0)
    rng = np.random.default_rng(0)
    noise = curve.isel(spend_multiplier=0, drop=True).copy(
        data=rng.lognormal(0, 3, curve.shape[:-1])
    )
    unsure = (curve * noise).to_dataset(name="response_curve")
    row = over_all(decision_rows(unsure, small.observed, market))
    assert row["says_do_not"] == 1


def test_a_world_whose_channels_interact_is_climbed_itself() -> None:
    dataset = generate_mmm_dataset(get_preset_config("stress_synergy"), seed=1)
    market = Market(dataset)
    assert market.best_gain > 0
    rng = np.random.default_rng(1)
    share = market.spend / market.spend.sum()
    tried = 0
    while tried < 30:
        plan = rng.uniform(1 - REACH, 1 + REACH, share.size)
        plan[-1] = (1 - share[:-1] @ plan[:-1]) / share[-1]
        if abs(plan[-1] - 1) <= REACH:
            tried += 1
            assert market.gain(plan) <= market.best_gain * (1 + 1e-6)


def test_without_a_world_the_true_curves_pay(toy, make_fit) -> None:
    fit = make_fit(toy)
    row = over_all(score_fit(fit, toy)["decision_recovery"])
    assert 0 < row["gain_share"] <= 1
    assert BY_CURVES in row["note"]
    toy.truth = None
    row = over_all(score_fit(fit, toy)["decision_recovery"])
    assert "gain_share" not in row
    assert row["promised_gain"] > 0
