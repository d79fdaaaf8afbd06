"""Did *can be measured* hold? Three datasets: ask, then reveal the truth, and compare.

For each dataset the study is asked, by the command's own code, how often each channel's return
will be found. Then truths are revealed that the study did not draw: the preset's own, and worlds of
another law on the same spend (that of ``from_real``: other curves, carry-over and shares), a third
of them with hidden demand. The share of revealed returns that were found is set beside the share
that the study had said.

    python benchmarks/recoverability_held.py --results work/held

Answers are kept under ``--results``: run again, and only what is missing is fitted. Writes
``benchmarks/results/recoverability_held.csv`` and prints the table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from mmm_benchmark.recoverability.answers import Asker, askers
from mmm_benchmark.recoverability.history import DATE, GEO, KPI, History
from mmm_benchmark.recoverability.measure import FACTOR, log_error, wilson
from mmm_benchmark.recoverability.study import study
from mmm_benchmark.recoverability.words import verdicts
from mmm_data_generator import HiddenDemand, MMMDataset, from_real, generate_mmm_dataset

DATASETS = (("small_business", 1), ("published", 7), ("stress_demand", 3))
OUT = Path(__file__).parent / "results" / "recoverability_held.csv"
HIDDEN_EVERY = 3  # of the revealed worlds of another law, the share with hidden demand


def revealed(history: History, place: int) -> MMMDataset:
    """A world of another law on the same spend."""
    names = history.columns()
    followers = names["channels"][:: 2 if place % 2 else 3]
    demand = HiddenDemand(channels=tuple(followers), lift=0.05)
    return from_real(
        history.frame(),
        date=DATE,
        geo=GEO,
        channels=names["channels"],
        controls=names["controls"],
        target=KPI,
        demand=demand if place % HIDDEN_EVERY == 0 else None,
        seed=9000 + place,
        name=f"revealed-{place}",
    )


def compare(asker: Asker, name: str, seed: int, worlds: int, truths: int) -> pd.DataFrame:
    """What the study said of one dataset, and what came true, by channel."""
    dataset = generate_mmm_dataset(name, seed=seed)
    history = History.of(dataset.observed, name)

    def progress(what: str, done: int, many: int) -> None:
        if done == many:
            print(f"{name}: {what}: {done} of {many}", file=sys.stderr, flush=True)

    found = study(
        history,
        [asker],
        worlds=worlds,
        hidden_share=0.33,
        seed=42,
        remedies=False,
        progress=progress,
    )
    said = verdicts(found).set_index("channel")
    later = [dataset, *(revealed(history, place) for place in range(truths))]
    rows = []
    for place, (world, answer) in enumerate(
        zip(later, asker.ask(later, lambda more: None), strict=True)
    ):
        if answer is None or world.truth is None:
            continue
        error = log_error(np.median(answer.roas, 0), world.truth["roas"].values)
        for channel, one in zip(history.channels, error, strict=True):
            rows.append(
                {
                    "dataset": f"{name}@{seed}",
                    "truth": "the preset's own" if place == 0 else "another law",
                    "channel": channel,
                    "said": said.loc[channel, "found"],
                    "verdict": said.loc[channel, "verdict"],
                    "found": float(one <= np.log(FACTOR)),
                    "log_error": one,
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Compare on every dataset and print what held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("work/held"))
    parser.add_argument("--fitter", default="diffusion-fast")
    parser.add_argument("--worlds", type=int, default=18)
    parser.add_argument("--truths", type=int, default=8)
    parser.add_argument("--cores", type=int, default=2)
    given = parser.parse_args()
    asker = askers([given.fitter], given.results, given.cores, 42)[0]
    frames = []
    for name, seed in DATASETS:
        frames.append(compare(asker, name, seed, given.worlds, given.truths))
        table = pd.concat(frames, ignore_index=True)
        OUT.parent.mkdir(exist_ok=True)
        table.to_csv(OUT, index=False, float_format="%.4g", lineterminator="\n")
        print(summary(table).to_string(index=False), flush=True)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Shares said and found, with the 90% interval of the latter, by dataset and by verdict."""
    groups = [
        *((label, own) for label, own in table.groupby("dataset", sort=False)),
        *((f"said: {label}", own) for label, own in table.groupby("verdict", sort=False)),
        *((label, own) for label, own in table.groupby("truth", sort=False)),
        ("all", table),
    ]
    rows = []
    for label, own in groups:
        share, n = float(own["found"].mean()), len(own)
        low, high = wilson(np.array([share]), np.array([float(n)]))
        rows.append(
            {
                "of": label,
                "returns": n,
                "said": round(float(own["said"].mean()), 2),
                "found": round(share, 2),
                "low": round(float(low[0]), 2),
                "high": round(float(high[0]), 2),
                "error_factor": round(float(np.exp(own["log_error"].median())), 2),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
