"""What beliefs are worth: recovery with none, with another model's curves, with on/off tests.

    .venvs/diffusion/bin/python benchmarks/diffusion_beliefs.py --datasets small_business --seeds 10

One row a fit in ``benchmarks/results/diffusion/beliefs.csv``; fits already there are not made
again. What is told:

* ``nothing``
* ``curves``: those that the PyMC-Marketing fits of this suite expect before they see data
* ``tests``: the ROAS that one simulated on/off test of four weeks found, for every channel
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from diffusion_evaluation import measure

from mmm_benchmark.diffusion.inference.stated import PYMC_CURVES, from_on_off_tests
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_data_generator import MMMDataset, generate_mmm_dataset, lift_tests

OUT = Path(__file__).parent / "results" / "diffusion" / "beliefs.csv"
TOLD = ("nothing", "curves", "tests")
MEASURES = ("srmse", "crps", "cover50", "cover80", "cover90", "points", "mape")


def beliefs_about(world: MMMDataset, told: str) -> Any:
    """What the fitter is told about a world."""
    if told == "tests":
        return from_on_off_tests(lift_tests(world, n_per_channel=1, change=-1.0))
    return PYMC_CURVES if told == "curves" else None


def row(fitter: str, told: str, dataset: str, seed: int) -> dict[str, Any]:
    """Fit once and measure."""
    beliefs = beliefs_about(generate_mmm_dataset(dataset, seed=seed), told)
    one: Any = Wiener(beliefs=beliefs)
    if fitter == "diffusion-fast":
        one = Diffusion(sampler="dpm", steps=8, beliefs=beliefs)
    found = measure(one, dataset, seed, Budget())
    figures = {name: round(float(found[name]), 5) for name in MEASURES}
    return {"fitter": fitter, "told": told, "dataset": dataset, "seed": seed, **figures}


def main() -> None:
    """Fit what is missing and append it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--datasets", nargs="+", default=["small_business"])
    parser.add_argument("--seeds", type=int, default=10, help="0, 1, ... below this")
    parser.add_argument("--told", nargs="+", default=list(TOLD), choices=TOLD)
    parser.add_argument("--fitters", nargs="+", default=["diffusion-fast", "wiener"])
    given = parser.parse_args()
    done = set()
    if OUT.exists():
        with OUT.open(encoding="utf-8") as file:
            done = {tuple(list(line.values())[:4]) for line in csv.DictReader(file)}
    grid = [
        (fitter, told, dataset, seed)
        for dataset in given.datasets
        for seed in range(given.seeds)
        for told in given.told
        for fitter in given.fitters
    ]
    for each in grid:
        if tuple(map(str, each)) in done:
            continue
        found = row(*each)
        fresh = not OUT.exists()
        with OUT.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(found))
            if fresh:
                writer.writeheader()
            writer.writerow(found)
        print(*each, f"SRMSE {found['srmse']:.3f}  CRPS {found['crps']:.3f}", flush=True)


if __name__ == "__main__":
    main()
