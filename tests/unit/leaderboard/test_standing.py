"""Skill, ranks, wins and their intervals, on numbers whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm_benchmark.leaderboard import standing

CELLS = ["a", "a", "b", "b", "b"]
POSITIVE = st.floats(1e-3, 1e3)


def of(error: list[float], baseline: list[float]) -> float:
    log = standing.log_ratio(np.array(error), np.array(baseline))
    return float(standing.skill(log, np.ones((1, len(error))))[0])


def test_skill_is_one_less_the_geometric_mean() -> None:
    assert of([1, 4], [2, 2]) == pytest.approx(0.0)
    assert of([1, 1], [2, 8]) == pytest.approx(1 - 1 / 4)
    assert of([3, 3], [3, 3]) == 0.0


def test_ratios_are_cut_and_zeros_have_an_answer() -> None:
    assert of([1e9], [1.0]) == pytest.approx(1 - 100)
    assert of([0.0], [1.0]) == pytest.approx(1 - 0.01)
    assert of([1.0], [0.0]) == pytest.approx(1 - 100)
    assert of([0.0], [0.0]) == 0.0


def test_what_has_no_error_is_left_out_or_given_the_baselines() -> None:
    error, base = np.array([1.0, np.nan]), np.array([2.0, 5.0])
    one = np.ones((1, 2))
    assert standing.skill(standing.log_ratio(error, base), one)[0] == pytest.approx(0.5)
    filled = standing.imputed(error, base)
    assert standing.skill(standing.log_ratio(filled, base), one)[0] == pytest.approx(1 - 0.5**0.5)
    none = standing.skill_of(np.array([np.nan, np.nan]), one)
    assert np.isnan(none.value)
    assert np.isnan(none.low)


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=6), POSITIVE)
def test_skill_does_not_ask_for_the_unit(pairs: list[tuple[float, float]], unit: float) -> None:
    error, base = zip(*pairs, strict=True)
    scaled = of([unit * e for e in error], [unit * b for b in base])
    assert scaled == pytest.approx(of(list(error), list(base)), rel=1e-9, abs=1e-9)


def test_ranks_and_wins_share_ties() -> None:
    error = np.array([[1.0, 2.0], [1.0, 1.0], [3.0, 3.0]])
    np.testing.assert_allclose(standing.ranks(error), [[1.5, 2], [1.5, 1], [3, 3]])
    won = standing.wins(error)
    np.testing.assert_allclose(won[0, 1], [0.5, 0.0])
    np.testing.assert_allclose(won + won.swapaxes(0, 1), 1.0)


def test_worlds_are_drawn_again_within_their_cell() -> None:
    weight = standing.resamples(CELLS, n=500)
    np.testing.assert_array_equal(weight[:, :2].sum(1), 2)
    np.testing.assert_array_equal(weight[:, 2:].sum(1), 3)
    assert standing.within_cells(CELLS)


def test_a_cell_with_one_world_makes_tasks_the_draws() -> None:
    weight = standing.resamples(["a", "b", "b"], n=500)
    np.testing.assert_array_equal(weight.sum(1), 3)
    assert (weight[:, 0] == 0).any()
    assert not standing.within_cells(["a", "b", "b"])


def test_intervals_hold_the_mean_as_often_as_they_say() -> None:
    """Forty worlds of one cell, 300 times: 95% intervals, within binomial bounds and bias."""
    rng = np.random.default_rng(3)
    weight = standing.resamples(["a"] * 40, n=400)
    hits = 0
    for _ in range(300):
        found = standing.skill_of(rng.normal(-0.3, 0.5, 40), weight)
        hits += found.low <= 1 - np.exp(-0.3) <= found.high
    assert 0.90 < hits / 300 < 0.98
