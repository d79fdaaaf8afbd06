"""Our samplers against the schedulers of ``diffusers``, an independent implementation.

Both walk the same noise with the same denoiser.
"""

import diffusers
import pytest
import torch

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

STEPS = 500
COSINE = {
    "num_train_timesteps": STEPS,
    "beta_schedule": "squaredcos_cap_v2",  # the cosine schedule, s = 0.008, betas up to 0.999
    "prediction_type": "sample",
}


def posterior_mean(x: torch.Tensor, alpha: float, sigma: float) -> torch.Tensor:
    """E[x_0 | x_t] for x_0 ~ N(0.8, 0.5²)."""
    return 0.8 + alpha * 0.25 / (alpha**2 * 0.25 + sigma**2) * (x - alpha * 0.8)


def start() -> torch.Tensor:
    return torch.randn(64, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def ours(name: str, count: int, generator: "torch.Generator | None" = None) -> torch.Tensor:
    from mmm_benchmark.diffusion.inference import samplers
    from mmm_benchmark.diffusion.problem.schedule import cosine_schedule

    schedule = cosine_schedule(STEPS)

    def denoise(x: torch.Tensor, t: int) -> torch.Tensor:
        return posterior_mean(x, float(schedule.alpha[t]), float(schedule.sigma[t]))

    times = samplers.grid(STEPS, count)
    if name == "ddpm":
        return samplers.ddpm(denoise, start(), schedule, times, generator)
    return getattr(samplers, name)(denoise, start(), schedule, times)


def theirs(scheduler: object, timesteps: list[int], **step: object) -> torch.Tensor:
    x = start()
    for t in timesteps:
        kept = scheduler.alphas_cumprod[t].double()
        guess = posterior_mean(x, float(kept.sqrt()), float((1 - kept).sqrt()))
        x = scheduler.step(guess, t, x, **step).prev_sample
    return x


def test_the_schedules_agree() -> None:
    from mmm_benchmark.diffusion.problem.schedule import cosine_schedule

    kept = diffusers.DDPMScheduler(**COSINE).alphas_cumprod.double()
    mine = cosine_schedule(STEPS)
    assert torch.allclose(mine.alpha[1:].double() ** 2, kept, atol=1e-6)


def test_ddim_agrees() -> None:
    scheduler = diffusers.DDIMScheduler(
        **COSINE, clip_sample=False, set_alpha_to_one=True, timestep_spacing="trailing"
    )
    scheduler.set_timesteps(50)
    expected = theirs(scheduler, scheduler.timesteps.tolist(), eta=0.0)
    assert torch.allclose(ours("ddim", 50), expected, atol=1e-4)


def test_ddpm_agrees_with_the_same_noise() -> None:
    scheduler = diffusers.DDPMScheduler(
        **COSINE, clip_sample=False, variance_type="fixed_small", timestep_spacing="trailing"
    )
    scheduler.set_timesteps(STEPS)
    generators = [torch.Generator().manual_seed(5) for _ in range(2)]
    expected = theirs(scheduler, scheduler.timesteps.tolist(), generator=generators[0])
    assert torch.allclose(ours("ddpm", STEPS, generators[1]), expected, atol=1e-3)


def test_the_second_order_solver_agrees() -> None:
    scheduler = diffusers.DPMSolverMultistepScheduler(
        **COSINE,
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        lower_order_final=False,
        final_sigmas_type="zero",
        timestep_spacing="trailing",
    )
    scheduler.set_timesteps(25)
    expected = theirs(scheduler, scheduler.timesteps.tolist())
    assert torch.allclose(ours("dpm", 25), expected, atol=1e-3)
