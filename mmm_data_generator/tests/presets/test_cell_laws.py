"""Every cell has the law it names, and else that of the base."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm_data_generator import MMMDataset, generate_mmm_dataset
from mmm_data_generator.presets.cells import CELLS
from mmm_data_generator.world import transforms

stats = pytest.importorskip("scipy.stats")

SEEDS = range(1, 41)
_made: dict[str, list[MMMDataset]] = {}


def worlds(name: str) -> list[MMMDataset]:
    if name not in _made:
        _made[name] = [generate_mmm_dataset(name, seed=seed) for seed in SEEDS]
    return _made[name]


def truth(dataset: MMMDataset):
    assert dataset.truth is not None
    return dataset.truth


def share(dataset: MMMDataset) -> float:
    expected = dataset.observed["sales"] - truth(dataset)["noise"]
    return float(truth(dataset)["contribution"].sum() / expected.sum())


def test_returns_shares_and_noise_of_the_base_are_as_published() -> None:
    roas = np.concatenate([truth(d)["roas"].values for d in worlds("published")])
    assert stats.kstest(np.log(roas), stats.norm(0.2, 0.9).cdf).pvalue > 0.01
    shares = [share(d) for d in worlds("published")]
    assert stats.kstest(shares, stats.beta(2, 3).cdf).pvalue > 0.01
    explained = []
    for dataset in worlds("published"):
        sales, noise = dataset.observed["sales"].values, truth(dataset)["noise"].values
        explained.append(1 - noise.var() / (noise.var() + (sales - noise).var()))
    assert np.mean(explained) == pytest.approx(0.85, abs=4 * 0.1 / np.sqrt(len(SEEDS)))


def test_lower_returns_have_their_own_law() -> None:
    roas = np.concatenate([truth(d)["roas"].values for d in worlds("published_returns")])
    assert stats.kstest(np.log(roas), stats.norm(-0.7, 1.2).cdf).pvalue > 0.01


def test_null_channels_sell_nothing_and_the_media_share_stays() -> None:
    for dataset in worlds("published_null"):
        sold = truth(dataset)["contribution"].sum(("geo", "date")).values
        assert (sold == 0).sum() == 2
        without = truth(dataset)["roas"].values[sold == 0]
        np.testing.assert_array_equal(without, 0.0)
    shares = [share(d) for d in worlds("published_null")]
    assert stats.kstest(shares, stats.beta(2, 3).cdf).pvalue > 0.01


def curve_at(dataset: MMMDataset, weekly: np.ndarray) -> np.ndarray:
    """Share of full saturation at a steady weekly spend (channel,) in the first geo."""
    world = dataset.world
    return transforms.saturate(
        weekly[None, None, :] * np.ones((1, 1, 1)), world.kind, world.pivot[:1], world.power[:1]
    )[0, 0]


def test_straight_curves_are_near_lines_and_bent_ones_are_full_by_the_usual_week() -> None:
    for dataset in worlds("published_straight"):
        most = dataset.observed["spend"].values[0].max(0)
        # over the largest week: the curve, against the line through its start
        line = most / dataset.world.pivot[0]
        assert (curve_at(dataset, most) / line > 5 / 6 - 1e-9).all()
    for dataset in worlds("published_bent"):
        spend = dataset.observed["spend"].values[0]
        usual = np.array([np.median(path[path > 0]) for path in spend.T])
        assert (curve_at(dataset, usual) > 2 / 3 - 1e-9).all()


def test_long_carry_over_outlasts_eight_weeks() -> None:
    for dataset in worlds("published_long"):
        weights = dataset.world.lag_weights[0]  # (lag, channel)
        assert weights.shape[0] == 26
        np.testing.assert_allclose(weights.sum(0), 1.0)
        geometric = weights[:, ::2]
        half_life = np.log(0.5) / np.log(geometric[1] / geometric[0])
        assert ((half_life > 1.5 - 1e-9) & (half_life < 3 + 1e-9)).all()
        assert (weights[:, 1::2].argmax(0) >= 1).all()
    beyond = [dataset.world.lag_weights[0, 8:].sum(0).max() for dataset in worlds("published_long")]
    assert np.median(beyond) > 0.1


def test_effects_move_in_one_cell_alone() -> None:
    for name in CELLS:
        if name == "worlds":
            continue
        coefficient = truth(generate_mmm_dataset(name, seed=2))["coefficient"].values
        moves = np.ptp(coefficient, axis=1).max() > 1e-9 * coefficient.max()
        assert moves == (name == "published_moving"), name


def test_the_hidden_baseline_is_no_smooth_season() -> None:
    rough = []
    for dataset in worlds("published_baseline"):
        base = truth(dataset)["baseline"].values[0]
        t = np.arange(len(base))
        phase = 2 * np.pi * t[:, None] * np.arange(1, 3) * 7 / 365.25
        known = np.column_stack([np.ones_like(t), t, np.sin(phase), np.cos(phase)])
        left = base - known @ np.linalg.lstsq(known, base, rcond=None)[0]
        rough.append(left.std() / base.mean())
    assert np.median(rough) > 0.05
    for dataset in worlds("published")[:5]:
        base = truth(dataset)["baseline"].values[0]
        t = np.arange(len(base))
        phase = 2 * np.pi * t * 7 / 365.25
        known = np.column_stack([np.ones_like(t), t, np.sin(phase), np.cos(phase)])
        left = base - known @ np.linalg.lstsq(known, base, rcond=None)[0]
        assert left.std() < 1e-6 * base.mean()


def test_spend_follows_demand_and_channels_are_planned_together() -> None:
    for dataset in worlds("published_collinear")[:10]:
        log = np.log(dataset.observed["spend"].values[0])
        off = np.corrcoef(log.T)[np.triu_indices(log.shape[1], 1)]
        np.testing.assert_allclose(off, 0.9, atol=1e-6)
    follows = []
    for dataset in worlds("published_demand"):
        calm = generate_mmm_dataset(replace(dataset.config, stressors=()))
        moved = truth(dataset)["baseline"].values.std()
        follows.append(moved > truth(calm)["baseline"].values.std())
        changed = ~np.isclose(dataset.observed["spend"], calm.observed["spend"]).all((0, 1))
        assert changed.sum() == dataset.observed.sizes["channel"] // 2
    assert np.mean(follows) > 0.5


def test_geos_differ_by_what_is_published() -> None:
    effects, decays = [], []
    for dataset in worlds("published_geo"):
        world = dataset.world
        base = world.intercept[:, :1]
        relative = world.coefficient[:, 0] / base
        effects.append(np.log(relative).std(0, ddof=1))
        slope = np.log(world.power)
        decays.append(slope.std(0, ddof=1))
    pooled = np.sqrt(np.mean(np.concatenate(effects) ** 2))
    assert pooled == pytest.approx(0.1, rel=0.15)
    assert np.sqrt(np.mean(np.concatenate(decays) ** 2)) == pytest.approx(0.1, rel=0.15)
