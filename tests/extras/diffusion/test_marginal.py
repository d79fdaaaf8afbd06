"""With moving paths integrated out, ``wiener`` finds media where they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmm_benchmark.diffusion.inference import answer
from mmm_benchmark.diffusion.physics import marginal, posterior, volume
from mmm_benchmark.fitters.diffusion import wiener
from mmm_benchmark.testing import example_observed
from mmm_data_generator import generate_mmm_dataset


def test_the_density_is_that_of_the_linear_model_where_paths_hardly_move() -> None:
    """With the least volatility, only baseline and controls are integrated out: exactly."""
    observed, _ = answer.read(example_observed(geos=1, weeks=40))
    climbed = volume.climb(observed)
    n = marginal.few(observed)
    rng = np.random.default_rng(0)
    z = np.concatenate([0.3 * rng.standard_normal((4, n)), np.tile([0.5, -3.9], (4, 1))], axis=1)
    found = marginal.log_density(observed, climbed)(z)
    rows = torch.from_numpy(z).float()
    given, point, _ = marginal._given(observed, rows[:, :n], rows[:, n:])
    many = observed.take(torch.zeros(4, dtype=torch.long))
    pool = marginal.geo_groups(*many.sales.shape[1:])
    fixed = marginal.with_base(marginal.rest_covariance(many, given, pool), given)
    system = marginal.linearise(many, given, point, fixed, pool)
    direct = posterior.log_evidence(system, given) - 0.5 * rows[:, :n].square().sum(1)
    assert np.diff(found) == pytest.approx(np.diff(direct.numpy()), abs=1.0)


@pytest.mark.parametrize("seed", [4])
def test_a_world_whose_effects_move_is_not_off_by_a_factor(seed: int) -> None:
    world = generate_mmm_dataset("time_varying", seed=seed)
    scaled, order = answer.read(world.observed)
    drawn = wiener.solved(scaled, 40, 1)
    assert {"k_hat", "weights_ess", "evidence_gain"} <= set(drawn.diagnostics)
    fit = answer.to_fit(world.observed, scaled, order, drawn.state, 1)
    ratio = float(fit.posterior["contribution"].mean(("chain", "draw")).sum()) / float(
        world.truth["contribution"].sum()
    )
    assert 0.5 < ratio < 1.8  # the solves alone: 2.3
