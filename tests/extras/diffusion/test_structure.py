"""Whether effects move and the baseline wanders: said, and heeded."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from worlds_for_tests import noisy, small

from mmm_benchmark.diffusion.config import NetworkConfig
from mmm_benchmark.diffusion.inference.answer import read
from mmm_benchmark.diffusion.inference.prior import heed_prior, left_out
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.diffusion.physics import kernels, posterior, wiener
from mmm_benchmark.diffusion.physics.geos import geo_base
from mmm_benchmark.diffusion.problem.observed import UNSAID, Observed
from mmm_benchmark.diffusion.problem.state import MIN_VOLATILITY, natural_hyper
from mmm_benchmark.diffusion.problem.structure import STILL, with_structure
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_benchmark.priors.prior import prior_of
from mmm_data_generator import generate_mmm_dataset

CALM = {"base": "neutral", "effects_move": False, "baseline_wanders": False}
TINY = NetworkConfig(width_campaign=16, width_channel=16, layers_campaign=1, layers_channel=1)


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
def test_effects_stay_in_an_answer_that_was_told_so(fitter: Any, observed: xr.Dataset) -> None:
    quick = {} if fitter is Wiener else {"sampler": "dpm", "steps": 4}
    fit = fitter(prior=CALM, draws=24, **quick).fit(observed, Budget(), 1)
    coefficient = fit.posterior["coefficient"].values
    assert np.ptp(coefficient, axis=-2).max() <= 1e-5 * np.abs(coefficient).max()
    assert any("effects stay, the baseline does not wander" in note for note in fit.notes)


def test_a_network_says_no_path_where_effects_stay() -> None:
    torch.manual_seed(0)
    network = Denoiser(TINY).eval()
    for each in network.parameters():
        torch.nn.init.normal_(each, std=0.2)
    world, truth = small("worlds", 3)
    with torch.no_grad():
        path = network(*noisy(world, truth), mixed(world)).state.path
    assert (path[0] == 0).all()
    assert (path[1:] != 0).any()
