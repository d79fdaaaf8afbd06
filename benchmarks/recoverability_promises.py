"""Did plans and remedies hold? Three datasets: ask, then act in worlds of another law, and compare.

The study says what the model's plan earns and what each remedy buys, and where a lift test helps.
Here worlds of another law on the same spend are revealed (``recoverability_held.py``). In each the
model's plan is paid for by the truth; every remedy that gives other data is tried again; and the
two lift tests that the study ranks highest are run and really told to the model, which the study
itself only reckons (``recoverability/lift.py``).

    python benchmarks/recoverability_promises.py --results work/promises --dataset small_business@1

Answers are kept under ``--results``: run again, and only what is missing is fitted. Writes
``benchmarks/results/recoverability_plans.csv`` and ``recoverability_remedies.csv``, one row a world
and plan or remedy, and prints the tables that docs/own_data.md quotes.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from recoverability_held import DATASETS, revealed
from rich.console import Console

from mmm_benchmark.api import execute
from mmm_benchmark.plan.datasets import reference_to
from mmm_benchmark.plan.grid import Made, find_contenders
from mmm_benchmark.plan.options import Options
from mmm_benchmark.recoverability.answers import AMORTISED, Answer, Asker, _of_tree, _ready, askers
from mmm_benchmark.recoverability.history import History
from mmm_benchmark.recoverability.lift import Belief, off_test
from mmm_benchmark.recoverability.measure import FACTOR, log_error, world_row
from mmm_benchmark.recoverability.remedies import (
    MANY,
    TEST_REGIONS,
    WHOLE,
    Remedy,
    plan_remedies,
    world_under,
)
from mmm_benchmark.recoverability.study import Study, study
from mmm_benchmark.recoverability.worlds import Drawn, Law
from mmm_benchmark.store.fits import Store
from mmm_data_generator import MMMDataset, generate_mmm_dataset

OUT = Path(__file__).parent / "results"
TOLD = 2  # lift tests of a dataset that are run and told
SEED = 42


@dataclass(frozen=True)
class Revealed(Drawn):
    """A world of another law, which can be had on other plans too."""

    def again(self, history: History) -> Drawn:
        """The same seed of the same law on another plan."""
        return reveal(history, self.law.place)


def reveal(history: History, place: int) -> Revealed:
    """World ``place`` of the other law on a plan."""
    dataset = revealed(history, place)
    law = Law(place, {}, np.ones(0), 0.0, 0.0, None, SEED)
    return Revealed(law, dataset, ())


def told(
    dataset: MMMDataset, channel: str, value: float, error: float, folder: Path
) -> Answer | None:
    """The amortised model's answer once it is told what a test found."""
    options = Options(
        samplers=(AMORTISED,),
        chains=1,
        draws=60,
        seed=SEED,
        beliefs={channel: {"roas": (value, error)}},
        results=folder,
        quiet=True,
    )
    store = Store(options.results)
    contenders = find_contenders(options, _ready)
    made = Made(dataset, reference_to(dataset), SEED)
    fit = execute(options, store, [made], contenders, Console(quiet=True))[0].fit
    if not fit.ok:
        return None
    tree = fit.tree()
    try:
        return _of_tree(tree, dataset.observed)
    finally:
        tree.close()


def plans(found: Study, worlds: list[Revealed], answers: list[Answer | None]) -> pd.DataFrame:
    """What the plan was said to bring, promised and brought, one row a world."""
    said = found.worlds
    rows = []
    for world, answer in zip(worlds, answers, strict=True):
        if answer is not None:
            row = world_row(world, answer, AMORTISED)
            rows.append({name: row[name] for name in ("world", "gain", "gain_promised",
                                                      "gain_possible", "loses_money")})  # fmt: skip
    table = pd.DataFrame(rows)
    for name in ("gain", "gain_promised", "gain_possible", "loses_money"):
        table[f"said_{name}"] = said[name].mean()
    return table


def remedies(
    found: Study, asker: Asker, worlds: list[Revealed], answers: list[Answer | None], folder: Path
) -> pd.DataFrame:
    """Each remedy in each revealed world: errors before and after, beside what was said."""
    history, said = found.history, found.remedies.set_index(["kind", "channel"])
    made: list[tuple[int, Remedy, MMMDataset, np.ndarray]] = []
    for remedy in plan_remedies(history):
        for i, world in enumerate(worlds):
            under = world_under(remedy, world, history)
            if under is not None:
                made.append((i, remedy, *under))
    after = asker.ask([each[2] for each in made], lambda more: None)
    rows = []
    for (i, remedy, _, roas), answer in zip(made, after, strict=True):
        before = answers[i]
        if answer is not None and before is not None:
            rows.append(_row(found, said, worlds[i], before, np.median(answer.roas, 0), roas,
                             remedy.kind, remedy.channel))  # fmt: skip
    tests = found.remedies[found.remedies["kind"].str.startswith("lift")].head(TOLD)
    for test in tests.to_dict("records"):
        for i, world in enumerate(worlds):
            before = answers[i]
            several = str(test["kind"]).endswith(MANY)
            where = world
            if several and len(history.geos) == 1:
                where = world.again(history.split(TEST_REGIONS, world.law.place))
            at = history.channels.index(test["channel"])
            name = str(world.dataset.observed["channel"].values[at])  # as the world calls it
            result = off_test(where, name, None if several else 1, SEED)
            if before is None or result is None:
                continue
            reckoned = Belief.of(before.roas).told(at, result.value, result.error)
            answer = told(world.dataset, name, result.value, result.error, folder)
            if answer is None:
                continue
            row = _row(found, said, world, before, np.median(answer.roas, 0), world.roas,
                       test["kind"], test["channel"])  # fmt: skip
            rows.append(row | {"reckoned": log_error(reckoned.roas, world.roas)[at]})
        print(f"told: {test['remedy']}", file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def _row(
    found: Study,
    said: pd.DataFrame,
    world: Drawn,
    before: Answer,
    mark: np.ndarray,
    truth: np.ndarray,
    kind: str,
    channel: str,
) -> dict[str, object]:
    spend = found.history.spend.sum((0, 1))
    weight = spend / spend.sum()
    was, now = log_error(np.median(before.roas, 0), world.roas), log_error(mark, truth)
    own = slice(None) if channel == WHOLE else found.history.channels.index(channel)
    return {
        "world": world.law.place,
        "kind": kind,
        "channel": channel,
        "gain": float(weight @ (was - now)),
        "own_before": float(np.mean(was[own])),
        "own_after": float(np.mean(now[own])),
        "own_found_before": float(np.mean(was[own] <= np.log(FACTOR))),
        "own_found_after": float(np.mean(now[own] <= np.log(FACTOR))),
        "said_gain": said.loc[(kind, channel), "gain"],
        "said_gain_se": said.loc[(kind, channel), "gain_se"],
        "said_own_before": np.log(said.loc[(kind, channel), "own_error_before"]),
        "said_own_after": np.log(said.loc[(kind, channel), "own_error_after"]),
        "said_own_found_after": said.loc[(kind, channel), "own_found_after"],
    }


def main() -> None:
    """Compare on the datasets asked for and print what held of all that is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("work/promises"))
    parser.add_argument("--dataset", default=None, help="name@seed; all three by default")
    parser.add_argument("--worlds", type=int, default=18)
    parser.add_argument("--truths", type=int, default=8)
    parser.add_argument("--cores", type=int, default=2)
    given = parser.parse_args()
    asker = askers([AMORTISED], given.results, given.cores, SEED)[0]
    for name, seed in DATASETS:
        label = f"{name}@{seed}"
        if given.dataset not in (None, label):
            continue
        history = History.of(generate_mmm_dataset(name, seed=seed).observed, name)
        found = study(history, [asker], worlds=given.worlds, hidden_share=0.33, seed=SEED,
                      remedies=True, progress=_progress)  # fmt: skip
        worlds = [reveal(history, place) for place in range(given.truths)]
        answers = asker.ask([each.dataset for each in worlds], lambda more: None)
        tables = {
            "plans": plans(found, worlds, answers),
            "remedies": remedies(found, asker, worlds, answers, given.results / "told"),
        }
        for which, table in tables.items():
            _keep(OUT / f"recoverability_{which}.csv", label, table)
    print(_plans_summary(pd.read_csv(OUT / "recoverability_plans.csv")).to_string(index=False))
    remedy = pd.read_csv(OUT / "recoverability_remedies.csv", keep_default_na=False,
                         na_values={"reckoned": [""]})  # fmt: skip
    print(_remedies_summary(remedy).to_string(index=False))


def _keep(path: Path, label: str, table: pd.DataFrame) -> None:
    """Put a dataset's rows in a file in place of those it has."""
    kept = pd.read_csv(path) if path.exists() else pd.DataFrame({"dataset": []})
    whole = pd.concat([kept[kept["dataset"] != label], table.assign(dataset=label)])
    whole.to_csv(path, index=False, float_format="%.4g", lineterminator="\n")


def _progress(what: str, done: int, many: int) -> None:
    if done == many:
        print(f"{what}: {done}", file=sys.stderr, flush=True)


def _plans_summary(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for label, own in [*table.groupby("dataset", sort=False), ("all", table)]:
        rows.append(
            {
                "of": label,
                "worlds": len(own),
                **{
                    name: f"{100 * own[name].mean():.2f} +- {100 * own[name].sem():.2f}%"
                    for name in ("gain_promised", "gain", "gain_possible")
                },
                "said_gain": f"{100 * own['said_gain'].mean():.2f}%",
                "said_promised": f"{100 * own['said_gain_promised'].mean():.2f}%",
                "loses": f"{own['loses_money'].mean():.2f}",
                "said_loses": f"{own['said_loses_money'].mean():.2f}",
            }
        )
    return pd.DataFrame(rows)


def _remedies_summary(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for label, own in [*table.groupby("kind", sort=False), ("all", table)]:
        each = own.groupby(["dataset", "channel"])[["gain", "said_gain"]].mean()
        by_world = own.groupby(["dataset", "world"])["gain"].mean()
        rows.append(
            {
                "of": label,
                "tried": len(own),
                "remedies": len(each),
                "said_gain": round(own["said_gain"].mean(), 3),
                "gain": f"{by_world.mean():.3f} +- {by_world.sem():.3f}",
                "own_before": round(own["own_before"].mean(), 2),
                "own_after": round(own["own_after"].mean(), 2),
                "said_own_before": round(own["said_own_before"].mean(), 2),
                "said_own_after": round(own["said_own_after"].mean(), 2),
                "found_after": round(own["own_found_after"].mean(), 2),
                "said_found_after": round(own["said_own_found_after"].mean(), 2),
                "reckoned": round(own["reckoned"].mean(), 2),
                "rank_correlation": round(each["gain"].corr(each["said_gain"], "spearman"), 2),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
