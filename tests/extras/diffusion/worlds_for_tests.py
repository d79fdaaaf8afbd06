"""Small worlds and shared helpers."""

import numpy as np
import torch

from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.schedule import cosine_schedule, forward_noise
from mmm_benchmark.diffusion.problem.state import State
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.diffusion.training import worlds
from mmm_benchmark.diffusion.training.simulated import NEEDED, observed_and_truth
from mmm_data_generator import draw_batch


def small(law: str = "time_varying", n: int = 3, **shape: int) -> tuple[Observed, Truth]:
    arrays = raw(law, n, **shape)
    return observed_and_truth(arrays)


def raw(law: str = "time_varying", n: int = 3, **shape: int) -> dict[str, np.ndarray]:
    size = {"n_channels": 3, "n_controls": 2, "n_weeks": 40, "n_geos": 1} | shape
    arrays = draw_batch(np.random.default_rng(5), worlds.LAWS[law], n, **size)
    return {name: arrays[name] for name in NEEDED}


def noisy(
    observed: Observed, truth: Truth, t: int = 250
) -> tuple[State, torch.Tensor, torch.Tensor]:
    x0 = truth.state.flat()
    alpha, sigma = cosine_schedule().at(torch.full((len(x0),), t))
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(9))
    return observed.sizes.unflatten(forward_noise(x0, noise, alpha, sigma)), alpha, sigma
