"""How fast the generator is, on one core: measured against what was asked for, and a peer.

``python benchmarks/generator.py`` prints a table. Import is measured in fresh processes, the rest
in this one after a warm-up. Each figure is the median of several runs: elapsed time, and processor
time, which is what an idle core would take when other work shares the machine.

``--peer CHECKOUT --peer-python PYTHON`` measures the generator of PyMC Labs' mmm-param-recovery
beside this one instead, preset by preset in one run, each in a fresh process. CHECKOUT is a clone
of github.com/pymc-labs/mmm-param-recovery; PYTHON an interpreter with the pymc-marketing it asks
for (0.15), which compiles and evaluates every transform there.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import csv
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mmm_data_generator import (
    draw_batch,
    generate_mmm_dataset,
    get_preset_config,
    simulate_batch,
)

#: Run in a fresh process: module, checkout, preset, repeats. Prints seconds (elapsed, processor) of
#: import and first dataset together and of further datasets, and the rows of the table made.
CHILD = """
import json, statistics, sys, time
module, checkout, preset, repeats = *sys.argv[1:4], int(sys.argv[4])
sys.path.insert(0, checkout)
clocks = time.perf_counter, time.process_time
def timed(work):
    start = [clock() for clock in clocks]
    made = work()
    return made, [clock() - begun for clock, begun in zip(clocks, start)]
def make():
    from importlib import import_module
    library = import_module(module)
    return library.generate_mmm_dataset(library.get_preset_config(preset))
made, first = timed(make)
runs = [timed(make)[1] for _ in range(repeats)]
again = [statistics.median(run[i] for run in runs) for i in range(2)]
print(json.dumps({"first": first, "again": again, "rows": len(made["data"])}))
"""

WHAT = {"first": "import and first dataset", "again": "a further dataset (median)"}
REPEATS = {"small_business": 9, "medium_business": 5, "large_business": 1}


def seconds(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the median elapsed and the median processor time of ``work``, after one warm-up."""
    work()
    elapsed, processor = [], []
    for _ in range(repeats):
        start, busy = time.perf_counter(), time.process_time()
        work()
        elapsed.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    return statistics.median(elapsed), statistics.median(processor)


def import_seconds() -> tuple[float, float]:
    """Return elapsed and processor time of the import itself in a fresh interpreter."""
    code = (
        "import time; start, busy = time.perf_counter(), time.process_time();"
        " import mmm_data_generator;"
        " print(time.perf_counter() - start, time.process_time() - busy)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    elapsed, processor = out.stdout.split()
    return float(elapsed), float(processor)


def preset(name: str) -> Callable[[], object]:
    """Return the work of generating a preset with all its truths."""
    config = get_preset_config(name)
    return lambda: generate_mmm_dataset(config, seed=1)


def one_side(python: str, module: str, checkout: str, preset: str) -> dict[str, list[float]]:
    """Return what CHILD measures of one generator and preset."""
    command = [python, "-c", CHILD, module, checkout, preset, str(REPEATS[preset])]
    # a library may talk while it is imported: the answer is the last line
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    figures: dict[str, list[float]] = json.loads(out.strip().splitlines()[-1])
    return figures


def beside_the_peer(checkout: Path, python: str, presets: list[str], out: Path | None) -> None:
    """Measure both generators on the same presets, print and save the figures."""
    git = ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    print(f"peer: mmm-param-recovery at commit {commit}; each in a fresh process, one thread")
    print(f"{'seconds, elapsed (processor)':44}{'peer':>22}{'this one':>22}{'ratio':>9}")
    rows: list[list[Any]] = []
    for preset in presets:
        peer = one_side(python, "mmm_param_recovery.data_generator", str(checkout), preset)
        ours = one_side(sys.executable, "mmm_data_generator", "", preset)
        assert peer["rows"] == ours["rows"], (preset, peer["rows"], ours["rows"])
        for what in ("first", "again"):
            label = f"{preset}, {WHAT[what]}"
            sides = [f"{wall:.4f} ({busy:.4f})" for wall, busy in (peer[what], ours[what])]
            ratio = peer[what][1] / ours[what][1]
            print(f"{label:44}{sides[0]:>22}{sides[1]:>22}{ratio:>9.0f}", flush=True)
            rows.append([preset, WHAT[what], commit, *peer[what], *ours[what], ratio])
        if out is not None:  # after each preset, as the largest takes the peer many minutes
            save(rows, out)


def save(rows: list[list[Any]], out: Path) -> None:
    """Write the figures as CSV."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        clocks = "peer_elapsed_s", "peer_processor_s", "elapsed_s", "processor_s"
        table.writerow(["preset", "measured", "peer_commit", *clocks, "processor_ratio"])
        table.writerows([*row[:3], *(f"{v:.5g}" for v in row[3:])] for row in rows)


def main() -> None:
    """Print one table or the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, metavar="CHECKOUT")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--presets", nargs="+", choices=list(REPEATS), default=list(REPEATS))
    parser.add_argument("--out", type=Path, help="with --peer: a CSV file of the figures")
    given = parser.parse_args()
    if given.peer is None:
        own_table()
    else:
        beside_the_peer(given.peer, given.peer_python, given.presets, given.out)


def own_table() -> None:
    """Print times beside what was asked for."""
    small = get_preset_config("small_business")
    rng = np.random.default_rng(0)

    def ten_batches() -> None:
        for first in range(0, 10_000, 1000):
            simulate_batch(small, range(first, first + 1000))

    imports = sorted(import_seconds() for _ in range(5))
    rows = [("import mmm_data_generator", "0.2 s", *imports[2])]
    asked = [
        ("small_business", "", preset("small_business"), 20),
        ("medium_business", "0.020 s", preset("medium_business"), 20),
        ("large_business", "0.5 s", preset("large_business"), 5),
        ("1,000 small_business in a batch", "5 s", lambda: simulate_batch(small, range(1000)), 3),
        ("10,000 small_business, ten batches", "20 s", ten_batches, 1),
        (
            "2,000 time_varying worlds drawn",
            "1 s",
            lambda: draw_batch(rng, "time_varying", 2000),
            3,
        ),
        ("2,000 worlds of the wide prior", "1 s", lambda: draw_batch(rng, "worlds", 2000), 3),
    ]
    rows += [(name, required, *seconds(work, n)) for name, required, work, n in asked]
    print(f"{'':44}{'required':>10}{'elapsed':>11}{'processor':>11}")
    for name, required, elapsed, processor in rows:
        print(f"{name:44}{required:>10}{elapsed:>9.4f} s{processor:>9.4f} s")


if __name__ == "__main__":
    main()
