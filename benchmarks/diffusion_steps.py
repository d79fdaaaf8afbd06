"""How few network evaluations a draw needs: samplers and steps, on the same datasets.

    .venvs/diffusion/bin/python benchmarks/diffusion_steps.py --seeds 3

One row a sampler and dataset in ``benchmarks/results/diffusion/steps.csv``, every sampler from the
same noise; ``crps_ratio`` is to DDPM with 500 steps on the same datasets.
"""

from __future__ import annotations

import argparse
import csv
import time
from typing import Any

import numpy as np
from diffusion_evaluation import HERE, measure

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion

PLANS = (("dpm", 4), ("dpm", 6), ("dpm", 8), ("dpm", 20), ("ddim", 50), ("ddpm", 500))
REFERENCE = PLANS[-1]
MEASURES = ("crps", "srmse", "within", "cover50", "cover80", "cover90", "points")


def main() -> None:
    """Fit dataset by dataset, all samplers each, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--datasets", nargs="+", default=["time_varying", "small_business"])
    parser.add_argument("--seeds", type=int, default=3, help="0, 1, ... below this")
    parser.add_argument("--draws", type=int, default=64)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for seed in range(given.seeds):
        for dataset in given.datasets:
            for sampler, steps in PLANS:
                fitter = Diffusion(sampler=sampler, steps=steps, draws=given.draws)
                start = time.process_time()
                row = measure(fitter, dataset, seed, Budget())
                spent = time.process_time() - start
                rows.append(
                    {"dataset": dataset, "seed": seed, "sampler": sampler, "steps": steps,
                     "draws": given.draws, "processor_s": round(spent, 2)}
                    | {name: row.get(name, "") for name in MEASURES}
                )  # fmt: skip
                print(dataset, seed, sampler, steps, f"CRPS {row['crps']:.4f}", flush=True)
            write(rows)


def write(rows: list[dict[str, Any]]) -> None:
    """The rows so far, each with the ratio of its plan's mean CRPS to that of 500 steps."""

    def mean(dataset: str, plan: tuple[str, int]) -> float:
        return float(
            np.mean(
                [
                    r["crps"]
                    for r in rows
                    if r["dataset"] == dataset and (r["sampler"], r["steps"]) == plan
                ]
            )
        )

    with (HERE / "steps.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*rows[0], "crps_ratio"])
        writer.writeheader()
        for r in rows:
            plan = (r["sampler"], r["steps"])
            ratio = mean(r["dataset"], plan) / mean(r["dataset"], REFERENCE)
            shown = {k: round(v, 5) if isinstance(v, float) else v for k, v in r.items()}
            writer.writerow({**shown, "crps_ratio": round(ratio, 4)})


if __name__ == "__main__":
    main()
