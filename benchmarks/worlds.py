"""Time and memory of stressed worlds and of many worlds, on one core.

``python benchmarks/worlds.py`` prints two tables. Memory is the peak of a fresh process for each
size, less that of one which only imports, beside the bytes that are returned.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import json
import statistics
import subprocess
import sys
import time

from mmm_data_generator import generate_mmm_dataset, get_preset_config
from mmm_data_generator.presets.stress import STRESS_PRESETS

CHILD = """
import json, resource, sys, time
from mmm_data_generator import get_preset_config, simulate_batch
config, n = get_preset_config("small_business"), int(sys.argv[1])
simulate_batch(config, range(2))
start = time.process_time()
batch = simulate_batch(config, range(n)) if n else {}
seconds = time.process_time() - start
size = sum(batch[name].nbytes for name in batch)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([seconds, peak / 1024, size / 2**20]))
"""


def batch_of(n: int) -> list[float]:
    """Return CPU seconds, peak resident MB and returned MB of a batch in a fresh process."""
    command = [sys.executable, "-c", CHILD, str(n)]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    values: list[float] = json.loads(out.stdout)
    return values


def main() -> None:
    """Print the tables."""
    empty = batch_of(0)[1]
    print("small_business worlds    CPU s   peak MB   returned MB   peak over returned")
    for n in (1_000, 2_000, 5_000, 10_000):
        seconds, peak, size = batch_of(n)
        print(f"{n:21,}{seconds:9.2f}{peak - empty:10.0f}{size:14.0f}{(peak - empty) / size:21.2f}")
    print("\npreset with all truths         median ms   fastest ms")
    for name in STRESS_PRESETS:
        config, times = get_preset_config(name), []
        for seed in range(6):
            start = time.process_time()
            generate_mmm_dataset(config, seed=seed)
            times.append(1000 * (time.process_time() - start))
        print(f"{name:30}{statistics.median(times):11.1f}{min(times):13.1f}")


if __name__ == "__main__":
    main()
