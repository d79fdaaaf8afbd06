"""The response, the state and the Wiener solve, each against an independent computation."""

import numpy as np
import pytest
import torch
from worlds_for_tests import noisy, raw, small

from mmm_benchmark.diffusion.physics import wiener
from mmm_benchmark.diffusion.physics.geos import (
    GEO_BASE_SD,
    GEO_SHARE_SD,
    geo_deviations,
    geo_groups,
)
from mmm_benchmark.diffusion.physics.kernels import base_kernel
from mmm_benchmark.diffusion.physics.response import response
from mmm_benchmark.diffusion.problem.beliefs import with_beliefs
from mmm_benchmark.diffusion.problem.observed import UNSAID, scale_observed
from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    CONTROL_SCALE,
    PATH_SCALE,
    SHAPE_SCALE,
    Sizes,
    log_share,
)
from mmm_benchmark.diffusion.training.simulated import observed_and_truth


def test_flattening_and_cutting_are_inverse() -> None:
    flat = torch.arange(2 * Sizes(3, 2, 10).total).float().view(2, -1)
    assert torch.equal(Sizes(3, 2, 10).unflatten(flat).flat(), flat)


def test_the_true_state_reproduces_the_true_contributions() -> None:
    arrays = raw("time_varying", 4, n_weeks=104)
    observed, truth = observed_and_truth(arrays)
    relative, _, _ = response(observed, truth.state.shape)
    share = log_share(truth.state.path, truth.state.level, observed.channels).exp()
    found = (relative * share.mT[:, None])[:, 0]
    assert torch.allclose(found, truth.contribution, rtol=2e-3, atol=1e-4)
    known = arrays["contribution"].sum(-1).mean((1, 2)) / arrays["sales"].mean((1, 2))
    assert np.allclose(truth.contribution.sum(-1).mean(1), known, rtol=1e-5)


def test_units_of_money_and_spend_drop_out() -> None:
    arrays = raw("worlds", 3, n_geos=2)
    a, _ = observed_and_truth(arrays)
    b = scale_observed(
        torch.from_numpy(1000 * arrays["sales"]),
        torch.from_numpy(arrays["spend"] / np.array([7.0, 0.01, 300.0])),
        torch.from_numpy(arrays["controls"] * 12),
    )
    assert torch.allclose(a.sales, b.sales, rtol=1e-6)
    assert torch.allclose(a.lagged, b.lagged, rtol=1e-6)
    assert torch.allclose(a.controls, b.controls, rtol=1e-6)


def test_the_gradient_of_the_response_is_its_derivative() -> None:
    observed, _ = small("worlds")
    natural = torch.zeros(3, 3, 3)
    scale = torch.tensor(SHAPE_SCALE)
    _, gradient, _ = response(observed, natural / scale)
    for i in range(3):
        step = torch.zeros(3)
        step[i] = 1e-2
        up, down = (response(observed, (natural + s * step) / scale)[0] for s in (1, -1))
        assert torch.allclose((up - down) / 2e-2, gradient[..., i], atol=3e-3)


@pytest.mark.parametrize(("geos", "beliefs"), [(1, False), (3, False), (1, True)])
def test_one_solve_is_the_dense_gaussian_conditional(geos: int, beliefs: bool) -> None:
    """Stack all unknowns, differentiate the model numerically, condition by the textbook."""
    law = "time_varying" if geos == 1 else "worlds"
    observed, truth = small(law, 1, n_weeks=30, n_geos=geos, n_controls=1)
    if beliefs:
        drawn = np.random.default_rng(3).exponential(1, (2, 1, 3, 4))
        observed = with_beliefs(observed, *torch.from_numpy(drawn).float())
    state, alpha, sigma = noisy(observed, truth)
    prior = wiener.prior_given(observed, state, alpha, sigma)
    pool = geo_groups(geos, 30)
    rest = wiener.rest_covariance(observed, prior, pool)
    point = wiener.Point(prior.scalar, prior.path, prior.base)
    fixed = wiener.with_base(rest, prior)
    system = wiener.linearise(observed, prior, point, fixed, pool)
    shift, _ = wiener.conditional(system, prior, system.r)

    def model(scalar: torch.Tensor, path: torch.Tensor, base: torch.Tensor) -> torch.Tensor:
        level, shape, control = scalar.split([3, 9, 1])
        relative, _, _ = response(observed, shape.view(1, 3, 3))
        share = log_share(path.view(1, 3, 30), level[None], observed.channels).exp()
        y = (relative * share.mT[:, None]).sum(-1) + (BASE_MEAN + BASE_SCALE * base)
        return (y + observed.controls @ (CONTROL_SCALE * control)).flatten()

    at = (prior.scalar[0], prior.path[0].flatten(), prior.base[0])
    H = torch.cat(torch.autograd.functional.jacobian(model, at), 1).double()
    P = torch.block_diag(
        torch.diag(prior.variance[0]), *[prior.path_cov[0]] * 3, prior.base_cov[0]
    ).double()
    R = rest[0].double()
    if geos > 1:  # geos' own shares: independent over geos, constant over weeks
        J = H[:, 13:103] / PATH_SCALE
        own = torch.block_diag(*[torch.ones(30, 30, dtype=torch.float64)] * geos)
        same_week = torch.eye(30, dtype=torch.float64).repeat(geos, 1)
        Jc = torch.stack([(J[:, 30 * c : 30 * c + 30] * same_week).sum(1) for c in range(3)], 1)
        R = R + GEO_SHARE_SD**2 * (Jc @ Jc.T) * own
    r = observed.sales.flatten().double() - model(*at).double()
    dense = P @ H.T @ torch.linalg.solve(H @ P @ H.T + R, r)
    mine = torch.cat([shift.scalar[0], shift.path[0].flatten(), shift.base[0]]).double()
    assert torch.allclose(mine, dense, atol=2e-3 * float(dense.abs().max()))


def test_the_solve_trusts_a_state_that_is_nearly_clean() -> None:
    observed, truth = small("time_varying", 3, n_weeks=104)
    state, alpha, sigma = noisy(observed, truth, t=5)
    error = (wiener.solve(observed, state, alpha, sigma).mean.flat() - truth.state.flat()).abs()
    assert error.mean() < 0.03


def test_the_solve_uses_the_sales() -> None:
    observed, truth = small("time_varying", 8, n_weeks=104)
    state, alpha, sigma = noisy(observed, truth, t=300)
    solved = wiener.solve(observed, state, alpha, sigma).mean
    prior = wiener.prior_given(observed, state, alpha, sigma)
    assert (solved.path - truth.state.path).square().mean() < 0.95 * (
        prior.path - truth.state.path
    ).square().mean()
    fitted = wiener.solve(observed, state, alpha, sigma).misfit
    assert (fitted < 3).all()


def test_many_geos_are_averaged_in_groups() -> None:
    pool = geo_groups(50, 208)
    assert pool.shape == (3, 50)
    assert torch.allclose(pool.sum(1), torch.ones(3))
    assert torch.equal(geo_groups(3, 100), torch.eye(3))


def test_geo_deviations_have_their_gaussian_conditional() -> None:
    """The mean over many draws is the conditional mean by the textbook."""
    t, n = 20, 3000
    fitted = 0.1 + 0.2 * torch.rand(1, 1, t, 2, generator=torch.Generator().manual_seed(1))
    residual = (fitted @ torch.tensor([0.2, -0.1]))[..., :]
    many = [x.expand(n, *x.shape[1:]) for x in (residual, fitted)]
    noise, unsaid = torch.full((n,), 0.03), torch.full((n,), UNSAID)
    share, _ = geo_deviations(*many, noise, unsaid, torch.Generator().manual_seed(2))
    values, vectors = base_kernel(t)
    K = (vectors * values) @ vectors.T * (BASE_SCALE * GEO_BASE_SD) ** 2
    F, v = fitted[0, 0], GEO_SHARE_SD**2
    S = v * F @ F.T + K + 0.03**2 * torch.eye(t)
    expected = v * F.T @ torch.linalg.solve(S, residual[0, 0])
    assert torch.allclose(share.mean(0)[0], expected, atol=0.012)
