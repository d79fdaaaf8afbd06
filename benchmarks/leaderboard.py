"""How long the leaderboard takes: ``python benchmarks/leaderboard.py``.

A fresh process each time, beside one that imports pandas alone, the library a table of scores
would else be read with; on the shipped scores, and on forty made-up entrants of 45 tasks.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mmm_benchmark.leaderboard.entry import read_all, write_entry
from mmm_benchmark.suite.tasks import VERSION, tasks

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "results" / f"suite-{VERSION}"
REPEATS = 5


def seconds(*words: str) -> tuple[float, float]:
    """Median elapsed and processor seconds of a command in a process of its own."""
    import resource

    elapsed, busy = [], []
    for _ in range(REPEATS):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=ROOT)
        elapsed.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(elapsed), statistics.median(busy)


def crowd(directory: Path) -> None:
    """Forty entrants: the shipped baseline, spread over every task under other names."""
    base = next(entry for entry in read_all(SHIPPED) if entry.name == "scipy")
    row = next(iter(base.rows.values()))
    for number in range(40):
        name = "scipy" if number == 0 else f"entrant-{number}"
        rows = [type(row)(task.name, "ok", "", row.values) for task in tasks("full")]
        write_entry(directory / f"{name}.csv", {**base.metadata, "fitter": name}, rows)


def main() -> None:
    """Time and print."""
    board = ("-m", "mmm_benchmark.cli", "leaderboard")
    rows = {"import pandas": seconds("-c", "import pandas")}
    rows["leaderboard, shipped scores"] = seconds(*board, str(SHIPPED))
    with tempfile.TemporaryDirectory() as folder:
        crowd(Path(folder))
        rows["leaderboard, 40 entrants of 45 tasks"] = seconds(*board, folder, "--edition", "full")
    base = rows["import pandas"][1]
    print("median of 5: elapsed s, processor s, processor over importing pandas")
    for name, (elapsed, busy) in rows.items():
        print(f"{name:40} {elapsed:6.2f} {busy:6.2f} {busy / base:6.2f}")


if __name__ == "__main__":
    main()
