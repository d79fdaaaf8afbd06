"""Two threads at most, and the folder's helpers by name. Shapes are checked."""

import sys
from pathlib import Path

import torch

torch.set_num_threads(2)
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from shape_checks import check_shapes  # noqa: E402

check_shapes(
    *(
        f"mmm_benchmark.diffusion.{name}"
        for name in (
            "problem.beliefs",
            "problem.observed",
            "problem.schedule",
            "problem.state",
            "problem.truth",
            "physics.geos",
            "physics.kernels",
            "physics.posterior",
            "physics.response",
            "physics.volume",
            "physics.wiener",
            "network.denoiser",
            "network.features",
            "inference.projection",
            "inference.sample",
        )
    )
)
