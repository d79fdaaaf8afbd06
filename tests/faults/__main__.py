"""``python -m tests.faults [--times N] [--seed N] [--only TEXT]``: try every fault, print figures.

``--times`` is how often each fault of a run is tried (the night's size is 50); faults of a store
and lying answers are tried ten times as often. Exit code 1 when anything did not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.faults import running, stored
from tests.faults.tally import Fault, Tally, table

STORED: dict[str, Fault] = {
    "store corrupted": stored.corruption,
    "answer that lies": stored.lying_answer,
    "record of garbage": stored.record_of_garbage,
    "clock set back": stored.clock_backwards,
}


def attempt(name: str, fault: Fault, times: int, seed: int) -> Tally:
    """Try one fault ``times`` times, each in an empty folder and with a stream of its own."""
    tally = Tally(name)
    for turn in range(times):
        with tempfile.TemporaryDirectory(prefix="fault-", ignore_cleanup_errors=True) as place:
            tally.add(list(fault(Random(f"{seed} {name} {turn}"), Path(place))))
    return tally


def main() -> int:
    """Try what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    tallies = []
    for name, fault in {**STORED, **running.FAULTS}.items():
        if chosen.only not in name:
            continue
        times = chosen.times * (10 if name in STORED else 1)
        tallies.append(attempt(name, fault, times, chosen.seed))
        last = tallies[-1]
        print(f"{name}: {last.survived} of {last.tried}", file=sys.stderr, flush=True)
        for wrong in last.wrong:
            print(f"  {wrong.kind}: {wrong.what}", file=sys.stderr, flush=True)
    print(table(tallies))
    return int(any(tally.wrong for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
