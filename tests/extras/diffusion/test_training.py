"""Losses aim at the posterior mean; training is resumable and determined by its seed."""

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from worlds_for_tests import small

from mmm_benchmark.diffusion.config import (
    DiffusionConfig,
    LossWeights,
    NetworkConfig,
    TrainingConfig,
    from_json,
    preset,
)
from mmm_benchmark.diffusion.inference import checkpoint
from mmm_benchmark.diffusion.network.denoiser import Denoised
from mmm_benchmark.diffusion.problem.state import State
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.diffusion.training import trainer as training
from mmm_benchmark.diffusion.training import worlds
from mmm_benchmark.diffusion.training.losses import NAMES, losses, total
from mmm_benchmark.errors import UserError

TINY = DiffusionConfig(
    name="tiny",
    network=NetworkConfig(width_campaign=16, width_channel=16, layers_campaign=1, layers_channel=1),
    training=TrainingConfig(
        steps=4, tokens=60, save_every=2, warmup=2, prior="time_varying", range_worlds=30
    ),
)
CPU = torch.device("cpu")


def gradient(weights: LossWeights, name: str) -> tuple[float, float]:
    """Size of a term's gradient at the mean of two equally likely truths, and at one of them."""
    observed, truth = small("time_varying", 1, n_weeks=32)
    generator = torch.Generator().manual_seed(4)
    delta = {
        n: 0.3 * torch.randn(getattr(truth.state, n).shape, generator=generator)
        for n in State.__annotations__
    }
    shift = 0.02 * torch.randn(truth.contribution.shape, generator=generator)

    def world(sign: float) -> Truth:
        state = State(*(getattr(truth.state, n) + sign * d for n, d in delta.items()))
        contribution = truth.contribution + sign * shift
        expected = truth.expected + sign * shift.sum(-1)
        return Truth(state, contribution, expected)

    def size(signs: tuple[float, ...]) -> float:
        at = world(0.0 if len(signs) == 2 else -signs[0])
        flat = [getattr(at.state, n).clone().requires_grad_() for n in State.__annotations__]
        heads = [at.contribution.clone().requires_grad_(), at.contribution.sum(-1).requires_grad_()]
        guess = Denoised(State(*flat), *heads)
        alpha = sigma = torch.full((1,), 0.5**0.5)
        loss = sum(losses(guess, world(s), observed, alpha, sigma, weights)[name] for s in signs)
        assert isinstance(loss, torch.Tensor)
        grads = torch.autograd.grad(loss, [*flat, *heads], allow_unused=True)
        return float(sum(g.abs().sum() for g in grads if g is not None))

    return size((1.0, -1.0)), size((1.0,))


@pytest.mark.parametrize("name", ["campaign", "channel", "spectral", "temporal", "contribution"])
def test_quadratic_losses_are_least_at_the_posterior_mean(name: str) -> None:
    at_mean, away = gradient(LossWeights(), name)
    assert at_mean < 1e-3 * away


def test_the_log_magnitude_spectral_loss_is_not_proper() -> None:
    at_mean, away = gradient(LossWeights(gated=False), "spectral")
    assert at_mean > 0.2 * away


def test_sales_and_contribution_ramp_in_after_a_quarter() -> None:
    terms = {name: torch.tensor(1.0) for name in NAMES}
    w = LossWeights()
    always = w.campaign + w.channel + w.spectral + w.temporal + w.sign
    assert float(total(terms, w, 0.0)) == pytest.approx(always)
    assert float(total(terms, w, 0.25)) == pytest.approx(always)
    assert float(total(terms, w, 0.625)) == pytest.approx(always + 0.2)
    assert float(total(terms, w, 1.0)) == pytest.approx(always + 0.4)


def test_the_card_s_weights() -> None:
    w = preset("v2").losses
    assert (w.campaign, w.channel, w.spectral, w.temporal) == (1.0, 2.0, 0.5, 0.1)
    assert (w.sales, w.contribution, w.sign) == (0.2, 0.2, 0.01)
    assert preset("v1").losses.sales == 0


def weights(folder: Path) -> bytes:
    return (folder / "checkpoint" / checkpoint.WEIGHTS).read_bytes()


def test_training_is_determined_by_its_seed_and_resumes_where_it_was(tmp_path: Path) -> None:
    quiet = {"report": lambda _: None}
    training.train(TINY, tmp_path / "whole", CPU, **quiet)
    training.train(TINY, tmp_path / "again", CPU, **quiet)
    assert weights(tmp_path / "whole") == weights(tmp_path / "again")

    trainer = training.Trainer(TINY, tmp_path / "cut", CPU)
    for _ in range(2):
        trainer.step(trainer.progress.step / TINY.training.steps)
    trainer.save()
    trainer.step(0.5)  # lost: the kill comes before the next save
    training.train(TINY, tmp_path / "cut", CPU, resume=True, **quiet)
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")

    other = replace(TINY, training=replace(TINY.training, seed=7))
    training.train(other, tmp_path / "other", CPU, **quiet)
    assert weights(tmp_path / "other") != weights(tmp_path / "whole")


def test_training_starts_from_another_checkpoint_and_says_so(tmp_path: Path) -> None:
    quiet = {"report": lambda _: None}
    first = training.train(TINY, tmp_path / "first", CPU, **quiet)
    second = replace(TINY, training=replace(TINY.training, seed=7))
    trainer = training.Trainer(second, tmp_path / "second", CPU)
    trainer.start_from(first)
    network, _, record = checkpoint.load(first)
    for name, value in network.state_dict().items():
        assert torch.equal(trainer.network.state_dict()[name], value)
        assert torch.equal(trainer.average.state_dict()[name], value)
    done = training.train(second, tmp_path / "second", CPU, start_from=first, **quiet)
    assert checkpoint.load(done)[2]["started_from"] == record["sha256"]
    assert weights(tmp_path / "second") != weights(tmp_path / "first")

    wider = replace(TINY, network=replace(TINY.network, width_channel=32))
    with pytest.raises(UserError, match="other sizes"):
        training.train(wider, tmp_path / "wider", CPU, start_from=first, **quiet)


def test_batches_follow_the_chances_of_the_training_prior() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(worlds.draw_law(rng, "worlds and published") for _ in range(4000))
    assert set(drawn) == {("time_varying", True), ("worlds", False), ("published", False)}
    assert drawn["time_varying", True] / 4000 == pytest.approx(0.25, abs=0.03)
    assert drawn["published", False] / 4000 == pytest.approx(0.6, abs=0.03)
    assert worlds.draw_law(rng, "time_varying_v1") == ("time_varying_v1", True)


def test_every_loss_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "LOG_EVERY", 2)
    training.train(TINY, tmp_path, CPU, report=lambda _: None)
    with (tmp_path / training.HISTORY).open() as file:
        lines = list(csv.DictReader(file))
    assert [line["step"] for line in lines] == ["2", "4"]

    progress = json.loads((tmp_path / "progress.json").read_text())
    (tmp_path / "progress.json").write_text(json.dumps({**progress, "step": 2}))
    training.train(TINY, tmp_path, CPU, resume=True, report=lambda _: None)
    with (tmp_path / training.HISTORY).open() as file:
        assert [line["step"] for line in csv.DictReader(file)] == ["2", "4"]
    assert {*NAMES, "total", "learning_rate", "worlds"} <= set(lines[0])


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    trainer = training.Trainer(TINY, tmp_path, CPU)
    trainer.step(0.0)
    trainer.save()
    network, config, record = checkpoint.load(tmp_path / "checkpoint")
    assert config == TINY
    assert record["step"] == 1
    for name, value in trainer.average.state_dict().items():
        assert torch.equal(value, network.state_dict()[name])
    assert not list(tmp_path.rglob("*.pt")), "no pickle"


def test_configurations_round_trip_and_refuse_what_they_do_not_know() -> None:
    config = preset("v2")
    assert from_json(json.loads(json.dumps(config.to_json()))) == config
    with pytest.raises(UserError, match="unknown field 'wings'"):
        from_json({"network": {"wings": 2}})
    with pytest.raises(
        UserError, match="one of: ours, ours-published, ours-believing, ours-prior-first, v1, v2"
    ):
        preset("v3")
