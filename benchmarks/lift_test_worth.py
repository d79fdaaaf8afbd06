"""What lift tests are worth in money: the same rows with and without ``--experiments simulated``.

    python benchmarks/lift_test_worth.py --results work/worth

For every national world of the lite suite and each row it fits twice, told nothing and told three
simulated tests of each channel (never a true lift), and compares the gain of the plan that each
fit makes (``decision_recovery.csv``: budget of today, each channel within 30%, paid by the true
world). Rows that take no experiments as tests (``diffusion-fast``) are told them as beliefs: the
same measurements, a channel's ROAS as their weighted mean. Fits are stored, so it can be stopped
and started again. Writes ``benchmarks/results/lift_test_worth.csv`` (one row a world and row) and
prints means with 95% intervals, worlds resampled.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

OUT = Path(__file__).parent / "results" / "lift_test_worth.csv"
ROWS = ("nutpie-matched", "meridian-matched", "diffusion-fast")
BY_BELIEFS = ("diffusion-fast",)
MEASURES = ("gain_share", "money_gained")
RESAMPLES = 10_000


def worlds() -> list[str]:
    """National worlds of the lite suite: tests of a single geo are what their error says."""
    from mmm_benchmark.suite.tasks import tasks

    return [task.name for task in tasks("lite") if task.geos == 1]


def beliefs(name: str) -> dict[str, dict[str, tuple[float, float]]]:
    """Each channel's ROAS and its standard error, from the tests that the other rows are told."""
    from mmm_benchmark.plan.experiments import experiments_on
    from mmm_data_generator import generate_mmm_dataset

    preset, seed = name.split("@")
    rows = experiments_on(generate_mmm_dataset(preset, seed=int(seed)), "simulated")
    frame = pd.DataFrame(rows)
    found = {}
    for channel, tests in frame.groupby("channel"):
        roas = (tests["delta_y"] / tests["delta_x"]).to_numpy()
        weight = (tests["delta_x"] / tests["sigma"]).to_numpy() ** 2
        found[str(channel)] = {
            "roas": (float(weight @ roas / weight.sum()), float(weight.sum() ** -0.5))
        }
    return found


def gains(row: str, name: str, told: bool, options: dict[str, Any]) -> dict[str, float]:
    """Measures of the plan of one fit; empty where it failed."""
    from mmm_benchmark import run_benchmark

    say: dict[str, Any] = {}
    if told:
        say = {"beliefs": beliefs(name)} if row in BY_BELIEFS else {"experiments": "simulated"}
    done = run_benchmark(name, samplers=row, plots=False, quiet=True, **options, **say)
    table = done.tables["decision_recovery"]
    table = table[(table["channel"] == "all") & table["gain_share"].notna()]
    if not len(table):
        return {}
    last = table.iloc[-1]
    return {measure: float(last[measure]) for measure in MEASURES}


def interval(values: np.ndarray) -> tuple[float, float]:
    """95% interval of the mean, worlds resampled."""
    rng = np.random.default_rng(0)
    picks = rng.integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[picks].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def report(frame: pd.DataFrame) -> None:
    """Print the difference that being told makes, by row."""
    for row, own in frame.groupby("row", sort=False):
        for measure in MEASURES:
            gained = (own[f"{measure}_told"] - own[measure]).dropna().to_numpy()
            if not len(gained):
                continue
            low, high = interval(gained)
            print(
                f"{row}: {measure} {own[measure].mean():.3g} -> "
                f"{own[f'{measure}_told'].mean():.3g}, difference {gained.mean():.3g} "
                f"[{low:.3g}, {high:.3g}] over {len(gained)} worlds"
            )


def main() -> None:
    """Fit what is missing, write the table, print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("work/worth"))
    parser.add_argument("--rows", nargs="+", default=list(ROWS))
    parser.add_argument("--most", type=int, help="so many worlds only")
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--tune", type=int, default=500)
    given = parser.parse_args()
    options = {name: getattr(given, name) for name in ("results", "chains", "draws", "tune")}
    found = []
    for row in given.rows:
        for name in worlds()[: given.most]:
            plain, told = (gains(row, name, say, options) for say in (False, True))
            named = {f"{measure}_told": value for measure, value in told.items()}
            found.append({"row": row, "world": name, **plain, **named})
            print(found[-1], flush=True)
    columns = ["row", "world", *MEASURES, *(f"{measure}_told" for measure in MEASURES)]
    frame = pd.DataFrame(found, columns=columns)
    OUT.parent.mkdir(exist_ok=True)
    frame.to_csv(OUT, index=False, float_format="%.6g")
    report(frame)


if __name__ == "__main__":
    main()
