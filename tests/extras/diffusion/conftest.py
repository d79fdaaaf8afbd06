"""Two threads at most, and the folder's helpers by name. Shapes are checked."""

import sys
from pathlib import Path

import pytest
import torch

torch.set_num_threads(2)
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from shape_checks import check_shapes  # noqa: E402

check_shapes(
    *(
        f"mmm_benchmark.diffusion.{name}"
        for name in (
            "problem.beliefs",
            "problem.laws",
            "problem.observed",
            "problem.schedule",
            "problem.state",
            "problem.truth",
            "physics.geos",
            "physics.kernels",
            "physics.marginal",
            "physics.posterior",
            "physics.response",
            "physics.volume",
            "physics.wiener",
            "network.denoiser",
            "network.features",
            "inference.projection",
            "inference.sample",
            "inference.total",
        )
    )
)


@pytest.fixture(autouse=True)
def few_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contracts and signs of ``wiener`` need no sound weights: those take it many seconds."""
    from mmm_benchmark.fitters.diffusion import wiener

    monkeypatch.setattr(wiener, "ROUND", 150)
    monkeypatch.setattr(wiener, "ROUNDS", 3)
