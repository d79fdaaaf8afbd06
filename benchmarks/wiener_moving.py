"""``wiener`` on worlds whose effects move: its solves alone, and with paths integrated out.

    python benchmarks/wiener_moving.py run [--preset time_varying] [--seeds 1 14]
    python benchmarks/wiener_moving.py report

Both answers to the same worlds, in one process; where the solves hold the mass of the posterior
both are one. Goes on where it stopped; rows in ``results/diffusion/wiener_moving.csv``. Needs the
environment of the extra ``diffusion``.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).parent / "results" / "diffusion" / "wiener_moving.csv"


def scored(posterior: Any, truth: Any) -> dict[str, float]:
    """Total media over the truth, CRPS of contributions over their mean, coverage, ROAS error."""
    draws = posterior["contribution"].transpose("chain", "draw", "geo", "date", "channel").values
    draws = draws.reshape(-1, *draws.shape[2:])
    right = truth["contribution"].transpose("geo", "date", "channel").values
    ordered = np.sort(draws, axis=0)
    n = len(draws)
    weight = (2 * np.arange(1, n + 1) - n - 1)[:, None, None, None]
    spread = 2 * (weight * ordered).sum(0) / (n * (n - 1))
    crps = np.abs(draws - right).mean(0) - spread / 2
    low, high = np.quantile(draws, (0.05, 0.95), axis=0)
    of_channel = draws.mean(0).sum((0, 1)) / np.maximum(right.sum((0, 1)), 1e-9)
    return {
        "total_over_truth": round(float(draws.mean(0).sum() / right.sum()), 3),
        "worst_channel": round(float(np.exp(np.abs(np.log(of_channel)).max())), 2),
        "crps": round(float(crps.mean() / right.mean()), 4),
        "covered_90": round(float(((low <= right) & (right <= high)).mean()), 3),
    }


def rows_of(preset: str, seed: int) -> list[dict[str, Any]]:
    """One row for each way."""
    from mmm_benchmark.diffusion.inference import answer
    from mmm_benchmark.diffusion.physics import posterior, volume
    from mmm_benchmark.fitters.diffusion import wiener
    from mmm_data_generator import generate_mmm_dataset

    world = generate_mmm_dataset(preset, seed=seed)
    scaled, order = answer.read(world.observed)
    rows = []
    for way in ("solves", "paths out"):
        begun = time.perf_counter()
        if way == "solves":
            state = posterior.posterior_draws(scaled, 200, 42, posterior.solved_grid(scaled))
            drawn = wiener.Drawn(state, {}, (), "")
        else:
            climbed = volume.climb(scaled)
            gain = volume.evidence_gain(climbed, posterior.solved_grid(scaled))
            drawn = wiener.weighed(scaled, 200, 42, climbed, gain)
        seconds = time.perf_counter() - begun
        fit = answer.to_fit(world.observed, scaled, order, drawn.state, 42)
        figures = {
            name: round(drawn.diagnostics.get(name, float("nan")), 2)
            for name in ("evidence_gain", "k_hat", "weights_ess")
        }
        rows.append(
            {"preset": preset, "seed": seed, "way": way}
            | scored(fit.posterior, world.truth)
            | figures
            | {"refused": int(bool(drawn.refused)), "seconds": round(seconds, 2)}
        )
    return rows


def report(rows: list[dict[str, Any]]) -> None:
    """Each world, then medians and paired differences."""
    for preset in sorted({row["preset"] for row in rows}):
        own = [row for row in rows if row["preset"] == preset]
        by = {way: [r for r in own if r["way"] == way] for way in ("solves", "paths out")}
        for a, b in zip(by["solves"], by["paths out"], strict=True):
            print(preset, a["seed"], "total", a["total_over_truth"], "->", b["total_over_truth"],
                  "| crps", a["crps"], "->", b["crps"], "| covered", a["covered_90"], "->",
                  b["covered_90"], "| gain", b["evidence_gain"], "k", b["k_hat"], "ess",
                  b["weights_ess"], "s", a["seconds"], b["seconds"])  # fmt: skip
        off = {w: [abs(np.log(float(r["total_over_truth"]))) for r in by[w]] for w in by}
        crps = {w: np.array([float(r["crps"]) for r in by[w]]) for w in by}
        apart = crps["paths out"] - crps["solves"]
        se = apart.std(ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else float("nan")
        print(f"{preset}, {len(apart)} worlds: total off by a factor of 2 or more: "
              f"{sum(x > np.log(2) for x in off['solves'])} -> "
              f"{sum(x > np.log(2) for x in off['paths out'])}; worst factor "
              f"{np.exp(max(off['solves'])):.2f} -> {np.exp(max(off['paths out'])):.2f}; CRPS "
              f"{crps['solves'].mean():.3f} -> {crps['paths out'].mean():.3f}, paired "
              f"{apart.mean():+.3f} ({se:.3f})")  # fmt: skip


def main() -> None:
    """Run or report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("run", "report"))
    parser.add_argument("--preset", default="time_varying")
    parser.add_argument("--seeds", type=int, nargs=2, default=(1, 14))
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if OUT.exists():
        with OUT.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    if given.part == "report":
        report(rows)
        return
    import torch

    torch.set_num_threads(1)
    for seed in range(given.seeds[0], given.seeds[1] + 1):
        if any((r["preset"], r["seed"]) == (given.preset, str(seed)) for r in rows):
            continue
        made = [{k: str(v) for k, v in r.items()} for r in rows_of(given.preset, seed)]
        rows += made
        with OUT.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        for each in made:
            print(*each.values(), flush=True)


if __name__ == "__main__":
    main()
