"""How long a diffusion fit takes beside other jobs, and how far that is from its fair share.

    .venvs/diffusion/bin/python benchmarks/busy_machine.py --out benchmarks/results/busy_machine.csv

Each way of running threads is timed beside ``--jobs`` busy processes, one way after another, the
whole ``--repeats`` times, every fit in a process of its own whose first fit does not count. The
share of a core that a job gets is measured on the busy processes themselves, so whatever else the
machine does is counted: at that share, a fit of one thread takes ``processor seconds / share``.
``times_fair`` is the time over that: 1 is fair for a single thread, below 1 has used a second core.

Ways: ``as shipped`` sets nothing; ``spinning`` has OpenMP's threads spin while they wait for one
another, as they do by default; ``one thread`` has nobody to wait for.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

SPIN = {"GOMP_SPINCOUNT": "300000"}  # what libgomp does when it is told nothing
WAYS = {"as shipped": {}, "spinning": SPIN, "one thread": {"OMP_NUM_THREADS": "1"}}
FITS = ("wiener", "diffusion-fast")
DRAWS = 64


def fit(name: str) -> None:
    """Fit twice in this process; print wall and processor seconds of the second fit."""
    from mmm_benchmark.environments.load import make_fitter
    from mmm_benchmark.fit import Budget
    from mmm_benchmark.plan.registry import BUILT_IN
    from mmm_data_generator import generate_mmm_dataset

    entry = next(each for each in BUILT_IN if each.name == name)
    observed = generate_mmm_dataset("small_business", seed=1).observed
    fitter = make_fitter(entry.target, {**entry.settings, "draws": DRAWS})
    for again in (False, True):
        wall, processor = time.perf_counter(), time.process_time()
        fitter.fit(observed, Budget(), 1)
        if again:
            print(time.perf_counter() - wall, time.process_time() - processor)
        else:
            print("ready", flush=True)
            sys.stdin.readline()


@contextmanager
def busy(jobs: int) -> Iterator[list[psutil.Process]]:
    """Keep so many processes busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(jobs)]
    try:
        yield [psutil.Process(loop.pid) for loop in loops]
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def timed(name: str, way: str, jobs: int) -> dict[str, float]:
    """Wall and processor seconds of one fit beside ``jobs``, and the share a job got meanwhile."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, "--fit", name],
        env={**environment, **WAYS[way]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    with busy(jobs) as loops:
        before, clock = [sum(loop.cpu_times()[:2]) for loop in loops], time.perf_counter()
        child.stdin.write("go\n")
        child.stdin.flush()
        wall, processor = map(float, child.stdout.readline().split())
        spent = time.perf_counter() - clock
        used = [
            sum(loop.cpu_times()[:2]) - start for loop, start in zip(loops, before, strict=True)
        ]
    child.wait()
    return {"seconds": wall, "processor": processor, "share": used / jobs / spent}


def main() -> None:
    """Time every way and write one row each: medians over the repeats."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/busy_machine.csv"))
    parser.add_argument("--fit", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fit:
        fit(given.fit)
        return
    rows = []
    for name in FITS:
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(given.repeats):
            for way in WAYS:
                found[way].append(timed(name, way, given.jobs))
        work = sorted(each["processor"] for each in found["one thread"])[given.repeats // 2]
        for way, each in found.items():
            middle = sorted(each, key=lambda one: one["seconds"] * one["share"])[given.repeats // 2]
            fair = work / middle["share"]
            rows.append(
                {
                    "fitter": name, "way": way, "jobs": given.jobs, "repeats": given.repeats,
                    "cores": os.cpu_count(), "seconds": round(middle["seconds"], 2),
                    "processor_seconds": round(middle["processor"], 2),
                    "share_of_a_core": round(middle["share"], 3),
                    "fair_seconds": round(fair, 2),
                    "times_fair": round(middle["seconds"] / fair, 2),
                }
            )  # fmt: skip
            print(rows[-1], flush=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with given.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
