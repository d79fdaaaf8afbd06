"""Worlds drawn from a prior that was stated first, and a network that reads it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from worlds_for_tests import noisy, small

from mmm_benchmark.diffusion.config import PRESETS, DiffusionConfig, NetworkConfig, TrainingConfig
from mmm_benchmark.diffusion.inference import checkpoint
from mmm_benchmark.diffusion.inference.answer import read
from mmm_benchmark.diffusion.inference.prior import heed_prior
from mmm_benchmark.diffusion.problem.beliefs import expected, within_training
from mmm_benchmark.diffusion.problem.laws import with_laws, without_laws
from mmm_benchmark.diffusion.problem.observed import LEVELS
from mmm_benchmark.diffusion.problem.schedule import cosine_schedule
from mmm_benchmark.diffusion.problem.state import SHAPE_MEAN, SHAPE_SCALE
from mmm_benchmark.diffusion.training import kept, prior_first, published_stated, validation, worlds
from mmm_benchmark.diffusion.training import trainer as training
from mmm_benchmark.diffusion.training.drawn_priors import Stated, draw_prior
from mmm_benchmark.priors.laws import Law, fixed, lognormal, uniform
from mmm_benchmark.priors.prior import NAMED, ChannelPrior, prior_of
from mmm_data_generator import generate_mmm_dataset

TINY = DiffusionConfig(
    name="tiny",
    network=NetworkConfig(
        width_campaign=16, width_channel=16, layers_campaign=1, layers_channel=1, beliefs=True
    ),
    training=TrainingConfig(steps=2, tokens=60, warmup=1, prior="time_varying", range_worlds=30),
)
CPU = torch.device("cpu")
QUIET: dict[str, Any] = {"report": lambda _: None}
NARROW = ChannelPrior(
    "share",
    lognormal(np.log(0.08), 0.1),
    uniform(0.5, 0.6),
    Law("lognormal", (0.0, 0.2), of="max"),
    fixed(1.0),
)


@pytest.fixture
def told_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every prior that is drawn is the narrow one."""
    monkeypatch.setattr(
        prior_first, "draw_prior", lambda rng, channels: Stated(NARROW, (True,) * 4)
    )


@pytest.mark.usefixtures("told_narrow")
def test_worlds_are_drawn_from_the_prior_that_is_stated() -> None:
    observed, truth = prior_first.draw(np.random.default_rng(3), 200, 4, 1, 60, 1)
    value = torch.cat([truth.state.level[..., None], truth.state.shape], -1)
    for quantity in range(3):  # the slope is known
        below = (value[..., quantity, None] < observed.law[..., quantity, :]).float().mean((0, 1))
        assert below.numpy() == pytest.approx(LEVELS, abs=0.06)
    assert torch.allclose(value[..., 3], observed.law[..., 3, 3], atol=1e-3)
    assert (observed.said[..., :4] == 1).all()
    assert (observed.said[..., 4] == 0).all()
    share = truth.contribution.sum(1) / truth.expected.sum(1)[:, None]
    assert float(share.log().mean()) == pytest.approx(np.log(0.08), abs=0.03)


def test_what_is_tied_to_the_curve_is_told_as_the_share_it_implies() -> None:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(6):
        observed, truth = prior_first.draw(rng, 20, 3, 1, 60, 1)
        within = observed.law[..., 0, 4] > observed.law[..., 0, 2]  # not all cut to the limit
        tied = (observed.said[..., 4] > 0) & within
        z = (truth.state.level - observed.law[..., 0, 3])[tied]
        found.append(z / (observed.law[..., 0, 4] - observed.law[..., 0, 2])[tied])
    z = torch.cat(found)
    assert len(z) > 30
    assert abs(float(z.median())) < 0.4  # in quartile ranges; a total above all sales is cut


def as_dataset(arrays: dict[str, Any]) -> xr.Dataset:
    """The first world of a batch of three channels."""
    dims = {"sales": ("geo", "date"), "spend": ("geo", "date", "channel")}
    dataset = xr.Dataset(
        {name: (dims[name], arrays[name][0]) for name in dims}, coords={"channel": ["a", "b", "c"]}
    )
    dataset["controls"] = (("geo", "date", "control"), arrays["controls"][0])
    return dataset


@pytest.mark.usefixtures("told_narrow")
def test_training_states_what_a_user_states() -> None:
    """The same world, told by the code of training and by that of ``--prior``."""
    rng = np.random.default_rng(8)
    arrays, told = prior_first.draw_arrays(rng, 1, 3, 1, 60, 2)
    dataset = as_dataset(arrays)
    said = {"*": {"share": {"lognormal": [float(np.log(0.08)), 0.1]},
                  "adstock_decay": {"uniform": [0.5, 0.6]}, "slope": 1.0,
                  "half_saturation": {"lognormal": [0.0, 0.2], "of": "max"}}}  # fmt: skip
    scaled = read(dataset)[0]
    theirs, ours = heed_prior(prior_of(said), dataset, scaled), with_laws(scaled, *told)
    assert torch.allclose(theirs.law, ours.law, atol=1e-3)
    assert torch.equal(theirs.said, ours.said)
    for a, b in zip(expected(theirs), expected(ours), strict=True):
        assert torch.allclose(a, b, atol=1e-3)


@pytest.mark.parametrize("geos", [1, 2])
def test_the_published_law_is_told_as_the_command_line_tells_it(geos: int) -> None:
    rng = np.random.default_rng(8)
    arrays, told = published_stated.draw_arrays(rng, 1, 3, 1, 60, geos)
    dataset = as_dataset(arrays)
    scaled = read(dataset)[0]
    theirs, ours = heed_prior(prior_of("published"), dataset, scaled), with_laws(scaled, *told)
    assert torch.allclose(theirs.law, ours.law, atol=2e-3)
    assert torch.equal(theirs.said, ours.said)
    for a, b in zip(expected(theirs), expected(ours), strict=True):
        assert torch.allclose(a, b, atol=1e-3)


def test_worlds_of_the_published_law_have_what_is_told_of_them() -> None:
    observed, truth = published_stated.draw(np.random.default_rng(3), 300, 5, 2, 60, 1)
    value = torch.cat([truth.state.level[..., None], truth.state.shape], -1)
    below = (value[..., None] < observed.law).float().mean((0, 1)).numpy()
    assert below[:3] == pytest.approx(np.tile(LEVELS, (3, 1)), abs=0.04)
    straight = 1 / 3  # of the slopes are 1, which is a quantile
    assert below[3] == pytest.approx(np.array(LEVELS), abs=straight)
    media = truth.contribution.sum((1, 2)) / truth.expected.sum(1)
    assert float(media.mean()) == pytest.approx(0.4, abs=4 * 0.2 / 300**0.5)  # Beta(2, 3)
    assert (observed.sales > 0).all()


def test_half_of_the_worlds_have_their_prior_first() -> None:
    rng = np.random.default_rng(0)
    laws = [worlds.draw_law(rng, "prior first")[0] for _ in range(2000)]
    assert laws.count(worlds.STATED) / 2000 == pytest.approx(0.3375, abs=0.03)
    assert laws.count(worlds.WHOLE) / 2000 == pytest.approx(0.225, abs=0.03)
    kinds = [draw_prior(rng, 4) for _ in range(400)]
    named = [kind.prior in [prior.every for prior in NAMED.values()] for kind in kinds]
    assert np.mean(named) == pytest.approx(0.4, abs=0.08)
    assert 0.15 < np.mean([not all(kind.said) for kind in kinds]) < 0.35


def test_nothing_is_lost_when_a_network_learns_to_read_priors(tmp_path: Path) -> None:
    """At step 0 the shipped weights answer as they did, told a prior or not."""
    config = PRESETS["ours-prior-first"]
    trainer = training.Trainer(config, tmp_path, CPU)
    shipped, _, record = checkpoint.load()
    trainer.start_from(checkpoint.SHIPPED)
    assert trainer.progress.started_from == record["sha256"]
    observed, truth = small("worlds", 2)
    state, alpha, sigma = noisy(observed, truth)
    told, _ = prior_first.draw(np.random.default_rng(1), 2, 3, 2, 40, 1)
    for world in (observed, without_laws(told), told):
        noise = world.sizes.unflatten(state.flat()[: len(world.sales)])
        size = len(world.sales)
        with torch.no_grad():
            before = shipped(noise, alpha[:size], sigma[:size], world).state.flat()
            after = trainer.network(noise, alpha[:size], sigma[:size], world).state.flat()
        assert torch.allclose(before, after, atol=1e-4)  # sums in another order


def test_a_trained_reader_heeds_the_shape_of_a_prior(tmp_path: Path) -> None:
    """Two priors of one mean and variance but other quantiles give other answers, if read."""
    config = replace(TINY, network=replace(TINY.network, priors=True))
    trainer = training.Trainer(config, tmp_path, CPU)
    told, truth = prior_first.draw(np.random.default_rng(1), 2, 3, 2, 40, 1)
    state, alpha, sigma = noisy(told, truth)
    skewed = replace(told, law=told.law + 0.5 * (told.law > 0))
    with torch.no_grad():
        trainer.network.out_channel.weight.normal_()
        answers = [
            trainer.network(state, alpha[:2], sigma[:2], world).state.shape
            for world in (told, skewed)
        ]
    assert not torch.allclose(*answers)


def test_quantiles_say_more_than_moments() -> None:
    observed = generate_mmm_dataset("small_business", seed=3).observed
    scaled = read(observed)[0]
    told = heed_prior(prior_of({"*": {"slope": {"uniform": [0.5, 3.0]}}}), observed, scaled)
    quantiles = told.law[0, 0, 3] * SHAPE_SCALE[2] + SHAPE_MEAN[2]
    right = np.log(0.5 + 2.5 * np.array(LEVELS))
    assert quantiles.numpy() == pytest.approx(right, abs=0.01)
    assert (read(observed)[0].said == 0).all()
    assert torch.equal(without_laws(told).certainty, told.certainty)


def test_a_network_that_reads_priors_is_told_wide_ones_whole() -> None:
    told, _ = prior_first.draw(np.random.default_rng(1), 4, 3, 1, 40, 1)
    wide = with_laws(
        told, told.law, torch.zeros(4, 3, 4), torch.full((4, 3, 4), 3.0), torch.ones(4, 3, 5)
    )
    assert within_training(wide)[1] == 48
    kept_whole, cut = within_training(wide, priors=True)
    assert cut == 0
    assert torch.allclose(expected(kept_whole)[1], torch.tensor(3.0))
    assert torch.equal(kept_whole.law, wide.law)


def test_a_packed_training_goes_on(tmp_path: Path) -> None:
    config = replace(TINY, training=replace(TINY.training, steps=4))
    training.train(config, tmp_path / "half", CPU, until=2, **QUIET)
    kept.pack(tmp_path / "half", tmp_path / "packed")
    size = [(tmp_path / f / kept.STATE).stat().st_size for f in ("packed", "half")]
    assert size[0] < 0.6 * size[1]
    done = training.train(config, tmp_path / "packed", CPU, resume=True, **QUIET)
    straight = training.train(config, tmp_path / "straight", CPU, **QUIET)
    assert checkpoint.load(done)[2]["step"] == 4
    a, b = (checkpoint.load(each)[0].state_dict() for each in (done, straight))
    assert all(torch.allclose(a[name], b[name], atol=1e-3) for name in a)
    assert any(not torch.equal(a[name], b[name]) for name in a), "moments lose digits"
    progress = json.loads((tmp_path / "packed" / kept.PROGRESS).read_text())
    assert progress["core_seconds"] > 0


def test_a_training_looks_at_worlds_it_never_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "validation_set", lambda count: [])
    monkeypatch.setattr(
        validation, "validate", lambda *_: {validation.TOLD: validation.Scores(*[np.ones(2)] * 3)}
    )
    config = replace(TINY, training=replace(TINY.training, validate_every=1))
    training.train(config, tmp_path, CPU, **QUIET)
    lines = (tmp_path / training.VALIDATION).read_text().splitlines()
    assert lines[0].startswith("step,worlds,core_seconds,")
    assert '"crps, told its prior"' in lines[0]
    assert [line.split(",")[0] for line in lines[1:]] == ["0", "1", "2"]


def test_validation_asks_the_same_worlds_every_time() -> None:
    first, again = (validation.validation_set(2) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert a.way == b.way
        assert torch.equal(a.observed.sales, b.observed.sales)
    told = [each for each in first if each.way == validation.TOLD]
    untold = [each for each in first if each.way == validation.UNTOLD]
    assert all(bool(each.observed.said.any()) for each in told)
    assert not any(bool(each.observed.certainty.any()) for each in untold)
    network = training.Trainer(TINY, Path(), CPU).network
    found = validation.validate(network, cosine_schedule(), first[:1], 8)
    row = validation.summary(found)
    assert 0 <= row["90% hold, told its prior"] <= 1
    assert row["crps, told its prior"] > 0


def test_crps_and_coverage_of_a_known_forecast() -> None:
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((400, 1, 1))
    found = validation.scores(rng.standard_normal((400, 64, 1, 1)), truth + 0.0)
    off = found.crps * np.maximum(truth[:, 0, 0], 1e-9)
    assert off.mean() == pytest.approx(1 / np.sqrt(np.pi), abs=0.05)  # of a standard normal
    assert found.held_90.mean() == pytest.approx(0.9, abs=0.06)
