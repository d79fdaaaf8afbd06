"""``wiener`` says so where its solves leave the mass of the posterior."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmm_benchmark.diffusion.inference import answer
from mmm_benchmark.diffusion.physics import marginal, posterior, volume
from mmm_benchmark.diffusion.physics.geos import geo_groups
from mmm_benchmark.diffusion.physics.wiener import Point, linearise, rest_covariance, with_base
from mmm_benchmark.diffusion.problem.state import PATH_SCALE
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common import importance
from mmm_benchmark.fitters.diffusion import wiener
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_benchmark.testing import example_observed


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


def test_solves_that_hold_the_mass_answer_alone(monkeypatch) -> None:
    observed = example_observed(geos=1, weeks=40)
    monkeypatch.setattr(volume, "evidence_gain", lambda *_: volume.MOST_GAIN)
    fit = Wiener(draws=16).fit(observed, Budget(), 1)
    assert fit.checks["solves_hold_the_mass"]
    assert "k_hat" not in fit.diagnostics
    assert not any("do not use: other levels" in note for note in fit.notes)


def test_solves_of_too_many_rows_are_refused(monkeypatch) -> None:
    scaled, _ = answer.read(example_observed(geos=1, weeks=40))
    monkeypatch.setattr(volume, "evidence_gain", lambda *_: 40.0)
    monkeypatch.setattr(volume, "MOST_ROWS", 30)
    drawn = wiener.solved(scaled, 16, 1)
    assert drawn.refused.startswith("do not use: other levels of media explain")
    assert "k_hat" not in drawn.diagnostics


@pytest.mark.parametrize(
    ("k_hat", "refused", "doubted"), [(0.5, False, False), (0.8, False, True), (1.4, True, False)]
)
def test_the_record_tells_where_not_to_trust(
    monkeypatch, k_hat: float, refused: bool, doubted: bool
) -> None:
    scaled, _ = answer.read(example_observed(geos=1, weeks=40))
    climbed = volume.climb(scaled)
    rows = np.array(marginal.start(scaled, climbed).centres)
    even = np.full(len(rows), -np.log(len(rows)))
    found = importance.Weighted(rows, even, k_hat, 300.0, None)
    monkeypatch.setattr(importance, "sample", lambda *_: found)
    drawn = wiener.weighed(scaled, 16, 1, climbed, 50.0)
    assert drawn.refused.startswith("do not use: other levels") is refused
    assert bool(drawn.doubt) is doubted
    assert drawn.diagnostics["k_hat"] == k_hat
    assert len(drawn.state.level) == 16
