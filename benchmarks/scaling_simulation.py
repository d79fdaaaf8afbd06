"""A grid of fits on a cluster, played forward from the times that ``scaling.py`` measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm_benchmark.plan.grid import make_datasets
from mmm_benchmark.plan.options import Options
from mmm_benchmark.plan.registry import BUILT_IN
from mmm_benchmark.run.executors.ray import batches

CORES = 8  # of a node
BANDWIDTH = 1.25e8  # bytes per second: one Gbit/s at each driver
FITTERS = ("scipy", "diffusion-fast", "numpyro-mmm", "oracle", "nutpie", "pymc", "meridian")
RUNS: tuple[tuple[int, int, tuple[str, ...]], ...] = (  # nodes, fits, fitters
    (100, 10_000, FITTERS),
    (100, 100_000, ("scipy",)),  # whose ten thousand take about a minute, start and tail included
    (1000, 1_000_000, ("scipy", "numpyro-mmm", "nutpie")),
)


@dataclass(frozen=True)
class Costs:
    """Seconds beside the fit."""

    out: float  # of a driver, for each job
    back: float
    node: float  # of a node, for each fit
    start: float  # of a place, once
    trip: float  # from a driver to a place and back
    idle: float  # of a driver, each second, jobs or none
    look: float  # of a driver, for each task it hears, at each look
    draw: float  # of a driver, for each world
    keep: float
    sent: float  # bytes
    returned: float


def costs(measured: pd.DataFrame) -> Costs:
    """From the table of :func:`measure`: processor seconds where there are any, as the wall's are
    those of a busy machine; the driver's Ray part is shared out half and half.
    """
    at = measured.set_index(["part", "figure"])["value"]
    own = at["driver", "out_ms"] + at["driver", "in_ms"]

    def least(figure: str, otherwise: float) -> float:
        """Over the sizes of cluster that were measured; ``otherwise`` where none was."""
        found = measured.loc[measured["figure"] == figure, "value"]
        return float(found.min()) if len(found) else float(otherwise)

    over_ray = max(0.0, least("driver_ms", own) - own) / 2
    return Costs(
        out=(at["driver", "out_ms"] + over_ray) / 1e3,
        back=(at["driver", "in_ms"] + over_ray) / 1e3,
        node=at["node", "per_fit_cpu_ms"] / 1e3,
        start=least("first_begins_s", at["node", "start_wall_s"]),
        trip=least("fastest_round_trip_ms", 10.0) / 1e3,
        idle=least("driver_idle_ms_per_s", 0.0) / 1e3,
        look=least("look_us_per_task", 0.0) / 1e6,
        draw=at["driver", "draw_world_ms"] / 1e3,
        keep=at["driver", "keep_world_ms"] / 1e3,
        sent=1e3 * at["node", "sent_kb"],
        returned=1e3 * at["node", "returned_kb"],
    )


def fit_seconds(fitter: str) -> pd.DataFrame:
    """Every time of that fitter in the shipped tables, s, and the size of its data, bytes."""
    root = Path(__file__).parents[1] / "results"
    example = pd.read_csv(root / "example" / "runtime_comparison.csv")
    example = example[example["fitter"] == fitter].dropna(subset="total_s")
    found = [(f"{row.dataset}@{row.seed}", row.total_s) for row in example.itertuples()]
    table = root / "suite-2026.1" / f"{fitter}.csv"
    if table.exists():
        suite = pd.read_csv(table).dropna(subset="seconds")
        found += [(row.task, row.seconds) for row in suite.itertuples()]
    return pd.DataFrame({"seconds": [each for _, each in found],
                         "size": [size_of(name) for name, _ in found]})  # fmt: skip


@cache
def size_of(world: str) -> int:
    """What a node is sent of a world by name, ``published@1``; bytes."""
    (made,) = make_datasets(Options(datasets=[world]))
    return int(made.dataset.observed.nbytes)


def play(
    measured: pd.DataFrame,
    cpus: int,
    nodes: int,
    fits: int,
    drivers: int,
    cost: Costs,
    seed: int = 0,
) -> dict[str, float]:
    """One run, event by event: the share of one driver, as those of the others are alike.

    Fits come as the runner sends them, those of the largest data first.
    """
    import simpy

    rng = np.random.default_rng(seed)
    world = simpy.Environment()
    places = nodes * (CORES // cpus)
    share = places // drivers  # places that each driver keeps busy
    hours = {"driver": 0.0, "link": 0.0}
    drawn = measured.sample(fits // drivers, replace=True, random_state=rng)
    times = drawn.sort_values("size", ascending=False, kind="stable")["seconds"].to_numpy()
    looks = 2 * cost.look * share  # two looks at all tasks, then a pause that grows with them
    # what else the driver does
    slower = (1 + looks / max(0.01, batches.together(share))) / (1 - cost.idle)
    total = float(times.sum())

    def one_driver(mine: np.ndarray, places: int) -> Iterator[Any]:
        lock, link = simpy.Resource(world), simpy.Resource(world)  # the interpreter; the network
        room = simpy.Container(world, init=batches.window(places), capacity=batches.LARGEST_WINDOW)
        ready = simpy.Store(world)
        took = batches.Durations()

        def busy(what: Any, name: str, length: float) -> Iterator[Any]:
            with what.request() as turn:
                yield turn
                yield world.timeout(length)
            hours[name] += length

        def hand_out() -> Iterator[Any]:
            for length in mine:
                yield room.get(1)
                yield from busy(lock, "driver", slower * cost.out)
                ready.put(length)

        def settle(length: float) -> Iterator[Any]:
            yield from busy(link, "link", (cost.sent + cost.returned) / BANDWIDTH)
            yield from busy(lock, "driver", slower * cost.back)
            took.add("fitter", length)
            yield room.put(1)

        def place() -> Iterator[Any]:
            yield world.timeout(cost.start)
            while True:  # it waits for ever when nothing is left: then the world stands still
                batch = [(yield ready.get())]
                size = took.batch("fitter", len(ready.items) + 1, places)
                batch += [ready.items.pop(0) for _ in range(size - 1)]
                yield world.timeout(cost.trip)
                for length in batch:
                    yield world.timeout(cost.node + length)
                    world.process(settle(length))

        for _ in range(places):
            world.process(place())
        yield from hand_out()

    world.process(one_driver(times, share))
    world.run()
    return {
        "hours": world.now / 3600,
        "efficiency": total / (world.now * share),
        "node_hours": nodes * world.now / 3600,
        "fits_per_hour": 3600 * fits / world.now,
        "driver_busy": hours["driver"] / world.now,
        "link_busy": hours["link"] / world.now,
    }


def studied(cost: Costs, fits: int) -> Costs:
    """Where every fit has a world of its own: all are drawn first, each is kept before its fit."""
    return replace(cost, out=cost.out + cost.keep, start=cost.start + fits * cost.draw)


def simulate(measured: pd.DataFrame) -> pd.DataFrame:
    """Every fitter at every size, with one driver and with as many as stay below 70% of a core.

    A million fits have at least four, as one driver's share of them is played.
    """
    cost = costs(measured)
    print(cost)
    claims = {entry.name: entry.claims.cpus for entry in BUILT_IN}
    rows = []
    for nodes, fits, fitters in RUNS:
        for fitter in fitters:
            times, cpus = fit_seconds(fitter), claims[fitter]
            seconds = times["seconds"]
            wanted = nodes * (CORES // cpus) / seconds.mean() * (cost.out + cost.back)
            enough = max(1, int(np.ceil(wanted / 0.7)))
            few = sorted({1, enough} if nodes < 1000 else {max(4, enough)})
            for drivers, own in [(each, False) for each in few] + [(1, True)] * (fits == 10_000):
                told = play(times, cpus, nodes, fits, drivers, studied(cost, fits) if own else cost)
                rows.append({"fitter": fitter, "cpus": cpus, "mean_fit_s": seconds.mean(),
                             "nodes": nodes, "fits": fits, "drivers": drivers,
                             "a_world_each": own, **told})  # fmt: skip
                print(
                    pd.DataFrame(rows[-1:]).round(3).to_string(index=False, header=len(rows) == 1),
                    flush=True,
                )
    return pd.DataFrame(rows)
