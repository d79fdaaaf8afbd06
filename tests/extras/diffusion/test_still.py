"""Few unknowns, integrated out in as few dimensions: the same law as over weeks, many at once."""

import numpy as np
import pytest
import torch
from worlds_for_tests import small

from mmm_benchmark.diffusion.physics import posterior, still
from mmm_benchmark.diffusion.problem.beliefs import draw_beliefs
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.structure import STILL, known_calm, with_structure


def calm(law: str = "worlds", n: int = 1, **shape: int) -> Observed:
    world, truth = small(law, n, **shape)
    return with_structure(draw_beliefs(np.random.default_rng(2), world, truth), False, False)


def test_a_linear_model_is_integrated_as_the_textbook_has_it() -> None:
    """Against the normal law of all sales of a world at once."""
    generator = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    b, g, t, d, own = 2, 3, 7, 4, 2
    H, L, r = normal(b, g, t, d), normal(b, g, t, own), normal(b, g, t)
    noise, variance = normal(b, g).exp(), normal(b, d).exp()
    found = still.given(still.integrated(H, r, L, noise), variance)
    for i in range(b):
        columns = H[i].flatten(0, 1)
        own_part = torch.block_diag(*(L[i, j] @ L[i, j].T for j in range(g)))
        spread = noise[i].square().repeat_interleave(t).diag()
        S = columns @ variance[i].diag() @ columns.T + own_part + spread
        y = r[i].flatten()
        law = torch.distributions.MultivariateNormal(torch.zeros(g * t, dtype=S.dtype), S)
        constant = g * t * np.log(2 * np.pi) / 2
        assert float(found.log_density[i]) == pytest.approx(float(law.log_prob(y)) + constant)
        expected = variance[i].diag() @ columns.T @ torch.linalg.solve(S, y)
        assert torch.allclose(found.shift[i], expected)


@pytest.mark.parametrize("geos", [1, 2])
def test_modes_and_evidence_are_those_of_the_solves_over_weeks(geos: int) -> None:
    world = calm(n_geos=geos, n_weeks=60)
    dense = posterior.solved_grid(world)
    many = world.take(torch.zeros(len(dense.hyper), dtype=torch.long))
    grid = still.rows(many, dense.hyper[:, 0])
    mode, log_p = still.solve(grid, grid.mean, grid.mean, posterior.MODE_ITERATIONS)
    n = grid.scalars
    near = dense.log_evidence > dense.log_evidence.max() - 30  # single precision over weeks
    assert int(near.sum()) >= 2
    assert torch.allclose(mode[near, :n].float(), dense.mode.scalar[near], atol=0.03)
    prior = -0.5 * (dense.hyper[:, 0].square() + STILL**2)
    apart = (log_p + prior - dense.log_evidence)[near]
    assert float(apart.abs().max()) < 0.3


def test_draws_are_those_of_the_solves_over_weeks() -> None:
    world = calm(n_weeks=60)
    mine = still.posterior_draws(world, 400, 1)
    theirs = posterior.posterior_draws(world, 400, 2)
    for name in ("level", "shape", "control"):
        a, b = (getattr(each, name).flatten(1) for each in (mine, theirs))
        error = ((a.var(0) + b.var(0)) / 400).sqrt()
        assert float(((a.mean(0) - b.mean(0)) / error).abs().max()) < 4.5
        assert torch.allclose(a.std(0), b.std(0), rtol=0.25, atol=0.02)
    assert (mine.path == 0).all()
    assert torch.allclose(mine.hyper[:, 1], torch.tensor(STILL))


def test_many_worlds_are_drawn_at_once() -> None:
    """Each as if it stood alone, up to the noise of its draws."""
    worlds = calm(n=3, n_weeks=50)
    assert known_calm(worlds)
    together = still.posterior_draws(worlds, 300, 4).level.unflatten(0, (3, 300))
    for i in range(3):
        alone = still.posterior_draws(worlds.take(slice(i, i + 1)), 300, 5).level
        error = ((alone.var(0) + together[i].var(0)) / 300).sqrt() + 1e-6
        assert float(((alone.mean(0) - together[i].mean(0)) / error).abs().max()) < 4.5


def test_a_seed_gives_the_same_draws() -> None:
    world = calm(n_weeks=40, n_geos=2)
    first, again = (still.posterior_draws(world, 10, 7).flat() for _ in range(2))
    assert torch.equal(first, again)
