"""The generator's folder, copied elsewhere, installs and passes its own tests by itself.

A clean environment holds it, what it depends on, pytest and hypothesis; none of the benchmark. The
tests are those that need no long computation; the whole suite runs beside the benchmark's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "mmm_data_generator"
QUICK = ("tests/fields", "tests/config", "tests/dataset", "tests/test_docs.py")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the copied folder and the interpreter of its environment."""
    home = tmp_path_factory.mktemp("alone")
    copy, environment = home / "generator", home / "environment"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    subprocess.run(["uv", "venv", "-q", "--no-project", environment], check=True, cwd=home)
    python = environment / "bin" / "python"
    install = ["uv", "pip", "install", "-q", "--python", python]
    subprocess.run([*install, str(copy), "pytest", "hypothesis"], check=True, cwd=home)
    return copy, python


def run(alone: tuple[Path, Path], *arguments: str) -> subprocess.CompletedProcess[str]:
    copy, python = alone
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [python, *arguments], cwd=copy, env=clean, capture_output=True, text=True, check=False
    )


def test_nothing_of_the_benchmark_is_there(alone: tuple[Path, Path]) -> None:
    found = run(alone, "-c", "import mmm_data_generator as m; print(m.__file__)")
    assert "site-packages" in found.stdout
    assert run(alone, "-c", "import mmm_benchmark").returncode == 1


def test_its_own_tests_pass(alone: tuple[Path, Path]) -> None:
    done = run(alone, "-m", "pytest", "-q", "-p", "no:cacheprovider", *QUICK)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
