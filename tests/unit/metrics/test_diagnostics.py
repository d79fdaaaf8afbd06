"""Diagnostics against arviz-stats, and on samples that are hardly samples."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmm_benchmark.metrics.diagnostics import R_HAT_CAP, diagnose, pick_series

RNG = np.random.default_rng(5)


def ar1(rho: float, shape: tuple[int, ...]) -> np.ndarray:
    """Stationary autoregression along the second axis."""
    steps = RNG.normal(size=shape)
    path = steps.copy()
    for t in range(1, shape[1]):
        path[:, t] = rho * path[:, t - 1] + np.sqrt(1 - rho**2) * steps[:, t]
    return path


def test_worst_of_all_free_parameters_as_arviz_stats_has_them() -> None:
    from arviz_stats.base import array_stats

    free = {"a": ar1(0.0, (4, 300)), "b": ar1(0.9, (4, 300, 3))}
    found = diagnose(free)
    series = [free["a"], *np.moveaxis(free["b"], -1, 0)]
    assert found["r_hat"] == pytest.approx(max(float(array_stats.rhat(x)) for x in series))
    assert found["ess_bulk"] == pytest.approx(min(float(array_stats.ess(x)) for x in series))
    tails = [float(array_stats.ess(x, method="tail", prob=(0.05, 0.95))) for x in series]
    assert found["ess_tail"] == pytest.approx(min(tails))
    errors = [float(array_stats.mcse(x)) / x.std(ddof=1) for x in series]
    assert found["mcse"] == pytest.approx(max(errors))


def test_slow_mixing_shows() -> None:
    fast, slow = diagnose({"a": ar1(0.0, (4, 500))}), diagnose({"a": ar1(0.97, (4, 500))})
    assert slow["ess_bulk"] < 0.1 * fast["ess_bulk"]
    assert slow["r_hat"] > fast["r_hat"]


def test_one_draw_and_constants_leave_everything_out() -> None:
    assert diagnose({"a": np.ones((1, 1, 4))}, contribution=np.ones((1, 1, 2, 5, 3))) == {}
    assert diagnose({"a": np.ones((4, 100))}) == {}
    assert diagnose({}) == {}


def test_a_constant_beside_a_moving_parameter_is_left_out() -> None:
    moving = ar1(0.0, (4, 200))
    both = np.stack([moving, np.zeros_like(moving)], axis=-1)
    assert diagnose({"a": both}) == diagnose({"a": moving})


def test_one_chain_has_no_r_hat() -> None:
    found = diagnose({"a": ar1(0.0, (1, 200))})
    assert "r_hat" not in found
    assert found["ess_bulk"] > 50


def test_stuck_chains_stay_finite_for_json() -> None:
    stuck = np.repeat(np.arange(4.0)[:, None], 100, axis=1)
    found = diagnose({"a": stuck})
    assert found["r_hat"] == R_HAT_CAP
    json.dumps(found, allow_nan=False)


def test_sampler_statistics() -> None:
    diverging = np.zeros((2, 50), bool)
    diverging[0, :3] = True
    depth = np.full((2, 50), 6)
    depth[1, :10] = 10
    energy = RNG.normal(size=(2, 50))
    found = diagnose({}, diverging=diverging, tree_depth=depth, max_tree_depth=10, energy=energy)
    assert found["divergences"] == 3
    assert found["max_tree_depth_share"] == pytest.approx(0.1)
    steps = (np.diff(energy, axis=1) ** 2).mean(axis=1) / energy.var(axis=1, ddof=1)
    assert found["e_bfmi"] == pytest.approx(steps.min())


def test_many_contributions_are_thinned_by_rule() -> None:
    chosen = pick_series(25_000)
    assert len(chosen) == 400
    assert (chosen[0], chosen[-1]) == (0, 24_999)
    assert len(np.unique(chosen)) == 400
    np.testing.assert_array_equal(pick_series(7), np.arange(7))


def test_contributions_have_figures_of_their_own() -> None:
    contribution = np.zeros((2, 100, 1, 30, 2))
    contribution[..., 10:, 1] = ar1(0.0, (2, 100, 20))[:, :, None, :]  # the rest never starts
    found = diagnose({"a": ar1(0.0, (2, 100))}, contribution=contribution)
    assert found["contribution_ess_bulk"] > 20
    assert found["contribution_r_hat"] < 1.2
