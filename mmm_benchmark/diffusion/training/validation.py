"""How good is a network on worlds that no training draws? The same worlds at every look.

Four ways of asking: worlds whose prior was drawn first, told that prior; the same, told nothing;
worlds of the published law, told it; and worlds of the other laws of training, told nothing, which
more training must not lose. Noise of sampling is the same at every look, so that two looks, or two
networks, are compared world by world.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from mmm_benchmark.diffusion.inference.sample import Plan, decode, sample
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.diffusion.problem.beliefs import with_beliefs, within_training
from mmm_benchmark.diffusion.problem.laws import without_laws
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.schedule import Schedule
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.diffusion.training import worlds

Array = NDArray[np.float64]
OTHER = "other"
STREAM = 0x7A11D  # keeps these worlds apart from those of training and of calibration
TOGETHER = 4  # worlds that share a law, a size and, where told, priors
MOST_CHANNELS, MOST_ROWS = 10, 210  # (geos x weeks): larger worlds would take most of the time
PLAN = Plan("dpm", 8, 10)
TOLD, UNTOLD, WHOLE, USUAL = "told its prior", "not told", "told published", "other laws"
WAYS = (TOLD, UNTOLD, WHOLE, USUAL)


class Asked(NamedTuple):
    """Worlds of one size, asked in one way."""

    way: str
    observed: Observed
    truth: Truth


class Scores(NamedTuple):
    """One entry a world."""

    crps: Array  # of contributions by week and channel, over their mean
    held_50: Array  # share of channels whose total lies in the central interval
    held_90: Array


def validation_set(count: int, seed: int = 0) -> list[Asked]:
    """``count`` worlds of priors drawn first, asked in two ways, and as many of each other kind."""
    rng = np.random.default_rng(np.random.SeedSequence([STREAM, seed]))
    found: list[Asked] = []
    for law in (worlds.STATED, OTHER, worlds.WHOLE):
        left = count
        while left > 0:
            name, card = _other(rng) if law == OTHER else (law, False)
            size = worlds.CARD if card else worlds.draw_size(rng)
            if size[0] > MOST_CHANNELS or size[2] * size[3] > MOST_ROWS:
                continue
            observed, truth = worlds.simulated(rng, name, min(left, TOGETHER), size)
            left -= len(observed.sales)
            found += _asked(law, observed, truth)
    return found


def _other(rng: np.random.Generator) -> tuple[str, bool]:
    return worlds.draw_law(rng, "worlds and published")


def _asked(law: str, observed: Observed, truth: Truth) -> list[Asked]:
    if law != worlds.STATED:
        return [Asked(WHOLE if law == worlds.WHOLE else USUAL, observed, truth)]
    nothing = torch.zeros_like(observed.belief)
    untold = without_laws(with_beliefs(observed, nothing, nothing))
    return [Asked(TOLD, observed, truth), Asked(UNTOLD, untold, truth)]


def validate(
    network: Denoiser, schedule: Schedule, asked: list[Asked], draws: int = 32, plan: Plan = PLAN
) -> dict[str, Scores]:
    """Scores by way of asking; the order of worlds is that of ``asked``."""
    found: dict[str, list[Scores]] = {way: [] for way in WAYS}
    for index, (way, observed, truth) in enumerate(asked):
        told = observed
        if way in (TOLD, WHOLE) and not network.config.priors:
            told, _ = within_training(without_laws(observed))
        state = sample(network, schedule, told, draws, plan, index)
        n = len(told.sales)
        many = told.take(torch.arange(n).repeat_interleave(draws))
        decoded = decode(state, many, torch.Generator().manual_seed(index))
        contribution = decoded.contribution.mean(1).unflatten(0, (n, draws)).double().numpy()
        found[way].append(scores(contribution, truth.contribution.double().numpy()))
    return {way: Scores(*(np.concatenate(x) for x in zip(*parts, strict=True)))
            for way, parts in found.items() if parts}  # fmt: skip


def scores(drawn: Array, truth: Array) -> Scores:
    """Of draws (world, draw, date, channel) and truths (world, date, channel)."""
    n = drawn.shape[1]
    off = np.abs(drawn - truth[:, None]).mean((1, 2, 3))
    weight = (2 * np.arange(1, n + 1) - n - 1).reshape(1, -1, 1, 1)
    apart = (weight * np.sort(drawn, axis=1)).sum(1).mean((1, 2)) / (n * (n - 1))
    total, right = drawn.sum(2), truth.sum(1)

    def held(level: float) -> Array:
        low, high = np.quantile(total, [(1 - level) / 2, (1 + level) / 2], axis=1)
        return ((low <= right) & (right <= high)).mean(1)

    return Scores((off - apart) / np.maximum(truth.mean((1, 2)), 1e-9), held(0.5), held(0.9))


def summary(found: dict[str, Scores]) -> dict[str, float]:
    """One row of a curve: geometric mean of CRPS, and coverage, by way of asking."""
    row: dict[str, float] = {}
    for way, each in found.items():
        row[f"crps, {way}"] = float(np.exp(np.log(each.crps).mean()))
        row[f"50% hold, {way}"] = float(each.held_50.mean())
        row[f"90% hold, {way}"] = float(each.held_90.mean())
    return row
