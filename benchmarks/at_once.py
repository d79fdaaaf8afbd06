"""A hundred datasets under one prior: all at once by the physics, one after the other by NUTS.

    python benchmarks/at_once.py physics     # extra diffusion
    python benchmarks/at_once.py nuts        # extra numpyro
    python benchmarks/at_once.py report

``small_business``, told ``neutral``, and that effects stay and the baseline does not wander, which
the model of ``numpyro-mmm`` says by its form. The physics are those that ``wiener`` and
``diffusion`` draw by then (``physics/still.py``); their seconds are for all hundred, reading and
telling the prior included. NUTS is ``numpyro-mmm`` told ``neutral`` with several budgets: *cold*,
each dataset a process of its own, and *warm*, in one process whose program is compiled already.
CRPS is of channels' totals over the first datasets, told in both. One thread; a quiet machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from told_prior import append, made, read

OUT = Path(__file__).parent / "results" / "at_once.csv"
PRESET, DATASETS, SCORED = "small_business", 100, 20
PRIOR = {"base": "neutral", "effects_move": False, "baseline_wanders": False}
DRAWS = (32, 64, 200)
BUDGETS = ((4, 1000, 1000), (4, 250, 250), (2, 150, 100))  # chains, warm-up, draws
COLD = 2  # fits in a process of their own


def worlds(count: int) -> list[Any]:
    """The first datasets."""
    from mmm_data_generator import generate_mmm_dataset

    return [generate_mmm_dataset(PRESET, seed=seed) for seed in range(count)]


def score(drawn: np.ndarray[Any, Any], world: Any) -> float:
    """CRPS of channels' totals ``drawn`` (draw, channel), over what media sold."""
    from mmm_benchmark.metrics.calibration import crps, sort_draws

    truth = world.truth["contribution"].sum(("geo", "date")).values
    return float(crps(sort_draws(drawn.T), truth).sum() / truth.sum())


def physics() -> None:
    """All datasets at once."""
    import torch

    from mmm_benchmark.diffusion.inference import answer, sample
    from mmm_benchmark.diffusion.inference.prior import heed_prior
    from mmm_benchmark.diffusion.physics import still
    from mmm_benchmark.diffusion.problem.observed import Observed
    from mmm_benchmark.priors.prior import prior_of

    torch.set_num_threads(1)
    every = worlds(DATASETS)
    for draws in (4, *DRAWS):  # the first warms up
        begun = time.perf_counter()
        found = [answer.read(world.observed) for world in every]
        told = [
            heed_prior(prior_of(PRIOR), world.observed, scaled)
            for world, (scaled, _) in zip(every, found, strict=True)
        ]
        parts = {name: [getattr(o, name) for o in told] for name in Observed.__annotations__}
        many = Observed(**{name: torch.cat(values) for name, values in parts.items()})
        state = still.posterior_draws(many, draws, 0)
        index = torch.arange(DATASETS).repeat_interleave(draws)
        decoded = sample.decode(state, many.take(index), torch.Generator().manual_seed(0))
        total = decoded.contribution.sum(2).unflatten(0, (DATASETS, draws)).numpy()
        seconds = time.perf_counter() - begun
        crps = []
        for each, world, (_, order) in list(zip(total, every, found, strict=True))[:SCORED]:
            unit = world.observed["sales"].values.mean(1)[:, None]  # (geo, 1), currency per week
            crps.append(score((each * unit).sum(1)[:, np.argsort(order)], world))
        if draws in DRAWS:
            kept("physics, at once", f"{draws} draws", DATASETS, seconds, crps)


def nuts() -> None:
    """One after the other: warm, and cold."""
    from mmm_benchmark.fit import Budget

    every = worlds(SCORED)
    for chains, tune, draws in BUDGETS:
        budget = Budget(chains=chains, tune=tune, draws=draws)
        made("numpyro-mmm", "neutral").fit(every[0].observed, budget, 1)
        begun, totals = time.perf_counter(), []
        for world in every:
            fit = made("numpyro-mmm", "neutral").fit(world.observed, budget, 1)
            total = fit.posterior["contribution"].sum(("geo", "date")).stack(s=("chain", "draw"))
            totals.append(total.transpose("s", "channel").values)
        seconds = time.perf_counter() - begun
        crps = [score(each, world) for each, world in zip(totals, every, strict=True)]
        kept("numpyro-mmm, warm", f"{chains} x ({tune} + {draws})", SCORED, seconds, crps)
    for chains, tune, draws in BUDGETS:
        begun = time.perf_counter()
        for seed in range(COLD):
            one = [sys.executable, __file__, "one", str(seed), str(chains), str(tune), str(draws)]
            subprocess.run(one, check=True)
        seconds = time.perf_counter() - begun
        kept("numpyro-mmm, cold", f"{chains} x ({tune} + {draws})", COLD, seconds, [])


def one(seed: int, chains: int, tune: int, draws: int) -> None:
    """A single fit, whose process is timed from outside."""
    from mmm_benchmark.fit import Budget
    from mmm_data_generator import generate_mmm_dataset

    observed = generate_mmm_dataset(PRESET, seed=seed).observed
    made("numpyro-mmm", "neutral").fit(observed, Budget(chains=chains, tune=tune, draws=draws), 1)


def kept(how: str, budget: str, datasets: int, seconds: float, crps: list[float]) -> None:
    """One row, printed and written."""
    row = {
        "how": how,
        "budget": budget,
        "datasets": str(datasets),
        "seconds_each": f"{seconds / datasets:.4f}",
        "crps": f"{np.mean(crps):.4f}" if crps else "",
        "crps_se": f"{np.std(crps, ddof=1) / len(crps) ** 0.5:.4f}" if crps else "",
    }
    print(row, flush=True)
    append(OUT, row)


def report() -> None:
    """How many times less each way of the physics takes than each of NUTS."""
    rows = read(OUT)
    for mine in (row for row in rows if row["how"].startswith("physics")):
        for other in (row for row in rows if not row["how"].startswith("physics")):
            ratio = float(other["seconds_each"]) / float(mine["seconds_each"])
            print(
                f"{mine['budget']:9} CRPS {mine['crps']}: {ratio:6.1f} times less than"
                f" {other['how']}, {other['budget']}, CRPS {other['crps'] or 'as warm'}"
            )


def main() -> None:
    """Do one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("physics", "nuts", "report", "one"))
    parser.add_argument("of_one", nargs="*", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part == "one":
        one(*given.of_one)
    else:
        {"physics": physics, "nuts": nuts, "report": report}[given.part]()


if __name__ == "__main__":
    main()
