"""Streams do not correlate, coefficient paths follow their law, priors keep their promises."""

import numpy as np
import pytest

from mmm_data_generator import (
    CoefficientConfig,
    TimeVaryingPrior,
    WorldPrior,
    customize_preset,
    draw_batch,
    draw_config,
    simulate_batch,
)
from mmm_data_generator.world.coefficients import log_path, ou_path
from mmm_data_generator.world.seeds import stream

stats = pytest.importorskip("scipy.stats")

pytestmark = pytest.mark.statistical

PRESETS = (
    "basic",
    "seasonal",
    "multi_region",
    "small_business",
    "growing_business",
    "medium_business",
    "large_business",
    "sandbox",
)


def test_no_two_streams_correlate() -> None:
    names = ["TV", "TV ", "tv", "VT", "1", "2", "12", "channel_1", "channel_2", ""]
    purposes = ["spend noise", "control noise", "channel schedule", "sales noise"]
    rows = [
        stream(seed, purpose, geo, name).standard_normal(400)
        for seed in (0, 1, 2)
        for purpose in purposes
        for geo in ("", "geo_1")
        for name in names
    ]
    correlation = np.corrcoef(rows)
    pairs = correlation[np.triu_indices(len(rows), 1)]
    # 28,680 pairs of independent series: the largest stays below the Bonferroni bound at 0.001
    z = np.arctanh(pairs) * np.sqrt(400 - 3)
    assert np.abs(z).max() < stats.norm.isf(0.0005 / len(pairs))
    assert stats.kstest(z, "norm").pvalue > 0.001


def test_controls_do_not_follow_channels() -> None:
    config = draw_config(np.random.default_rng(3), n_channels=6, n_controls=4, n_geos=1)
    while config.prior is not None:
        config = draw_config(np.random.default_rng(4), n_channels=6, n_controls=4, n_geos=1)
    batch = simulate_batch(config, range(300))
    media = np.log(batch["spend"][:, 0] + 1.0)
    media -= media.mean(0)  # over worlds: the schedule that worlds share is no correlation
    values = batch["controls"][:, 0] - batch["controls"][:, 0].mean(0)
    for j in range(6):
        for k in range(4):
            products = (media[..., j] * values[..., k]).mean(1)
            error = products.std() / np.sqrt(300)
            assert abs(products.mean()) < 4.5 * error + 1e-12


@pytest.mark.parametrize("jump", [0.0, 0.1])
def test_ou_paths_are_stationary_and_their_steps_follow_the_mixture(jump: float) -> None:
    s, r, reversion = 0.12, 0.5, 0.1
    u = ou_path(np.random.default_rng(5), (4000,), 60, s, reversion, jump, r)
    variance = (s**2 + jump * r**2) / (1 - (1 - reversion) ** 2)
    for t in (0, 1, 20, 59):
        assert abs(u[:, t].var() / variance - 1) < 0.12
    steps = (u[:, 1:] - (1 - reversion) * u[:, :-1]).ravel()

    def cdf(x: np.ndarray) -> np.ndarray:
        wide = np.sqrt(s**2 + r**2)
        return (1 - jump) * stats.norm.cdf(x / s) + jump * stats.norm.cdf(x / wide)

    assert stats.kstest(steps[:50_000], cdf).pvalue > 0.001
    assert abs(np.corrcoef(steps[:-1], steps[1:])[0, 1]) < 0.01


def test_processes_of_the_config() -> None:
    rng = np.random.default_rng(1)

    def paths(process: str) -> np.ndarray:
        config = CoefficientConfig(process=process, volatility=0.1)
        return np.stack([log_path(config, 80, rng) for _ in range(800)])

    assert not paths("constant").any()
    walk = paths("random_walk")
    assert not walk[:, 0].any()
    assert abs(walk[:, -1].std() / (0.1 * np.sqrt(79)) - 1) < 0.1
    ou = paths("log_ou")
    assert abs(ou.std() / (0.1 / np.sqrt(1 - 0.95**2)) - 1) < 0.05
    assert stats.kurtosis(np.diff(paths("log_ou_jumps"), axis=1).ravel()) > 5


def test_time_varying_media_share_and_noise() -> None:
    batch = draw_batch(np.random.default_rng(2), "time_varying", 3000)
    expected = batch["sales"] - batch["noise"]
    share = batch["contribution"].sum((1, 2, 3)) / expected.sum((1, 2))
    assert share.min() >= 0.3 - 1e-12
    assert share.max() <= 0.5 + 1e-12
    assert stats.kstest(share, stats.uniform(0.3, 0.2).cdf).pvalue > 0.001
    relative = batch["noise"] / expected.mean((1, 2), keepdims=True)
    assert stats.kstest(relative.ravel()[::7], stats.norm(0, 0.03).cdf).pvalue > 0.001
    split = batch["contribution"].sum((1, 2)) / batch["contribution"].sum((1, 2, 3))[:, None]
    assert stats.kstest(split[:, 0], stats.beta(3, 12).cdf).pvalue > 0.001
    assert (batch["coefficient"] > 0).all()


def test_time_varying_draws_follow_the_documented_law() -> None:
    prior = TimeVaryingPrior()
    batch = draw_batch(np.random.default_rng(8), prior, 2000)
    decay = batch["adstock_decay"][:, 0, 1]
    assert stats.kstest(decay, stats.beta(prior.decay_a, prior.decay_b).cdf).pvalue > 0.001
    slope = np.log(batch["slope"][:, 0, 1] / prior.slope_median) / prior.slope_sd
    assert stats.kstest(slope, "norm").pvalue > 0.001
    x = batch["spend"][:, 0, :, 1]
    mean_active = x.sum(1) / (x > 0).sum(1)
    half = np.log(batch.world.pivot[:, 0, 1] / mean_active) / prior.half_saturation_sd
    assert stats.kstest(half, "norm").pvalue > 0.001
    u = np.log(batch["coefficient"][:, 0, :, 1])
    level = u - u.mean(1, keepdims=True)
    s2 = prior.volatility**2 + prior.jump_probability * prior.jump_sd**2
    steps = np.diff(level, axis=1)
    # var of u[t+1] - u[t] of a stationary AR(1) is 2 (1 - phi) var(u)
    assert (
        abs(steps.var() / (2 * prior.reversion * s2 / (1 - (1 - prior.reversion) ** 2)) - 1) < 0.03
    )
    gamma = batch["control_coefficient"][:, 0]
    unit = prior.control_unit * (batch["sales"] - batch["noise"]).mean((1, 2))
    moves = np.diff(gamma / unit[:, None, None], axis=1)
    g2 = prior.control_volatility**2 + prior.jump_probability * prior.control_jump_sd**2
    expected = 2 * prior.reversion * g2 / (1 - (1 - prior.reversion) ** 2)
    assert abs(moves.var() / expected - 1) < 0.05


def test_one_config_at_a_time_or_a_batch_is_the_same_law() -> None:
    rng = np.random.default_rng(12)
    sizes = {"n_channels": 3, "n_controls": 1, "n_weeks": 60, "n_geos": 2}
    batch = draw_batch(rng, "worlds", 600, **sizes)
    one = [simulate_batch(draw_config(rng, **sizes)) for _ in range(300)]
    for name, measure in MEASURES.items():
        single = np.concatenate([measure(each) for each in one])
        assert stats.ks_2samp(measure(batch), single).pvalue > 0.001, name


MEASURES = {
    "share": lambda b: b["contribution"].sum((1, 2, 3)) / b["sales"].sum((1, 2)),
    "spend": lambda b: np.log(b["spend"].mean((1, 2)))[:, 0],
    "quiet weeks": lambda b: (b["spend"] == 0).mean((1, 2))[:, 1],
    "roughness": lambda b: (b["spend"].std(2) / b["spend"].mean(2))[:, 0, 0],
    "geo size": lambda b: np.log(b["intercept"][:, 0, 0] / b["intercept"][:, 1, 0]),
    "slope": lambda b: np.log(b["slope"])[:, 0, 0],
    "half": lambda b: np.log(b["half_saturation"])[:, 0, 0],
    "decay": lambda b: b["adstock_decay"][:, 0, 0],
    "noise": lambda b: np.log(b["noise"].std((1, 2)) / b["intercept"].mean((1, 2))),
    "control": lambda b: b["control_contribution"].mean((1, 2, 3)) / b["intercept"].mean((1, 2)),
    "movement": lambda b: np.round(np.log(b["coefficient"]).std(2)[:, 0, 0], 9),
    "season": lambda b: b["seasonality"].std((1, 2)) / b["intercept"].mean((1, 2)),
}


@pytest.mark.parametrize("preset", PRESETS)
def test_the_wide_prior_holds_every_preset(preset: str) -> None:
    """Summaries of a preset lie inside the range of prior worlds of its size.

    ``time_varying`` is inside by construction: it is one component of the prior.
    """
    geos = {"regions.n_regions": 2} if preset == "large_business" else {}
    own = simulate_batch(customize_preset(preset, **geos), range(3))
    _, geos_, weeks, channels = own["spend"].shape
    rng = np.random.default_rng(1)
    prior = draw_batch(rng, WorldPrior(), 600, channels, 1, weeks, min(geos_, 2))
    for name, measure in SUMMARIES.items():
        low, high = np.quantile(measure(prior), [0.002, 0.998])
        mine = measure(own)
        assert ((mine >= low) & (mine <= high)).all(), (name, low, high, mine)


SUMMARIES = {
    "share": MEASURES["share"],
    "roas": lambda b: np.log(b["contribution"].sum((1, 2, 3)) / b["spend"].sum((1, 2, 3))),
    "decay": lambda b: b["adstock_decay"].mean((1, 2)),
    "slope": lambda b: np.log(b["slope"]).mean((1, 2)),
    "half": lambda b: np.log(b["half_saturation"]).mean((1, 2)),
    "noise": MEASURES["noise"],
    "season": MEASURES["season"],
}
