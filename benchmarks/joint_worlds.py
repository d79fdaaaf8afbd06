"""Told the law of the ``published`` worlds: each fitter beside the exact reference, on new worlds.

    python benchmarks/joint_worlds.py fit FITTER ...    # goes on; in the environment of each
    python benchmarks/joint_worlds.py report

Worlds of the cell ``published`` of seeds that the suite does not hold and no choice was made on.
``oracle`` and ``exact`` need the extra ``numpyro``, the others ``diffusion``. Measures are the
leaderboard's; rows are in ``results/joint_worlds.csv``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from told_prior import RESAMPLES, append, compared, read

OUT = Path(__file__).parent / "results" / "joint_worlds.csv"
FIRST_SEED, WORLDS = 201, 15
FITTERS = ("oracle", "exact", "diffusion", "diffusion-fast", "wiener")
#: Of warm-up and draws, of four chains: as the suite's rows have them.
TUNE = {"oracle": 500, "exact": 1000}


def fit(fitters: list[str]) -> None:
    """Every world that these fitters have not answered yet."""
    from mmm_benchmark.fit import Budget
    from mmm_benchmark.plan.datasets import source_of
    from mmm_benchmark.scoring.roas import roas_rows
    from mmm_benchmark.scoring.series import ALL

    done = {(row["seed"], row["fitter"]) for row in read(OUT)}
    for seed in range(FIRST_SEED, FIRST_SEED + WORLDS):
        world = source_of(f"published@{seed}").make(seed)
        for name in fitters:
            if (str(seed), name) in done:
                continue
            budget = Budget(chains=4, draws=1000, tune=TUNE.get(name, 1000), target_accept=0.9)
            begun = time.perf_counter()
            found = made(name).fit(observed_by(name, world), budget, 42)
            seconds = time.perf_counter() - begun
            (whole,) = (
                row
                for row in roas_rows(found.posterior, world.observed, world.truth, True)
                if row["channel"] == ALL
            )
            row = {
                "seed": str(seed),
                "fitter": name,
                "roas_crps": f"{whole['crps']:.5f}",
                "energy": f"{whole['energy_score']:.5f}",
                "held_90": f"{whole['roas_covered_90']:.4f}",
                "checks_failed": str(sum(not met for met in found.checks.values())),
                "r_hat": f"{found.diagnostics.get('r_hat', float('nan')):.4f}",
                "seconds": f"{seconds:.0f}",
            }
            print(row, flush=True)
            append(OUT, row)


def observed_by(name: str, world: Any) -> Any:
    """What a fitter is given; the reference knows the family of the world."""
    observed = world.observed
    if name == "oracle":
        from mmm_benchmark.plan.generating_family import family_text

        return observed.assign_attrs(family=family_text(world))
    return observed


def made(name: str) -> Any:
    """The fitter of that name, told the law."""
    if name == "oracle":
        from mmm_benchmark.fitters.oracle.fitter import Oracle

        return Oracle()
    if name == "exact":
        from mmm_benchmark.fitters.numpyro_mmm.exact import Exact

        return Exact(prior="published")
    from told_prior import made as told

    return told(name, "published")


def report() -> None:
    """Ratios over the reference, geometric means; worlds drawn again for the intervals."""
    rows = read(OUT)
    by = {(row["seed"], row["fitter"]): row for row in rows}
    rng = np.random.default_rng(0)
    for name in FITTERS[1:]:
        worlds = [seed for seed, of in by if of == name and (seed, "oracle") in by]
        if len(worlds) < 2:
            continue
        again = rng.integers(len(worlds), size=(RESAMPLES, len(worlds)))
        held = {key: float(row["held_90"]) for key, row in by.items()}
        for measure in ("roas_crps", "energy"):
            score = {key: float(row[measure]) for key, row in by.items()}
            one = [(w,) for w in worlds]
            print(f"{measure:9} {compared(score, held, one, name, 'oracle')}")
        less = np.array([held[w, name] - held[w, "oracle"] for w in worlds])
        low, high = np.quantile(less[again].mean(1), [0.025, 0.975])
        print(f"          apart in what 90% intervals hold [{low:+.3f}, {high:+.3f}]")


def main() -> None:
    """Do one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("fit", "report"))
    parser.add_argument("fitters", nargs="*", choices=FITTERS, metavar="FITTER")
    given = parser.parse_args()
    if given.part == "fit":
        fit(given.fitters)
    else:
        report()


if __name__ == "__main__":
    main()
