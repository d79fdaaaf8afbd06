"""Installed from wheels, away from any checkout, a fitter that needs an extra runs.

Its environment is made of the running distribution's own files: no index is asked for this
project, and the wheels it was installed from may be gone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from email.parser import Parser
from pathlib import Path

import pytest

from mmm_benchmark.environments.make import uv

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = {"mmm-benchmark": ROOT, "mmm-data-generator": ROOT / "mmm_data_generator"}

pytestmark = pytest.mark.external


def call(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run away from the checkout: nothing of this process's environment points into it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")
    }
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd, env=kept | environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Both distributions as ``uv build`` makes them for publishing, source archives too."""
    out = tmp_path_factory.mktemp("dist")
    for folder in DISTRIBUTIONS.values():
        call(uv(), "build", "--quiet", "--python", sys.executable, "--out-dir", out, folder,
             cwd=out)  # fmt: skip
    assert len(list(out.glob("*.tar.gz"))) == len(DISTRIBUTIONS)
    return {name: next(out.glob(f"{name.replace('-', '_')}-*.whl")) for name in DISTRIBUTIONS}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_metadata_say_what_an_index_shows(name: str, wheels: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(wheels[name]) as wheel:
        names = wheel.namelist()
        about = next(each for each in names if each.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(wheel.read(about).decode())
    assert metadata["Name"] == name
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.12"
    assert metadata["Description-Content-Type"] == "text/markdown"
    classifiers = metadata.get_all("Classifier") or []
    for minor in (12, 13, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    package = name.replace("-", "_")
    assert f"{package}/py.typed" in names
    assert all(each.startswith((f"{package}/", f"{package}-")) for each in names)
    assert any(each.endswith("licenses/LICENSE") for each in names)


def test_a_fitter_with_an_extra_runs_away_from_the_checkout(
    wheels: Mapping[str, Path], tmp_path: Path
) -> None:
    dist, venv = tmp_path / "dist", tmp_path / "venv"
    dist.mkdir()
    copies = [shutil.copy(wheel, dist) for wheel in wheels.values()]
    # the same date for every resolution, as in the checkout
    project = (ROOT / "pyproject.toml").read_text()
    date = project.partition('exclude-newer = "')[2].partition('"')[0]
    surroundings = {
        "UV": uv(),
        "UV_EXCLUDE_NEWER": date,
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    call(uv(), "venv", "--quiet", "--python", sys.executable, venv, cwd=tmp_path)
    call(uv(), "pip", "install", "--quiet", "--python", venv / "bin" / "python", *copies,
         cwd=tmp_path, **surroundings)  # fmt: skip
    shutil.rmtree(dist)  # what it was installed from is gone
    program = venv / "bin" / "mmm-benchmark"
    call(program, "run", "--datasets", "basic", "--samplers", "numpyro-laplace", "--chains", "1",
         "--draws", "50", "--tune", "50", "--no-plots", "--results", "out",
         cwd=tmp_path, **surroundings)  # fmt: skip
    (record,) = (tmp_path / "out" / "fits").glob("*/fit.json")
    assert json.loads(record.read_text())["status"] == "ok"
    made = tmp_path / "data" / "mmm-benchmark" / "venvs" / "numpyro"
    there = call(made / "bin" / "python", "-P", "-c",
                 "import mmm_benchmark; print(mmm_benchmark.__file__)", cwd=tmp_path)  # fmt: skip
    assert Path(there.strip()).is_relative_to(made)
    assert f"numpyro: {made}" in call(program, "envs", cwd=tmp_path, **surroundings)
