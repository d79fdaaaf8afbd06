"""Whether effects move and the baseline wanders: said, heeded, learnt."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from worlds_for_tests import noisy, small

from mmm_benchmark.diffusion.config import DiffusionConfig, NetworkConfig, TrainingConfig
from mmm_benchmark.diffusion.inference.answer import read
from mmm_benchmark.diffusion.inference.prior import heed_prior, left_out
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.diffusion.physics import kernels, posterior, wiener
from mmm_benchmark.diffusion.physics.geos import geo_base
from mmm_benchmark.diffusion.problem.observed import UNSAID, Observed
from mmm_benchmark.diffusion.problem.state import BASE_SCALE, LIMIT, MIN_VOLATILITY, natural_hyper
from mmm_benchmark.diffusion.problem.structure import STILL, with_structure
from mmm_benchmark.diffusion.training import drawn_structure, trainer
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_benchmark.priors.prior import prior_of
from mmm_data_generator import generate_mmm_dataset

CALM = {"base": "neutral", "effects_move": False, "baseline_wanders": False}
TINY = DiffusionConfig(
    name="tiny",
    network=NetworkConfig(
        width_campaign=16, width_channel=16, layers_campaign=1, layers_channel=1, beliefs=True
    ),
    training=TrainingConfig(steps=2, tokens=60, warmup=1, prior="time_varying", range_worlds=30),
)


@pytest.fixture(scope="module")
def observed() -> xr.Dataset:
    return generate_mmm_dataset("growing_business", seed=3).observed


def mixed(observed: Observed) -> Observed:
    """One world of each kind, and one of which nothing is said."""
    said = torch.tensor([0.0, 1.0, UNSAID])
    return replace(observed, moves=said, wanders=said.flip(0))


def test_a_baseline_that_does_not_wander_is_level_line_and_two_waves() -> None:
    calm, _ = kernels.base_kernel(150, wanders=False)
    wandering, _ = kernels.base_kernel(150)
    assert int((calm > 1e-5).sum()) == 6
    assert int((wandering > 1e-5).sum()) == 150
    root = kernels.base_root(60, wanders=False)
    assert torch.allclose(
        root @ root.T, kernels.base_covariance(60, 29.5, wanders=False).float(), atol=1e-5
    )


def test_worlds_of_all_kinds_stand_side_by_side() -> None:
    """Each as if it stood alone."""
    world, truth = small("worlds", 3, n_geos=2)
    state, alpha, sigma = noisy(world, truth)
    together = wiener.solve(mixed(world), state, alpha, sigma)
    for i, (moves, wanders) in enumerate([(False, None), (True, True), (None, False)]):
        one = with_structure(world.take(slice(i, i + 1)), moves, wanders)
        own = one.sizes.unflatten(state.flat()[i : i + 1])
        alone = wiener.solve(one, own, alpha[i : i + 1], sigma[i : i + 1])
        assert torch.allclose(alone.mean.flat()[0], together.mean.flat()[i], atol=2e-3)
    assert geo_base(mixed(world).wanders, 40).shape == (3, 40, 40)
    assert geo_base(world.wanders, 40).shape == (40, 40)


def test_what_is_not_said_or_is_true_leaves_the_law_of_the_model() -> None:
    world, truth = small("worlds", 2)
    state, alpha, sigma = noisy(world, truth)
    usual = wiener.solve(world, state, alpha, sigma).mean.flat()
    both = wiener.solve(with_structure(world, True, True), state, alpha, sigma)
    assert torch.equal(both.mean.flat(), usual)


def test_effects_known_to_stay_have_no_paths() -> None:
    world, truth = small("worlds", 2)
    state, alpha, sigma = noisy(world, truth)
    told = with_structure(world, False, False)
    prior = wiener.prior_given(told, state, alpha, sigma)
    assert torch.equal(prior.path_cov, torch.zeros_like(prior.path_cov))
    assert float(prior.hyper[0, 1]) == pytest.approx(STILL)
    _, volatility = natural_hyper(torch.tensor([[0.0, STILL]]))
    assert float(volatility) == pytest.approx(MIN_VOLATILITY, rel=1e-4)
    drawn = posterior.prior_states(told.take(slice(0, 1)), 50, 1)
    assert (drawn.path == 0).all()
    grid = posterior.solved_grid(told.take(slice(0, 1)))
    assert len(grid.hyper) == posterior.GRID
    own = posterior.posterior_draws(told.take(slice(0, 1)), 20, 1, grid)
    assert (own.path == 0).all()


def test_a_calm_baseline_is_drawn_calm() -> None:
    """Drawn before sales are seen: nothing is left of it beside a level, a line and two waves."""
    world, _ = small("worlds", 1, n_weeks=120)
    t = torch.arange(120)[:, None] * 2 * np.pi / (365.25 / 7)
    trend = torch.linspace(-1, 1, 120)[:, None]
    columns = [torch.ones(120, 1), trend, t.sin(), t.cos(), (2 * t).sin(), (2 * t).cos()]
    basis, _ = torch.linalg.qr(torch.cat(columns, 1).double())
    for wanders, low, high in ((False, 0.0, 0.02), (None, 0.1, 0.3)):
        base = posterior.prior_states(with_structure(world, None, wanders), 200, 2).base.double()
        left = base - base @ basis @ basis.T
        assert low <= float(left.square().mean().sqrt()) <= high


def test_a_prior_says_it(observed: xr.Dataset) -> None:
    scaled, _ = read(observed)
    assert (scaled.moves == UNSAID).all()
    assert (heed_prior(prior_of("neutral"), observed, scaled).wanders == UNSAID).all()
    told = heed_prior(prior_of(CALM), observed, scaled)
    assert (told.moves == 0).all()
    assert (told.wanders == 0).all()
    assert "effects stay, the baseline does not wander" in left_out(prior_of(CALM))[0]
    assert "effects may move" in left_out(prior_of("neutral"))[0]


@pytest.mark.parametrize("fitter", [Wiener, Diffusion])
def test_it_enters_the_key_only_where_it_is_said(fitter: Any) -> None:
    assert "structure" not in fitter().settings()
    assert "structure" not in fitter(prior="neutral").settings()
    said = fitter(prior="published").settings()["structure"]
    assert said == {"effects_move": False, "baseline_wanders": False}


@pytest.mark.parametrize("fitter", [Wiener, Diffusion])
def test_effects_stay_in_an_answer_that_was_told_so(fitter: Any, observed: xr.Dataset) -> None:
    quick = {} if fitter is Wiener else {"sampler": "dpm", "steps": 4}
    fit = fitter(prior=CALM, draws=24, **quick).fit(observed, Budget(), 1)
    coefficient = fit.posterior["coefficient"].values
    assert np.ptp(coefficient, axis=-2).max() <= 1e-5 * np.abs(coefficient).max()
    assert any("effects stay, the baseline does not wander" in note for note in fit.notes)


def test_training_worlds_say_what_they_are() -> None:
    rng = np.random.default_rng(4)
    world, truth = small("worlds", 400, n_weeks=40)
    told, other = drawn_structure.draw_structure(rng, world, truth)
    moved = truth.state.hyper[:, 1] > STILL + 0.01
    # 15% of this law's worlds are time_varying; of the others half move
    assert float(moved.float().mean()) == pytest.approx(0.575, abs=0.1)
    assert (told.moves[told.moves != UNSAID] == moved[told.moves != UNSAID].float()).all()
    added = told.sales - world.sales
    wanders = (added != 0).flatten(1).any(1)
    assert (told.wanders[told.wanders != UNSAID] == wanders[told.wanders != UNSAID].float()).all()
    # binomial: 400 worlds, four standard deviations
    for found, chance in (
        ((told.moves != UNSAID).float().mean(), drawn_structure.SAID),
        ((told.wanders != UNSAID).float().mean(), drawn_structure.SAID),
        (wanders.float().mean(), drawn_structure.WANDERING),
    ):
        assert float(found) == pytest.approx(chance, abs=4 * (chance * (1 - chance) / 400) ** 0.5)
    # mean sales stay the unit; what was added is in the baseline and in expected sales
    assert torch.allclose(added.mean(-1), torch.zeros(()), atol=1e-5)
    inside = (other.state.base.abs() < LIMIT) & (truth.state.base.abs() < LIMIT)
    apart = (other.state.base - truth.state.base) * BASE_SCALE - added[:, 0]
    assert float(apart[inside].abs().max()) < 1e-4
    assert torch.allclose(other.expected - truth.expected, added[:, 0], atol=1e-5)
    size = added[wanders].square().mean((1, 2)).sqrt()
    assert float(size.max()) < 2.5 * drawn_structure.SD[1]


def test_geos_share_most_of_a_wander() -> None:
    world, truth = small("worlds", 200, n_weeks=40, n_geos=2)
    every = np.ones(200, bool)
    other, _ = drawn_structure.wandering(np.random.default_rng(1), world, truth, every)
    added = (other.sales - world.sales).numpy()
    each = [np.corrcoef(a)[0, 1] for a in added]
    assert np.mean(each) == pytest.approx(1 / (1 + drawn_structure.GEO**2), abs=0.1)


def test_a_network_that_learns_it_begins_as_the_one_before(tmp_path: Path) -> None:
    """What it reads beside starts at weight zero."""
    cpu = torch.device("cpu")
    first = trainer.train(TINY, tmp_path / "first", cpu, report=lambda _: None)
    wide = replace(TINY, network=replace(TINY.network, structure=True))
    second = trainer.Trainer(wide, tmp_path / "second", cpu)
    second.start_from(first)
    before = trainer.Trainer(TINY, tmp_path / "third", cpu)
    before.start_from(first)
    world, truth = small("worlds", 3)
    given = (*noisy(world, truth), mixed(world))
    with torch.no_grad():
        found = [each.average.eval()(*given).state.flat() for each in (second, before)]
    assert torch.allclose(*found, atol=1e-5)
    second.step(0.0)


def test_a_network_says_no_path_where_effects_stay() -> None:
    torch.manual_seed(0)
    network = Denoiser(replace(TINY.network, structure=True)).eval()
    for each in network.parameters():
        torch.nn.init.normal_(each, std=0.2)
    world, truth = small("worlds", 3)
    with torch.no_grad():
        path = network(*noisy(world, truth), mixed(world)).state.path
    assert (path[0] == 0).all()
    assert (path[1:] != 0).any()
