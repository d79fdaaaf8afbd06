"""What each part of the diffusion model is worth: short trainings of equal processor time.

The MMM-Diffusion model card's two recipes, ours, and ours with one loss left out or in that card's
own form, each trained from scratch for about ``--minutes`` of one core, then fitted to the same
held-out ``time_varying`` datasets from the same noise. Steps follow from the seconds a step takes
here, so that a slow recipe sees fewer worlds; recipes of one network see the same worlds in the
same order.

    .venvs/diffusion/bin/python benchmarks/diffusion_ablation.py --folder results/ablation

As given it takes about an hour of one core: ten trainings of 4 minutes, and 10 to 15 minutes for
the fits, most of them the card's two (weekly tokens, wider layers). Trainings go to ``--folder``
and resume, rows to ``benchmarks/results/diffusion/ablation.csv``; what is there is not made again.
``--recipes`` takes some of them.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusion_evaluation import HERE, measure, summary

from mmm_benchmark.diffusion.config import PRESETS, DiffusionConfig, LossWeights
from mmm_benchmark.diffusion.training.trainer import LOG_EVERY, Trainer, train
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion

OURS = PRESETS["ours"]
#: Name in the table -> recipe. All but v1, whose law is part of it, draw ``time_varying`` worlds.
RECIPES: dict[str, DiffusionConfig] = {
    "v1": PRESETS["v1"],
    "v2": PRESETS["v2"],
    "ours": OURS,
    "ours, no physics": replace(OURS, network=replace(OURS.network, physics=False)),
    "ours, losses in the card's forms": replace(OURS, losses=replace(OURS.losses, gated=False)),
    **{
        f"ours, no {loss} loss": replace(
            OURS, losses=LossWeights(**{**asdict(OURS.losses), loss: 0.0})
        )
        for loss in ("spectral", "temporal", "sales", "contribution", "sign")
    },
}
ROWS = HERE / "ablation.csv"
TIMED = 6  # steps from which the length of a training follows


def short(config: DiffusionConfig, minutes: float, folder: Path) -> DiffusionConfig:
    """The recipe, with as many steps as fit into ``minutes`` of one core; decided once."""
    decided = folder / "steps.json"
    training = replace(config.training, ema=0.99, warmup=50, save_every=100, range_worlds=150)
    if config.name != "v1":
        training = replace(training, prior="time_varying")
    if not decided.exists():
        trainer = Trainer(replace(config, training=training), folder, torch.device("cpu"))
        trainer.step(0.5)
        start = time.process_time()
        for _ in range(TIMED):
            trainer.step(0.5)
        fitting = 60 * minutes * TIMED / (time.process_time() - start)
        steps = LOG_EVERY * max(1, round(fitting / LOG_EVERY))  # whole lines of the history
        folder.mkdir(parents=True, exist_ok=True)
        decided.write_text(json.dumps(steps))
    return replace(config, training=replace(training, steps=json.loads(decided.read_text())))


def row(name: str, folder: Path, minutes: float, seeds: int, draws: int) -> dict[str, Any]:
    """Train one recipe and measure it."""
    config = short(RECIPES[name], minutes, folder)
    checkpoint = train(config, folder, torch.device("cpu"), resume=True, report=lambda _: None)
    fitter = Diffusion(sampler="dpm", steps=8, draws=draws, checkpoint=str(checkpoint))
    fits = [measure(fitter, "time_varying", seed, Budget()) for seed in range(seeds)]
    with (folder / "history.csv").open(encoding="utf-8") as file:
        last = list(csv.DictReader(file))[-1]
    progress = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    found = summary([{k: str(v) for k, v in fit.items()} for fit in fits])
    return {
        "recipe": name,
        "parameters": sum(p.numel() for p in Trainer(config, folder, _CPU).network.parameters()),
        "minutes": minutes,
        "steps": progress["step"],
        "worlds": progress["worlds"],
        "final loss": round(float(np.float64(last["total"])), 3),
        **found,
    }


_CPU = torch.device("cpu")


def main() -> None:
    """Train, measure and write, recipe by recipe."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, required=True, help="where trainings are kept")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--minutes", type=float, default=4.0, help="of one core, each training")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--draws", type=int, default=32)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = read()
    for name in given.recipes:
        if name in {row["recipe"] for row in rows}:
            continue
        folder = given.folder / name.replace(",", "").replace("'", "").replace(" ", "_")
        rows.append(row(name, folder, given.minutes, given.seeds, given.draws))
        print(rows[-1], flush=True)
        rows.sort(key=lambda r: list(RECIPES).index(r["recipe"]))
        with ROWS.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def read() -> list[dict[str, Any]]:
    """Rows already there."""
    if not ROWS.exists():
        return []
    with ROWS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
