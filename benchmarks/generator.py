"""How fast the generator is, on one core: measured against what was asked for.

``python benchmarks/generator.py`` prints a table. Import is measured in fresh processes, the rest
in this one after a warm-up. Each figure is the median of several runs: elapsed time, and processor
time, which is what an idle core would take when other work shares the machine.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from mmm_data_generator import (
    draw_batch,
    generate_mmm_dataset,
    get_preset_config,
    simulate_batch,
)


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


def main() -> None:
    """Print the table."""
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
