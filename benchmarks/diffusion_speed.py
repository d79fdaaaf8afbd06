"""Seconds of the diffusion model beside NUTS, in one run on an otherwise idle machine.

    python benchmarks/diffusion_speed.py --datasets 100

1. one dataset cold: process start, import, load, draws, summary, as any job of the public API;
2. the first answer of a fresh process, from before ``import torch``;
3. many datasets at once in one warm process, decoded to contributions.

NUTS fits the first ``--nuts`` of the same datasets, cold, through the same API: a fit knows nothing
of the one before it. CRPS is over the datasets that both fitted. Results: ``speed.csv``.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from diffusion_evaluation import crps_of

PRESET = "small_business"
OUT = Path(__file__).parent / "results" / "diffusion" / "speed.csv"
FIELDS = ("what", "fitter", "datasets", "draws", "seconds", "seconds_each", "crps")


def warm(count: int, shared: int, draws: int, steps: int) -> dict[str, Any]:
    """Answer ``count`` datasets at once; runs in the environment that has torch."""
    start = time.perf_counter()
    import torch

    from mmm_benchmark.diffusion.inference import answer, checkpoint
    from mmm_benchmark.diffusion.inference import sample as inference
    from mmm_benchmark.diffusion.problem.observed import Observed
    from mmm_benchmark.diffusion.problem.schedule import cosine_schedule
    from mmm_data_generator import generate_mmm_dataset

    network, config, _ = checkpoint.load(None, checkpoint.pick_device(None))
    schedule = cosine_schedule(config.diffusion_steps, config.cosine_offset)
    plan = inference.Plan("dpm", steps)

    def contributions(chosen: list[Any], n: int) -> Any:
        parts = {name: [getattr(o, name) for o, _ in chosen] for name in Observed.__annotations__}
        many = Observed(**{name: torch.cat(values) for name, values in parts.items()})
        state = inference.sample(network, schedule, many, n, plan, seed=0)
        index = torch.arange(len(chosen)).repeat_interleave(n)
        decoded = inference.decode(state, many.take(index), torch.Generator().manual_seed(0))
        return decoded.contribution.unflatten(0, (len(chosen), n)).numpy()

    contributions([answer.read(generate_mmm_dataset(PRESET, seed=0).observed)], 16)
    first = time.perf_counter() - start
    worlds = [generate_mmm_dataset(PRESET, seed=seed) for seed in range(count)]
    read = [answer.read(world.observed) for world in worlds]
    start = time.perf_counter()
    drawn = contributions(read, draws)
    seconds = time.perf_counter() - start
    crps = []
    for world, (_, order), each in list(zip(worlds, read, drawn, strict=True))[:shared]:
        unit = world.observed["sales"].values.mean(1)[None, :, None, None]
        crps.append(crps_of((each * unit)[..., np.argsort(order)], world))
    return {"first": first, "seconds": seconds, "crps": float(np.mean(crps))}


def cold(fitter: str, shared: int, draws: int) -> dict[str, Any]:
    """One fit after the other through the public API, in a store of their own."""
    from mmm_benchmark import run_benchmark
    from mmm_data_generator import generate_mmm_dataset

    with tempfile.TemporaryDirectory() as fresh:
        done = run_benchmark(
            [f"{PRESET}@{seed}" for seed in range(shared)],
            samplers=fitter,
            draws=draws,
            tune=draws,
            seed=0,
            results=fresh,
            plots=False,
            quiet=True,
        )
        seconds = [fit.record["total_s"] for fit in done.stored.values()]
        crps = []
        for name, tree in done.fits.items():
            world = generate_mmm_dataset(PRESET, seed=int(name.split("@")[1].split("/")[0]))
            drawn = tree["posterior"]["contribution"].stack(s=("chain", "draw"))
            drawn = drawn.transpose("s", "geo", "date", "channel").values
            crps.append(crps_of(drawn, world))
    return {"seconds": float(np.sum(seconds)), "crps": float(np.mean(crps))}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--datasets", type=int, default=100)
    parser.add_argument("--draws", type=int, nargs="+", default=[64, 200])
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--nuts", type=int, default=3, help="datasets that NUTS fits")
    parser.add_argument("--against", nargs="+", default=["numpyro-mmm", "numpyro"])
    parser.add_argument("--warm", type=int, nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.warm:
        print(json.dumps(warm(*given.warm)))
        return
    from mmm_benchmark.environments.find import find
    from mmm_benchmark.environments.needs import extra_needs

    python = find(extra_needs("diffusion")).python
    rows: list[dict[str, Any]] = []
    for draws in given.draws:
        sizes = [str(n) for n in (given.datasets, given.nuts, draws, given.steps)]
        command = [str(python), __file__, "--warm", *sizes]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        name = f"diffusion, {given.steps} steps"
        rows += [
            line("first answer of a fresh process, 16 draws", name, 1, 16, found["first"], None),
            line("at once, warm", name, given.datasets, draws, found["seconds"], found["crps"]),
        ]
    for fitter, draws in [("diffusion-fast", 200), *((name, 1000) for name in given.against)]:
        found = cold(fitter, given.nuts, draws)
        total = 200 if fitter.startswith("diffusion") else 4 * draws
        rows.append(line("each cold", fitter, given.nuts, total, found["seconds"], found["crps"]))
    with OUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)


def line(
    what: str, fitter: str, datasets: int, draws: int, seconds: float, crps: float | None
) -> dict[str, Any]:
    """One row of the table, printed."""
    found = {
        "what": what,
        "fitter": fitter,
        "datasets": datasets,
        "draws": draws,
        "seconds": round(seconds, 2),
        "seconds_each": round(seconds / datasets, 3),
        "crps": None if crps is None else round(crps, 4),
    }
    print(*found.values(), sep="  ", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
