"""Jobs an hour, fits forked from a server that has imported beside fits that import for themselves.

    python benchmarks/throughput.py [--fitters scipy numpyro-mmm] [--seeds 8] [--out FILE.csv]

For each fitter the same jobs are fitted twice in one run of this script, in new results
directories: with ``--imports own`` and with ``--imports shared``, tables left out. Then the tables
and the pictures of the first fitter's fits are timed. Written: seconds of each, jobs an hour, and
the ratio; machine load at the start, so that a figure of a busy machine is known for one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from rich.console import Console

from mmm_benchmark.api import execute
from mmm_benchmark.environments.make import ensure
from mmm_benchmark.plan.grid import find_contenders, make_datasets
from mmm_benchmark.plan.options import Options
from mmm_benchmark.store.fits import Store

QUICK = {"chains": 2, "draws": 100, "tune": 100}  # imports and start-up are compared, not samplers


def fits(fitter: str, seeds: int, imports: str, results: Path) -> float:
    """Seconds that the fits of one fitter to ``small_business`` take."""
    numbers = tuple(range(1, seeds + 1))
    options = Options(samplers=(fitter,), seeds=numbers, results=results, imports=imports, **QUICK)
    contenders = find_contenders(options, lambda needs: ensure(needs, print, quiet=True))
    made = make_datasets(options)
    started = time.perf_counter()
    outcomes = execute(options, Store(results), made, contenders, Console(quiet=True))
    seconds = time.perf_counter() - started
    if failed := [outcome.fit.record["reason"] for outcome in outcomes if outcome.failed]:
        raise SystemExit(f"{fitter}: {failed[0]}")
    return seconds


def command(*words: str) -> float:
    """Seconds that a whole ``mmm-benchmark run`` takes, its own start included."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "mmm_benchmark.cli", "run", "--quiet", *words], check=True
    )
    return time.perf_counter() - started


def compare(fitter: str, seeds: int, place: Path) -> dict[str, object]:
    """One row: both ways, own first."""
    load = os.getloadavg()[0]
    own, shared = (fits(fitter, seeds, way, place / f"{fitter}-{way}") for way in ("own", "shared"))
    return {
        "fitter": fitter,
        "fits": seeds,
        "own_s": own,
        "shared_s": shared,
        "own_per_hour": 3600 * seeds / own,
        "shared_per_hour": 3600 * seeds / shared,
        "ratio": own / shared,
        "load_at_start": load,
    }


def main() -> None:
    """Measure, print, and write the table where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fitters", nargs="+", default=["scipy", "numpyro-mmm", "nutpie",
                                                         "diffusion-fast"])  # fmt: skip
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for fitter in chosen.fitters:
            rows.append(compare(fitter, chosen.seeds, Path(place)))
            print(pd.DataFrame(rows[-1:]).round(2).to_string(index=False), flush=True)
        words = ("--samplers", "scipy", "--seeds", *map(str, range(1, chosen.seeds + 1)))
        where = ("--results", str(Path(place) / "whole"))
        for what, more in (("fits and tables", ("--no-plots",)), ("pictures", ())):
            print(f"scipy, {chosen.seeds} fits, {what}: {command(*words, *where, *more):.1f} s")
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).round(3).to_csv(chosen.out, index=False)


if __name__ == "__main__":
    main()
