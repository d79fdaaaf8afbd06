"""Is the posterior as sure as it should be? Checked on fresh worlds whose truth is known."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmm_benchmark.diffusion.config import DiffusionConfig
from mmm_benchmark.diffusion.inference.sample import Plan, decode, sample
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.diffusion.problem.beliefs import check_heeds, draw_beliefs
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.schedule import cosine_schedule
from mmm_benchmark.diffusion.problem.state import State, log_share
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.diffusion.training import worlds
from mmm_benchmark.errors import UserError

Array = NDArray[np.float64]
LEVELS = tuple(round(0.1 * i, 1) for i in range(1, 10))
STREAM = 0xCA11B  # keeps these worlds apart from those of training
SIZE_BATCH = 10  # worlds that share a law and a size
TRAINING = "training"  # the law that the network was trained on, with its mixture of sizes


def fresh(law: str, prior: str, count: int, seed: int) -> Iterator[tuple[Observed, Truth]]:
    """Batches of worlds no training run draws, ``count`` in all; ``prior`` is that of training."""
    rng = np.random.default_rng(np.random.SeedSequence([STREAM, seed]))
    while count > 0:
        n = min(count, SIZE_BATCH)
        one, card = (law, law.startswith("time_varying"))
        if law == TRAINING:
            one, card = worlds.draw_law(rng, prior)
        sizes = worlds.CARD if card else worlds.draw_size(rng)
        observed, truth = worlds.simulated(rng, one, n, sizes)
        yield observed, truth
        count -= len(observed.sales)


def quantities(state: State, observed: Observed, media: Tensor) -> dict[str, Tensor]:
    """Scalars of a world that calibration looks at: each (B, how many)."""
    level = log_share(state.path, state.level, observed.channels).mean(-1)
    weeks = state.path.shape[-1]
    at = [weeks // 4, weeks // 2, 3 * weeks // 4]
    return {
        "log share": level,
        "path": state.path[..., at].flatten(1),
        "decay": state.shape[..., 0],
        "half-saturation": state.shape[..., 1],
        "slope": state.shape[..., 2],
        "baseline": state.base[:, at],
        "control": state.control,
        "noise": state.hyper[:, :1],
        "volatility": state.hyper[:, 1:],
        "media": media[:, None],
    }


def ranks(draws: Tensor, truth: Tensor) -> Array:
    """Rank of the truth among draws (W, D, Q) in (0, 1), ties split evenly (Talts et al. 2018)."""
    below = (draws < truth[:, None]).double().mean(1) + 0.5 * (
        draws == truth[:, None]
    ).double().mean(1)
    n = draws.shape[1]
    return ((below * n + 0.5) / (n + 1)).flatten().numpy()


def tarp(draws: Tensor, truth: Tensor, rng: np.random.Generator) -> Array:
    """Credibility at which each truth (W, Q) is covered, by distance from a random point.

    Uniform when, and only when, the posterior is exact in distribution (Lemos et al. 2023,
    arXiv:2302.03026, algorithm 2): the reference is drawn from the truths of other worlds.
    """
    scale = truth.std(0).clamp(min=1e-6)
    reference = truth[torch.from_numpy(rng.permutation(len(truth)))]
    d_draws = ((draws - reference[:, None]) / scale).square().sum(-1)
    d_truth = ((truth - reference) / scale).square().sum(-1)
    return (d_draws < d_truth[:, None]).double().mean(1).numpy()


def calibrate(
    network: Denoiser,
    config: DiffusionConfig,
    plan: Plan,
    *,
    law: str,
    datasets: int,
    draws: int,
    seed: int,
    out: Path,
    told: bool = False,
    report: Callable[[str], None] = print,
) -> dict[str, Array]:
    """Write ``coverage.csv`` and ``ecdf.png``; returns ranks by quantity.

    With ``told`` the model is told beliefs about each world, drawn as training draws them.
    """
    laws = (TRAINING, worlds.STATED, *worlds.LAWS)
    if law not in laws:
        raise UserError(f"unknown law '{law}'; one of: {', '.join(laws)}")
    if told:
        check_heeds(config.network)
    schedule = cosine_schedule(config.diffusion_steps, config.cosine_offset)
    found: dict[str, list[Array]] = {}
    joint: list[tuple[Tensor, Tensor]] = []
    telling = np.random.default_rng(np.random.SeedSequence([STREAM, seed, 1]))
    for index, (observed, truth) in enumerate(fresh(law, config.training.prior, datasets, seed)):
        if told:
            observed = draw_beliefs(telling, observed, truth)
        drawn = sample(network, schedule, observed, draws, plan, seed + index)
        n = len(observed.sales)
        many = observed.take(torch.arange(n).repeat_interleave(draws))
        decoded = decode(drawn, many, torch.Generator().manual_seed(seed + index))
        media = decoded.contribution.sum(-1).mean((1, 2))
        guess = quantities(drawn, many, media)
        right = quantities(truth.state, observed, truth.contribution.sum(-1).mean(1))
        for name, value in guess.items():
            value = value.unflatten(0, (n, draws))
            found.setdefault(name, []).append(ranks(value, right[name]))
        common = ("noise", "volatility", "media")
        joint.append(
            (
                torch.cat([guess[c].unflatten(0, (n, draws)) for c in common], -1),
                torch.cat([right[c] for c in common], -1),
            )
        )
        report(f"{sum(len(j[1]) for j in joint)} of {datasets} worlds")
    result = {name: np.concatenate(values) for name, values in found.items()}
    rng = np.random.default_rng(seed)
    result["TARP"] = tarp(torch.cat([j[0] for j in joint]), torch.cat([j[1] for j in joint]), rng)
    _write(out, result, datasets)
    return result


def expected_coverage(rank: Array, level: float) -> float:
    """Share of truths inside their central interval."""
    return float((np.abs(rank - 0.5) <= level / 2).mean())


def _write(out: Path, result: dict[str, Array], datasets: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (out / "coverage.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["quantity", "truths", "ks_distance", *(f"{x:g}" for x in LEVELS)])
        for name, rank in result.items():
            # TARP's credibility is one-sided: covered when it is at most the level
            share = [
                (rank <= x).mean() if name == "TARP" else expected_coverage(rank, x) for x in LEVELS
            ]
            ordered = np.sort(rank)
            grid = np.arange(1, len(rank) + 1) / len(rank)
            distance = np.abs(ordered - grid).max()
            writer.writerow([name, len(rank), f"{distance:.3f}", *(f"{x:.3f}" for x in share)])
    _plot(out / "ecdf.png", result, datasets)


def _plot(path: Path, result: dict[str, Array], datasets: int) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5.2), layout="constrained")
    axes = figure.subplots(2, (len(result) + 1) // 2, sharex=True, sharey=True).ravel()
    # 95% band of an ECDF over as many independent worlds (Dvoretzky-Kiefer-Wolfowitz, Massart 1990)
    band = np.sqrt(np.log(2 / 0.05) / (2 * datasets))
    most = 1.25 * band
    for axis, (name, rank) in zip(axes, result.items(), strict=False):
        x = np.sort(rank)
        excess = np.arange(1, len(x) + 1) / len(x) - x
        most = max(most, 1.08 * float(np.abs(excess).max()))
        axis.fill_between([0, 1], -band, band, color="0.88", lw=0)
        axis.plot(x, excess, lw=1.6, color="#0b5394")
        axis.axhline(0, color="0.4", lw=0.7)
        axis.set(title=name, xlim=(0, 1))
    axes[0].set_ylim(-most, most)  # shared by all: nothing is cut off
    for axis in axes[len(result) :]:
        axis.set_visible(False)
    figure.supxlabel("rank of the truth among draws")
    figure.supylabel("ECDF less uniform")
    figure.suptitle(f"Calibration over {datasets} fresh worlds; grey: 95% band of a calibrated one")
    figure.savefig(path, dpi=130)
