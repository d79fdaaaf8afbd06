"""``wiener`` says so where its solves leave the mass of the posterior."""

from __future__ import annotations

import pytest
import torch

from mmm_benchmark.diffusion.inference import answer
from mmm_benchmark.diffusion.physics import posterior, volume
from mmm_benchmark.diffusion.physics.geos import geo_groups
from mmm_benchmark.diffusion.physics.wiener import Point, linearise, rest_covariance, with_base
from mmm_benchmark.diffusion.problem.state import PATH_SCALE
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_benchmark.testing import example_observed
from mmm_data_generator import generate_mmm_dataset


def test_slope_of_the_volume_is_its_derivative():
    observed, _ = answer.read(example_observed(geos=2, weeks=30))
    hyper = torch.tensor([[0.0, 1.0]])
    prior = posterior.prior_at(observed, hyper)
    pool = geo_groups(*observed.sales.shape[1:])
    fixed = with_base(rest_covariance(observed, prior, pool), prior)
    generator = torch.Generator().manual_seed(0)
    at = 0.3 * torch.randn(prior.scalar.shape, generator=generator)

    def system_at(scalar: torch.Tensor):
        return linearise(observed, prior, Point(scalar, prior.path, prior.base), fixed, pool)

    def half_log_det(scalar: torch.Tensor) -> float:
        J = system_at(scalar).J.flatten(1, 2).double()
        g, t = pool.shape[0], prior.base.shape[1]
        paths = (PATH_SCALE**2 * prior.path_cov).double().repeat(1, g, g)
        S = fixed.double() + (J @ J.mT) * paths
        assert S.shape[-1] == g * t
        return float(0.5 * torch.linalg.slogdet(S)[1])

    found = volume.volume_slope(system_at(at), prior, fixed)[0]
    step = 0.01
    for i in range(4 * observed.active.shape[1]):
        move = torch.zeros_like(at)
        move[0, i] = step
        right = (half_log_det(at + move) - half_log_det(at - move)) / (2 * step)
        assert float(found[i]) == pytest.approx(right, rel=0.02, abs=0.02), i


@pytest.mark.parametrize(
    ("dataset", "trusted"), [("small_business", True), ("time_varying", False)]
)
def test_the_record_tells_where_not_to_trust(dataset: str, trusted: bool):
    world = generate_mmm_dataset(dataset, seed=4)
    fit = Wiener(draws=16).fit(world.observed, Budget(), 1)
    assert fit.checks["solves_hold_the_mass"] is trusted
    assert any("do not use" in note for note in fit.notes) is not trusted
