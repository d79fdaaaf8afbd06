"""The prior ``published`` says what is published: returns, media share and carry-over."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mmm_data_generator import (
    ConfigError,
    PublishedPrior,
    draw_batch,
    draw_config,
    generate_mmm_dataset,
)
from mmm_data_generator.batch import Batch

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


def test_only_those_three_laws_differ_from_the_wide_prior() -> None:
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
        ({"decay_chances": (1.0,)}, "decay_chances = .* one for each of decay_ranges"),
        ({"time_varying_share": 0.5}, "time_varying_share = 0.5: must be >= 0 and <= 0"),
        ({"roi_mean": 1}, "roi_mean: unknown field; did you mean"),
        ({"min_weeks": 300}, "max_weeks = 260: must be >= min_weeks"),
    ],
)
def test_bad_fields_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PublishedPrior(**fields)  # type: ignore[arg-type]
