"""``python -m tests.faults [--times N | --night] [--seed N] [--only TEXT]``: try, print figures.

Ctrl-C ends the kind that is tried with the figures so far.

``--times`` is how often each fault of a run is tried; faults of a store and fuzzed files are tried
ten times as often. ``--night`` kills each of six victims at 34 moments (two of them where Ray is),
corrupts a store 200 times and reads 1,000 fuzzed files. Exit code 1 when anything did not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.faults import fuzzed, on_ray, running, stored
from tests.faults.tally import Fault, Tally, table

STORED: dict[str, Fault] = {
    "store corrupted": stored.corruption,
    "answer that lies": stored.lying_answer,
    "record of garbage": stored.record_of_garbage,
    "clock set back": stored.clock_backwards,
}
FUZZED: dict[str, Fault] = {
    "fuzzed table": fuzzed.table,
    "fuzzed config": fuzzed.config,
    "fuzzed prior": fuzzed.prior,
}
#: How often in a night: 204 moments, 200 corruptions, 1,000 files; the rest as it takes time.
VICTIMS = ("parent", "worker", "keeper", "server", "Ray driver", "Ray node")
NIGHT = {
    **{f"{victim} killed": 34 for victim in VICTIMS},
    **dict.fromkeys(STORED, 200),
    "fuzzed table": 600,
    "fuzzed config": 300,
    "fuzzed prior": 100,
}
NIGHT_ELSE = 10


def attempt(name: str, fault: Fault, times: int, seed: int) -> Tally:
    """Try one fault ``times`` times, each in an empty folder and with a stream of its own.

    Ctrl-C ends it with those that were tried.
    """
    tally = Tally(name)
    for turn in range(times):
        with tempfile.TemporaryDirectory(prefix="fault-", ignore_cleanup_errors=True) as place:
            try:
                tally.add(list(fault(Random(f"{seed} {name} {turn}"), Path(place))))
            except KeyboardInterrupt:
                break
    return tally


def main() -> int:
    """Try what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--night", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    tallies = []
    for name, fault in {**STORED, **FUZZED, **running.FAULTS, **on_ray.FAULTS}.items():
        if chosen.only not in name:
            continue
        if name == "a full disk" and not running.may_mount():
            print(f"{name}: not tried, nothing may be mounted here", file=sys.stderr, flush=True)
            continue
        if name in on_ray.FAULTS and not on_ray.may_ray():
            print(f"{name}: not tried, Ray is not here", file=sys.stderr, flush=True)
            continue
        times = chosen.times * (10 if name in STORED or name in FUZZED else 1)
        if chosen.night:
            times = NIGHT.get(name, NIGHT_ELSE)
        tallies.append(attempt(name, fault, times, chosen.seed))
        last = tallies[-1]
        print(f"{name}: {last.survived} of {last.tried}", file=sys.stderr, flush=True)
        for wrong in last.wrong:
            print(f"  {wrong.kind}: {wrong.what}", file=sys.stderr, flush=True)
    print(table(tallies))
    return int(any(tally.wrong for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
