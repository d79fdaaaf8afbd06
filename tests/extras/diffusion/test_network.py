"""What the network must keep exactly: symmetry, units, masks, and where it starts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from worlds_for_tests import noisy, raw, small

from mmm_benchmark.diffusion.config import NetworkConfig, preset
from mmm_benchmark.diffusion.inference.projection import project
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.diffusion.physics import wiener
from mmm_benchmark.diffusion.problem.beliefs import draw_beliefs
from mmm_benchmark.diffusion.problem.state import State, log_share
from mmm_benchmark.diffusion.training.simulated import observed_and_truth

TINY = NetworkConfig(width_campaign=16, width_channel=16, layers_campaign=1, layers_channel=2)


def random_network(config: NetworkConfig = TINY) -> Denoiser:
    """A network with no layer at zero, as after training."""
    torch.manual_seed(0)
    network = Denoiser(config)
    for p in network.parameters():
        torch.nn.init.normal_(p, std=0.2)
    return network.eval()


def test_before_training_the_answer_is_the_wiener_solve() -> None:
    observed, truth = small("worlds", 4, n_geos=2)
    state, alpha, sigma = noisy(observed, truth)
    with torch.no_grad():
        guess = Denoiser(TINY)(state, alpha, sigma, observed).state
    solved = wiener.solve(observed, state, alpha, sigma).mean
    assert torch.allclose(guess.level, solved.level, atol=1e-6)
    assert torch.allclose(guess.base, solved.base, atol=1e-6)
    centred = solved.path - solved.path.mean(-1, keepdim=True)
    assert torch.allclose(guess.path - guess.path.mean(-1, keepdim=True), centred, atol=1e-5)


@pytest.mark.parametrize("physics", [True, False])
def test_permuting_channels_permutes_the_answer(physics: bool) -> None:
    observed, truth = small("worlds", 3, n_channels=4)
    state, alpha, sigma = noisy(observed, truth)
    order = torch.tensor([2, 0, 3, 1])
    observed = draw_beliefs(np.random.default_rng(1), observed, truth)
    assert (observed.certainty > 0).any()
    permuted = replace(
        observed,
        lagged=observed.lagged[:, :, :, order],
        active=observed.active[:, order],
        belief=observed.belief[:, order],
        certainty=observed.certainty[:, order],
        law=observed.law[:, order],
        said=observed.said[:, order],
    )
    moved = replace(
        state, path=state.path[:, order], level=state.level[:, order], shape=state.shape[:, order]
    )
    network = random_network(replace(TINY, physics=physics))
    with torch.no_grad():
        a = network(state, alpha, sigma, observed)
        b = network(moved, alpha, sigma, permuted)
    assert torch.allclose(a.state.path[:, order], b.state.path, atol=2e-4)
    assert torch.allclose(a.state.shape[:, order], b.state.shape, atol=2e-4)
    assert torch.allclose(a.state.base, b.state.base, atol=2e-4)
    assert torch.allclose(a.contribution[..., order], b.contribution, atol=2e-4)


def test_a_masked_channel_changes_nothing_else() -> None:
    observed, truth = small("time_varying", 2)
    state, alpha, sigma = noisy(observed, truth)

    def pad(x: torch.Tensor, dim: int) -> torch.Tensor:
        shape = list(x.shape)
        shape[dim] = 1
        return torch.cat([x, torch.zeros(shape, dtype=x.dtype)], dim)

    wider = replace(
        observed,
        lagged=pad(observed.lagged, 3),
        active=pad(observed.active, 1),
        belief=pad(observed.belief, 1),
        certainty=pad(observed.certainty, 1),
        law=pad(observed.law, 1),
        said=pad(observed.said, 1),
    )
    wide = replace(
        state, path=pad(state.path, 1), level=pad(state.level, 1), shape=pad(state.shape, 1)
    )
    network = random_network()
    with torch.no_grad():
        a = network(state, alpha, sigma, observed).state
        b = network(wide, alpha, sigma, wider).state
    assert torch.allclose(a.path, b.path[:, :3], atol=2e-4)
    assert torch.allclose(a.base, b.base, atol=2e-4)
    assert (b.level[:, 3] == 0).all()


def test_currency_and_spend_unit_change_nothing() -> None:
    arrays = raw("worlds", 3, n_geos=2)
    other = dict(arrays)
    for name in ("sales", "contribution", "coefficient", "baseline", "control_contribution"):
        other[name] = arrays[name] * 87.0
    other["noise"] = arrays["noise"] * 87.0
    other["spend"] = arrays["spend"] * 0.013
    network = random_network()
    answers = []
    for version in (arrays, other):
        observed, truth = observed_and_truth(version)
        state, alpha, sigma = noisy(observed, truth)
        with torch.no_grad():
            answers.append(network(state, alpha, sigma, observed).state.flat())
    assert torch.allclose(*answers, atol=5e-4)


@pytest.mark.parametrize(
    "shape",
    [
        {"n_channels": 1, "n_controls": 0, "n_weeks": 52},
        {"n_channels": 30, "n_controls": 10, "n_weeks": 61},
        {"n_channels": 3, "n_controls": 1, "n_weeks": 260},
    ],
)
def test_every_size_is_answered(shape: dict[str, int]) -> None:
    observed, truth = small("worlds", 1, **shape)
    state, alpha, sigma = noisy(observed, truth)
    with torch.no_grad():
        guess = random_network()(state, alpha, sigma, observed)
    assert guess.state.flat().shape == truth.state.flat().shape
    assert torch.isfinite(guess.state.flat()).all()


@pytest.mark.parametrize("name", ["v1", "v2"])
def test_the_older_recipes_build_and_answer(name: str) -> None:
    config = preset(name)
    observed, truth = small("time_varying", 1, n_weeks=16)
    state, alpha, sigma = noisy(observed, truth)
    with torch.no_grad():
        guess = Denoiser(config.network)(state, alpha, sigma, observed)
    assert torch.isfinite(guess.state.flat()).all()
    assert not config.network.physics


def test_projection_is_idempotent_and_respects_its_bounds() -> None:
    observed, truth = small("time_varying", 3)
    wild = State(*(4 * getattr(truth.state, n) + 3 for n in State.__annotations__))
    once = project(wild, observed.channels, observed.active)
    twice = project(once, observed.channels, observed.active)
    assert torch.allclose(once.flat(), twice.flat(), atol=1e-4)
    share = log_share(once.path, once.level, observed.channels).exp()
    assert (share > 0).all()
    assert (share.mean(-1).sum(-1) < 0.981).all()
    assert once.path.mean(-1).abs().max() < 1e-4
    mild = project(truth.state, observed.channels, observed.active)
    assert torch.allclose(mild.flat(), truth.state.flat(), atol=1e-5)
