"""The prior ``published`` says what is published: returns, share, carry-over, curves, noise."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_data_generator import (
    ConfigError,
    PublishedPrior,
    draw_batch,
    draw_config,
    generate_mmm_dataset,
)
from mmm_data_generator.generate.batch import Batch
from mmm_data_generator.priors.parameters import SPEND_FIGURES

stats = pytest.importorskip("scipy.stats")

N = 600


@pytest.fixture(scope="module", params=[1, 3], ids=["one geo", "three geos"])
def batch(request: pytest.FixtureRequest) -> Batch:
    return draw_batch(np.random.default_rng(8), "published", N, 4, 2, 78, request.param)


def roas(batch: Batch) -> np.ndarray:
    return batch["contribution"].sum((1, 2)) / batch["spend"].sum((1, 2))


def media_share(batch: Batch) -> np.ndarray:
    expected = (batch["sales"] - batch["noise"]).sum((1, 2))
    return batch["contribution"].sum((1, 2, 3)) / expected


def test_returns_are_meridians_lognormal(batch: Batch) -> None:
    log = np.log(roas(batch)).ravel()
    assert stats.kstest(log, stats.norm(0.2, 0.9).cdf).pvalue > 0.01
    # independent over channels
    assert np.abs(np.corrcoef(np.log(roas(batch)).T) - np.eye(4)).max() < 4 / np.sqrt(N)


def test_media_share_is_forty_percent_give_or_take_twenty(batch: Batch) -> None:
    share = media_share(batch)
    assert stats.kstest(share, stats.beta(2, 3).cdf).pvalue > 0.01
    assert share.mean() == pytest.approx(0.4, abs=0.2 * 4 / np.sqrt(N))
    assert share.std() == pytest.approx(0.2, abs=0.02)


def test_decays_are_in_robyns_ranges() -> None:
    batch = draw_batch(np.random.default_rng(8), "published", N, 4, 0, 60)
    decay = batch["adstock_decay"][:, 0]
    # between geos a decay moves a little; the drawn ones are those of the law
    own = PublishedPrior().draw_decays(np.random.default_rng(1), (20_000,))
    law = [(0.3, 0.8, 0.3), (0.1, 0.4, 0.2), (0.0, 0.3, 0.5)]

    def cdf(x: np.ndarray) -> np.ndarray:
        return sum(chance * np.clip((x - low) / (high - low), 0, 1) for low, high, chance in law)

    assert stats.kstest(own, cdf).pvalue > 0.01
    assert decay.max() < 0.9
    half_life = np.log(0.5) / np.log(np.maximum(own, 1e-9))
    assert np.quantile(half_life, 0.99) < 3.2  # weeks, TV's longest
    assert stats.kstest(decay.ravel(), cdf).statistic < 0.05


def test_curves_are_those_of_three_libraries() -> None:
    rng = np.random.default_rng(5)
    slope, half, figure = PublishedPrior().draw_curves(rng, (30_000,))
    of_max, of_median = (SPEND_FIGURES.index(name) for name in ("max", "median_active"))
    meridian = figure == of_median
    assert np.mean(meridian) == pytest.approx(1 / 3, abs=0.01)
    assert set(np.unique(figure)) == {of_max, of_median}
    # Meridian: slope 1, half-saturation N(0.8, 0.8^2) between 0.1 and 10
    np.testing.assert_array_equal(slope[meridian], 1.0)
    low, high = (0.1 - 0.8) / 0.8, (10 - 0.8) / 0.8
    ec = stats.truncnorm(low, high, 0.8, 0.8)
    assert stats.kstest(half[meridian], ec.cdf).pvalue > 0.01
    # the others by themselves
    robyn = PublishedPrior(curve_chances=(1, 0, 0, 0)).draw_curves(rng, (5_000,))
    assert stats.kstest(robyn[0], stats.uniform(0.5, 2.5).cdf).pvalue > 0.01
    assert stats.kstest(robyn[1], stats.uniform(0.3, 0.7).cdf).pvalue > 0.01
    pymc = PublishedPrior(curve_chances=(0, 0, 1, 0)).draw_curves(rng, (5_000,))
    half_normal = stats.truncnorm(0.1 / 1.5, np.inf, 0, 1.5)
    for drawn in pymc[:2]:
        assert stats.kstest(drawn, half_normal.cdf).pvalue > 0.01
    assert set(pymc[2]) == set(robyn[2]) == {of_max}


def test_curves_near_pymc_marketings_sigmoid_are_as_straight_as_its_prior_has_them() -> None:
    """Both are compared by their elasticity at 30% of the largest spend."""
    rng, x = np.random.default_rng(4), 0.3
    slope, half, _ = PublishedPrior(curve_chances=(0, 0, 0, 1)).draw_curves(rng, (4_000,))
    ours = slope / (1 + (x / half) ** slope)
    steep, middle = np.abs(rng.normal(0, 1.5, (2, 4_000)))  # lam, beta: half-normal(1.5)

    def sigmoid(at: float) -> np.ndarray:
        return 1 / (1 + np.exp(-steep * (at - middle))) - 1 / (1 + np.exp(steep * middle))

    theirs = np.log(sigmoid(x * 1.001) / sigmoid(x / 1.001)) / np.log(1.001**2)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(np.quantile(ours, levels), np.quantile(theirs, levels), atol=0.15)
    assert np.median(ours) == pytest.approx(np.median(theirs), abs=0.06)


def test_half_saturation_is_measured_by_its_own_figure_of_spend() -> None:
    prior = PublishedPrior(curve_chances=(1, 0, 0, 0))
    batch = draw_batch(np.random.default_rng(6), prior, 300, 3, 0, 60)
    of_max = batch.world.pivot[:, 0] / batch["spend"][:, 0].max(1)
    # a geo's own curve moves by up to 0.3 in logs
    assert np.median(of_max) == pytest.approx(0.65, abs=0.04)
    prior = PublishedPrior(curve_chances=(0, 1, 0, 0))
    batch = draw_batch(np.random.default_rng(6), prior, 300, 3, 0, 60)
    spend = np.where(batch["spend"] > 0, batch["spend"], np.nan)[:, 0]
    of_median = batch.world.pivot[:, 0] / np.nanmedian(spend, axis=1)
    middle = stats.truncnorm(-0.875, 11.5, 0.8, 0.8).median()
    assert np.median(of_median) == pytest.approx(middle, abs=0.08)


def test_expected_sales_explain_the_published_share_of_variance(batch: Batch) -> None:
    expected = batch["sales"] - batch["noise"]
    explained, left = expected.var(2).sum(1), batch["noise"].var(2).sum(1)
    r2 = explained / (explained + left)
    # the noise is one draw of 78 weeks: its variance is near its law's, not the same
    total = 0.85 * 0.15 / 0.1**2 - 1
    assert stats.kstest(r2, stats.beta(0.85 * total, 0.15 * total).cdf).statistic < 0.08
    assert r2.mean() == pytest.approx(0.85, abs=0.02)


def test_a_model_blind_to_units_keeps_the_split_of_the_wide_prior() -> None:
    prior = PublishedPrior(roi_log_mean=None)
    batch = draw_batch(np.random.default_rng(9), prior, N, 4, 2, 78)
    assert stats.kstest(media_share(batch), stats.beta(2, 3).cdf).pvalue > 0.01
    shares = batch["contribution"].sum((1, 2))
    wide = draw_batch(np.random.default_rng(9), PublishedPrior(), N, 4, 2, 78)["contribution"]

    def spread(sold: np.ndarray) -> float:
        return float(np.median(np.log(sold).std(1)))

    assert spread(shares) < spread(wide.sum((1, 2)))


def test_only_those_laws_differ_from_the_wide_prior() -> None:
    published = draw_batch(np.random.default_rng(3), "published", N, 4, 2, 78)
    wide = draw_batch(np.random.default_rng(4), "worlds", N, 4, 2, 78)

    def total(batch: Batch) -> np.ndarray:
        return batch["spend"].sum((1, 2, 3))

    def shape(batch: Batch) -> np.ndarray:
        spend = batch["spend"][:, 0]
        return (spend.std(1) / spend.mean(1)).ravel()

    # 15 in 100 of the wide worlds are of the other kind, so the laws are near, not the same
    assert stats.ks_2samp(total(published), total(wide)).statistic < 0.2
    assert stats.ks_2samp(shape(published), shape(wide)).statistic < 0.15


def test_a_drawn_config_has_its_return_and_share_at_its_own_seed() -> None:
    rng, logs, shares = np.random.default_rng(12), [], []
    for _ in range(60):
        config = draw_config(rng, "published", n_channels=3, n_controls=1, n_weeks=60, n_geos=2)
        data = generate_mmm_dataset(config)
        assert data.truth is not None
        logs.append(np.log(data.truth["roas"].values))
        expected = (data.observed["sales"] - data.truth["noise"]).sum()
        shares.append(float(data.truth["contribution"].sum() / expected))
    assert stats.kstest(np.concatenate(logs), stats.norm(0.2, 0.9).cdf).pvalue > 0.01
    assert stats.kstest(shares, stats.beta(2, 3).cdf).pvalue > 0.01


def test_its_fields_move_its_law() -> None:
    prior = PublishedPrior(roi_log_mean=1.0, roi_log_sd=0.0, share_mean=0.2, share_sd=0.05)
    batch = draw_batch(np.random.default_rng(2), prior, 50)
    np.testing.assert_allclose(roas(batch), np.e)
    assert media_share(batch).max() < 0.45


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"roi_log_sd": -1}, "roi_log_sd = -1: must be >= 0"),
        ({"share_mean": 1.0}, "share_mean = 1.0: must be > 0 and < 1"),
        ({"share_mean": 0.05, "share_sd": 0.4}, "share_sd = 0.4: too wide for share_mean 0.05"),
        ({"decay_ranges": [(0.5, 0.2)]}, "must be a list of pairs"),
        (
            {"curve_chances": (0.5, 0.5)},
            "curve_chances = .* four, for Robyn, Meridian and two of PyMC",
        ),
        ({"r2_mean": 0.99, "r2_sd": 0.2}, "r2_sd = 0.2: too wide for r2_mean 0.99"),
        ({"decay_chances": (1.0,)}, "decay_chances = .* one for each of decay_ranges"),
        ({"time_varying_share": 0.5}, "time_varying_share = 0.5: must be >= 0 and <= 0"),
        ({"roi_mean": 1}, "roi_mean: unknown field; did you mean"),
        ({"min_weeks": 300}, "max_weeks = 260: must be >= min_weeks"),
    ],
)
def test_bad_fields_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PublishedPrior(**fields)  # type: ignore[arg-type]
