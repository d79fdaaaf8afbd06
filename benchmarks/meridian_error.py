# /// script
# dependencies = ["google-meridian>=2.1,<3", "jax>=0.6,<0.13"]
# ///
"""What moves Meridian's error in contributions: curve, slope, season, knots, one at a time.

    UV_PROJECT_ENVIRONMENT=.venvs/meridian uv run --extra meridian \\
        python benchmarks/meridian_error.py --results results/fairness

Starts from the model of the first version of this suite's ``meridian`` row ("as it was") and
changes one thing; then from the one it is now ("as it is") and changes that thing back. Appends a
row to ``meridian_error.csv`` for each fit and leaves alone what is there, so it can be stopped and
started again; ``--most`` ends after so many fits (exit code 3 when none is missing).
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import warnings
from pathlib import Path

WAS = {"half_saturation": "beta", "slope": "gamma", "knot_every": 26}
CHANGES: dict[str, dict[str, object]] = {
    "as it was": WAS,
    "as it is": {},
    "was + library's half-saturation": WAS | {"half_saturation": "library"},
    "was + knots every 8 weeks": WAS | {"knot_every": 8},
    "was + two yearly waves": WAS | {"season_modes": 2},
    "was + library's slope": WAS | {"slope": "library"},
    "is, but knots every 26 weeks": {"knot_every": 26},
    "is, but Beta(2, 2) half-saturation": {"half_saturation": "beta"},
    "is, but Gamma(2, 1) slope": {"slope": "gamma"},
}
WAYS = ("meridian-default", "meridian-matched", "meridian-published", "meridian-follow-up")
WORLDS = ("small_business", "seasonal", "basic")
SEEDS = (1, 2)
COLUMNS = (
    *("dataset", "seed", "what", "crps", "srmse", "coverage_50", "coverage_90", "total_error"),
    *("r2_sales", "r_hat", "ess_bulk", "divergences", "seconds", "chains", "tune", "draws"),
    "google_meridian",
)
FILE = "meridian_error.csv"


def main() -> None:
    """Make the missing fits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results/fairness"))
    parser.add_argument("--most", type=int, help="so many fits, then end")
    parser.add_argument("--draws", type=int, default=250)
    parser.add_argument("--tune", type=int, default=250)
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / FILE
    done = set()
    if path.exists():
        with path.open(newline="") as file:
            done = {(row["dataset"], int(row["seed"]), row["what"]) for row in csv.DictReader(file)}
    missing = [
        (dataset, seed, what)
        for what in (*CHANGES, *WAYS)
        for dataset in WORLDS
        for seed in SEEDS
        if (dataset, seed, what) not in done
    ]
    if not missing:
        sys.exit(3)
    for job in missing[: options.most]:
        row = fit(*job, tune=options.tune, draws=options.draws)
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(row, flush=True)


def row_of(what: str):
    """The fitter of one line of the table."""
    from mmm_benchmark.fitters.meridian import fitter

    ways = {
        "meridian-default": fitter.MeridianDefault,
        "meridian-matched": fitter.MeridianMatched,
        "meridian-published": fitter.MeridianPublished,
        "meridian-follow-up": lambda: fitter.MeridianPublished(edition="follow-up"),
    }
    return ways[what]() if what in ways else fitter.Meridian(**CHANGES[what])


def fit(dataset: str, seed: int, what: str, *, tune: int, draws: int) -> dict[str, object]:
    """One fit with the real library, and its scores."""
    warnings.simplefilter("ignore")
    from importlib.metadata import version

    from mmm_benchmark.fit import Budget
    from mmm_benchmark.scoring.contribution import contribution_rows
    from mmm_benchmark.scoring.performance import performance_rows
    from mmm_data_generator import generate_mmm_dataset

    world = generate_mmm_dataset(dataset, seed=seed)
    started = time.perf_counter()
    budget = Budget(chains=2, draws=draws, tune=tune, target_accept=0.9)
    found = row_of(what).fit(world.observed, budget, seed)
    seconds = time.perf_counter() - started
    rows = contribution_rows(found.posterior, world.truth, False)
    score = next(row for row in rows if row["geo"] == row["channel"] == "all")
    rows = performance_rows(found.posterior, None, world.observed, world.truth, False)
    sales = next(row for row in rows if row["geo"] == "all")
    numbers = {
        **{name: score[name] for name in ("crps", "srmse", "coverage_50", "coverage_90")},
        "total_error": score["total_error"],
        "r2_sales": sales["r2"],
        **{name: found.diagnostics[name] for name in ("r_hat", "ess_bulk", "divergences")},
        "seconds": seconds,
    }
    return {
        "dataset": dataset,
        "seed": seed,
        "what": what,
        **{name: f"{float(value):.5g}" for name, value in numbers.items()},
        "chains": 2,
        "tune": tune,
        "draws": draws,
        "google_meridian": version("google-meridian"),
    }


if __name__ == "__main__":
    main()
