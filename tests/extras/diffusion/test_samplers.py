"""Samplers against a Gaussian target, where E[x_0 | x_t] and the law of x_0 are known."""

from itertools import pairwise

import pytest
import torch

from mmm_benchmark.diffusion.inference import samplers
from mmm_benchmark.diffusion.problem.schedule import cosine_schedule, forward_noise

SCHEDULE = cosine_schedule()
MEAN = torch.tensor([1.5, -0.7], dtype=torch.float64)
SD = torch.tensor([0.3, 1.4], dtype=torch.float64)


def exact(x: torch.Tensor, t: int) -> torch.Tensor:
    """E[x_0 | x_t] for independent x_0 ~ N(MEAN, SD²)."""
    a, s = SCHEDULE.alpha[t].double(), SCHEDULE.sigma[t].double()
    return MEAN + a * SD**2 / (a**2 * SD**2 + s**2) * (x - a * MEAN)


def start(n: int) -> torch.Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_the_schedule_keeps_variance_and_ends_in_noise() -> None:
    assert torch.allclose(SCHEDULE.alpha**2 + SCHEDULE.sigma**2, torch.ones(501))
    assert SCHEDULE.alpha[0] == 1
    assert SCHEDULE.alpha[-1] < 0.01
    assert (SCHEDULE.alpha.diff() < 0).all()


def test_forward_noise_has_the_law_it_names() -> None:
    x0 = torch.full((20_000, 1), 2.0)
    noise = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0))
    a, s = SCHEDULE.at(torch.full((20_000,), 200))
    x = forward_noise(x0, noise, a, s)
    assert x.mean().item() == pytest.approx(2 * a[0].item(), abs=0.02)
    assert x.std().item() == pytest.approx(s[0].item(), rel=0.02)


@pytest.mark.parametrize(("name", "count"), [("ddpm", 500), ("ddim", 100), ("dpm", 25)])
def test_draws_follow_the_target(name: str, count: int) -> None:
    times = samplers.grid(500, count)
    generator = torch.Generator().manual_seed(1)
    x = start(20_000)
    if name == "ddpm":
        draws = samplers.ddpm(exact, x, SCHEDULE, times, generator)
    else:
        draws = getattr(samplers, name)(exact, x, SCHEDULE, times)
    assert torch.allclose(draws.mean(0), MEAN, atol=0.04)
    assert torch.allclose(draws.std(0), SD, rtol=0.05)


def flow_error(walk: object, count: int) -> float:
    """Distance from the probability-flow map; x_T keeps a little of x_0, so not quite sd x."""
    x = start(50)
    a, s = SCHEDULE.alpha[-1].double(), SCHEDULE.sigma[-1].double()
    limit = MEAN + SD * (x - a * MEAN) / (a**2 * SD**2 + s**2).sqrt()
    out = walk(exact, x, SCHEDULE, samplers.grid(500, count))  # type: ignore[operator]
    return (out - limit).abs().max().item()


def test_the_second_order_solver_beats_the_first_at_equal_cost() -> None:
    assert flow_error(samplers.dpm, 25) < 0.6 * flow_error(samplers.ddim, 25)
    assert flow_error(samplers.dpm, 50) < 0.5 * flow_error(samplers.dpm, 12)


def test_ddim_converges_at_first_order() -> None:
    assert flow_error(samplers.ddim, 100) == pytest.approx(
        flow_error(samplers.ddim, 50) / 2, rel=0.35
    )


@pytest.mark.parametrize("count", [1, 2, 3, 8, 50, 499, 500])
def test_the_signal_grid_falls_from_noise_to_data(count: int) -> None:
    times = samplers.signal_grid(SCHEDULE, count)
    assert len(times) == count + 1
    assert (times[0], times[-1]) == (500, 0)
    assert all(a > b for a, b in pairwise(times))


def kept_spread(sd: float, times: list[int]) -> float:
    """Share of a Gaussian's standard deviation that second-order draws keep; the map is linear."""

    def denoise(x: torch.Tensor, t: int) -> torch.Tensor:
        a, s = SCHEDULE.alpha[t].double(), SCHEDULE.sigma[t].double()
        return a * sd**2 / (a**2 * sd**2 + s**2) * x

    return samplers.dpm(denoise, torch.ones(1, dtype=torch.float64), SCHEDULE, times).item() / sd


@pytest.mark.parametrize("sd", [0.25, 0.5, 0.8, 1.0])
def test_eight_evaluations_keep_the_spread_of_the_posterior(sd: float) -> None:
    assert kept_spread(sd, samplers.signal_grid(SCHEDULE, 8)) == pytest.approx(1, abs=0.03)


def test_even_steps_lose_spread_where_the_data_say_much() -> None:
    even, signal = samplers.grid(500, 8), samplers.signal_grid(SCHEDULE, 8)
    assert kept_spread(0.1, even) == pytest.approx(0.43, abs=0.01)
    assert kept_spread(0.1, signal) == pytest.approx(0.86, abs=0.01)


def test_a_grid_that_is_too_fine_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 500"):
        samplers.grid(500, 501)
    with pytest.raises(ValueError, match="1 to 500"):
        samplers.signal_grid(SCHEDULE, 501)
    assert samplers.grid(500, 3) == [500, 333, 167, 0]
