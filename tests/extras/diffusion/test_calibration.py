"""The calibration measures on posteriors known to be right, and known to be wrong."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from mmm_benchmark.diffusion.config import NetworkConfig, preset
from mmm_benchmark.diffusion.inference.sample import Plan
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.diffusion.training.calibration import (
    calibrate,
    expected_coverage,
    fresh,
    ranks,
    tarp,
)


def conjugate(spread: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Truths and draws of a normal mean seen once; ``spread`` 1 is the exact posterior."""
    g = torch.Generator().manual_seed(8)
    truth = torch.randn(2000, 2, generator=g)
    seen = truth + torch.randn(2000, 2, generator=g)
    noise = torch.randn(2000, 100, 2, generator=g)
    return seen[:, None] / 2 + spread * 0.5**0.5 * noise, truth


def test_an_exact_posterior_has_uniform_ranks_and_tarp() -> None:
    draws, truth = conjugate(1.0)
    rank = ranks(draws, truth)
    assert expected_coverage(rank, 0.8) == pytest.approx(0.8, abs=0.02)
    credibility = tarp(draws, truth, np.random.default_rng(0))
    assert np.quantile(credibility, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.04)


def test_a_posterior_that_is_too_sure_is_caught() -> None:
    draws, truth = conjugate(0.4)
    assert expected_coverage(ranks(draws, truth), 0.8) < 0.6
    credibility = tarp(draws, truth, np.random.default_rng(0))
    assert np.ptp(np.quantile(credibility, [0.1, 0.9])) > 0.87


def test_the_training_law_has_the_laws_and_sizes_of_training() -> None:
    batches = [observed.lagged.shape for observed, _ in fresh("training", "worlds", 120, seed=3)]
    assert sum(shape[0] for shape in batches) >= 120
    assert len({shape[1:] for shape in batches}) > 4
    assert any(shape[1] > 1 for shape in batches)  # several geos
    again = next(fresh("training", "worlds", 120, seed=3))[0]
    first = next(fresh("training", "worlds", 120, seed=3))[0]
    assert bool((again.lagged == first.lagged).all())


def test_the_tables_and_the_plot_are_written(tmp_path: Path) -> None:
    network = Denoiser(NetworkConfig(width_campaign=16, width_channel=16)).eval()
    result = calibrate(
        network, preset("ours"), Plan("ddim", 2), law="time_varying", datasets=10, draws=10,
        seed=0, out=tmp_path, report=lambda _: None,
    )  # fmt: skip
    with (tmp_path / "coverage.csv").open() as file:
        lines = {line["quantity"]: line for line in csv.DictReader(file)}
    assert set(lines) == set(result)
    assert {"log share", "path", "noise", "TARP"} <= set(lines)
    assert int(lines["log share"]["truths"]) == 50
    assert (tmp_path / "ecdf.png").stat().st_size > 10_000
