"""Many worlds of one shape answered at once by the trained model, in the environment it needs.

``python -m mmm_benchmark.recoverability.amortised FOLDER`` answers every ``ask_*.npz`` of a folder
in ``answer_*.npz``: what ``mmm-benchmark recoverability`` runs in the interpreter of the extra
``diffusion``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmm_benchmark.diffusion.inference import checkpoint
from mmm_benchmark.diffusion.inference.sample import Plan, contribution_at, decode, sample
from mmm_benchmark.diffusion.problem.observed import Observed, scale_observed
from mmm_benchmark.diffusion.problem.schedule import cosine_schedule
from mmm_benchmark.diffusion.problem.state import State
from mmm_benchmark.schema import MARGINAL_STEP, SPEND_MULTIPLIERS

type Array = NDArray[np.float64]

#: ``diffusion-fast``: the second-order sampler in eight evaluations.
FAST = Plan("dpm", 8, 10)
CHUNK = 4_000_000  # numbers decoded at once: geos x weeks x channels x lags x draws


def answer(sales: Array, spend: Array, controls: Array, draws: int, seed: int) -> dict[str, Array]:
    """Posterior draws of returns and response curves of a batch of worlds.

    Parameters
    ----------
    sales, spend, controls
        ``(world, geo, date)``, and a last axis of channels or controls; currency per week.
    draws
        Draws for each world.
    seed
        Of the draws.

    Returns
    -------
    dict
        ``roas`` (world, draw, channel), ``marginal_roas`` likewise, ``response_curve`` (world,
        draw, channel, multiplier), in currency; ``r2`` (world,) of the posterior mean of sales.
    """
    device = checkpoint.pick_device(None)
    network, config, _ = checkpoint.load(None, device)
    schedule = cosine_schedule(config.diffusion_steps, config.cosine_offset)
    observed = scale_observed(*(torch.from_numpy(each) for each in (sales, spend, controls)))
    state = sample(network, schedule, observed.to(device), draws, FAST, seed).to("cpu")
    found = [
        _one(observed, state, world, draws, sales[world], spend[world], seed)
        for world in range(len(sales))
    ]
    return {name: np.stack([each[name] for each in found]) for name in found[0]}


def _one(
    observed: Observed,
    state: State,
    world: int,
    draws: int,
    sales: Array,
    spend: Array,
    seed: int,
) -> dict[str, Array]:
    """The same for one world, some draws at a time to bound the memory."""
    unit = torch.from_numpy(sales.mean(1)).float()[:, None, None]  # (geo, 1, 1) currency per week
    generator = torch.Generator().manual_seed(seed + world)
    own = observed.take(slice(world, world + 1))
    step = max(1, CHUNK // max(own.lagged.numel(), 1))
    at = (*SPEND_MULTIPLIERS, 1.0 + MARGINAL_STEP)
    curves, expected = [], []
    for start in range(world * draws, (world + 1) * draws, step):
        stop = min(start + step, (world + 1) * draws)
        part = State(*(getattr(state, name)[start:stop] for name in State.__annotations__))
        many = own.take(torch.zeros(stop - start, dtype=torch.long))
        decoded = decode(part, many, generator)
        totals = [(contribution_at(part, decoded, many, m) * unit).sum((1, 2)) for m in at]
        curves.append(torch.stack(totals, -1).double().numpy())
        expected.append((decoded.expected * unit[..., 0]).double().numpy())
    curve = np.concatenate(curves)
    mean = np.concatenate(expected).mean(0)
    now, more = curve[..., SPEND_MULTIPLIERS.index(1.0)], curve[..., -1]
    paid = np.maximum(spend.sum((0, 1)), 1e-300)
    return {
        "roas": (now - curve[..., 0]) / paid,
        "marginal_roas": (more - now) / MARGINAL_STEP / paid,
        "response_curve": curve[..., :-1],
        "r2": np.asarray(1 - np.square(sales - mean).sum() / np.square(sales - sales.mean()).sum()),
    }


def main(folder: str) -> int:
    """Answer what the files of a folder ask, each in a file of its own."""
    torch.set_num_threads(1)  # worlds are many: cores are shared out between processes
    for asked in sorted(Path(folder).glob("ask_*.npz")):
        with np.load(asked, allow_pickle=False) as given:
            found = answer(
                given["sales"],
                given["spend"],
                given["controls"],
                int(given["draws"]),
                int(given["seed"]),
            )
        part = asked.with_name("part.npz")
        shorter: dict[str, Any] = {name: each.astype(np.float32) for name, each in found.items()}
        np.savez(part, **shorter)
        part.replace(asked.with_name(asked.name.replace("ask_", "answer_")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
