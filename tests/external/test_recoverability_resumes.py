"""A study that was killed goes on where it was: nothing that was answered is asked again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

WORLDS, KEPT = 6, 2


def test_a_killed_study_asks_only_what_is_missing(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    n = 40
    pd.DataFrame(
        {
            "date": pd.date_range("2023-01-02", periods=n, freq="7D").strftime("%Y-%m-%d"),
            "y": rng.uniform(900, 1100, n),
            "TV": rng.uniform(50, 150, n),
            "Search": rng.uniform(20, 60, n),
        }
    ).to_csv(tmp_path / "sales.csv", index=False)
    command = [
        *(sys.executable, "-m", "mmm_benchmark.cli", "recoverability", "sales.csv"),
        *("--target", "y", "--channels", "TV", "Search", "--fitters", "scipy"),
        *("--worlds", str(WORLDS), "--no-remedies"),
    ]
    answers = tmp_path / "results" / "recoverability" / "answers" / "scipy"

    def kept() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in answers.glob("*.npz")}

    def fits() -> dict[str, int]:
        return {
            path.parent.name: path.stat().st_mtime_ns
            for path in (answers / "fits").rglob("fit.json")
        }

    first = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while len(kept()) < KEPT and first.poll() is None:
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    before, fitted = kept(), fits()
    assert KEPT <= len(before) < WORLDS

    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    after = kept()
    assert len(after) == WORLDS
    assert {name: after[name] for name in before} == before
    later = fits()
    assert {name: later[name] for name in fitted} == fitted

    once_more = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert once_more.returncode == 0, once_more.stderr
    assert (kept(), fits()) == (after, later)
    assert once_more.stdout.splitlines()[:-1] == again.stdout.splitlines()[:-1]
