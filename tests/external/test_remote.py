"""Two drivers on two machines, so to speak, and one bucket of a real S3 server on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from mmm_benchmark import run_benchmark
from mmm_benchmark.store.fits import Store
from mmm_benchmark.store.objects import objects_at
from mmm_benchmark.store.place import Mirror
from tests.factories import tiny_dataset
from tests.unit.store.shelves import BUCKET, s3_server

__all__ = ["s3_server"]

ROOT = Path(__file__).parents[2]
MEASURED = ["contribution_recovery", "roas_recovery", "total_recovery", "decision_recovery"]


def driver(machine: Path, url: str, dataset: str) -> subprocess.Popen[str]:
    machine.mkdir()
    command = [sys.executable, "-m", "mmm_benchmark.cli", "run", "--datasets", dataset]
    command += ["--samplers", "scipy", "--results", url, "--no-plots", "--no-page"]
    return subprocess.Popen(
        command,
        cwd=machine,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_drivers_on_one_bucket_fit_once_and_agree_with_a_local_run(
    s3_server: str, tmp_path: Path
) -> None:
    world = tiny_dataset()
    world.save(tmp_path / "world")
    url = f"s3://{BUCKET}/drivers"
    drivers = [driver(tmp_path / name, url, str(tmp_path / "world")) for name in ("one", "two")]
    said = [each.communicate(timeout=300)[0] for each in drivers]
    assert [each.returncode for each in drivers] == [0, 0], said
    assert not any("Traceback" in each for each in said)
    fresh = sum(each.count(": ok (") - each.count(": ok (cached") for each in said)
    assert fresh == 1, said

    # a third machine has nothing of its own: all it says comes from the bucket
    mirror = Mirror(tmp_path / "three", url=url)
    assert len(list(Store(mirror))) == 1
    far = run_benchmark(plots_only=True, plots=False, page=False, results=mirror, quiet=True)
    near = run_benchmark(
        world, "scipy", plots=False, page=False, results=tmp_path / "near", quiet=True
    )
    for name in MEASURED:
        pd.testing.assert_frame_equal(
            far.tables[name].drop(columns="fit"), near.tables[name].drop(columns="fit")
        )
        assert (
            objects_at(url).read(f"summary/{name}.csv")
            == (mirror / "summary" / f"{name}.csv").read_bytes()
        )


def test_a_submission_is_verified_with_its_refits_in_a_bucket(
    s3_server: str, tmp_path: Path
) -> None:
    url = f"s3://{BUCKET}/verified"
    command = [sys.executable, "-m", "mmm_benchmark.cli", "verify"]
    command += [str(ROOT / "results" / "suite-2026.1" / "scipy.csv"), "--tasks", "1"]
    ended = subprocess.run(
        [*command, "--results", url], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "scipy agrees on " in ended.stdout
    assert len(list(Store(Mirror(tmp_path / "elsewhere", url=url)))) == 1
