"""Adding a fitter or a measure touches what CONTRIBUTING.md says, and nothing else.

Each is added to a copy of the package in a temporary directory, then used by another interpreter
that imports the copy.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package as it is, without trained weights."""
    leave_out = shutil.ignore_patterns("__pycache__", "checkpoint")
    return shutil.copytree(ROOT / "mmm_benchmark", tmp_path / "mmm_benchmark", ignore=leave_out)


def insert(file: Path, after: str, text: str) -> None:
    """Put ``text`` behind the one place where ``after`` stands."""
    before = file.read_text(encoding="utf-8")
    assert before.count(after) == 1, f"'{after}' stands {before.count(after)} times in {file.name}"
    file.write_text(before.replace(after, after + text), encoding="utf-8")


def use(copy: Path, script: str) -> str:
    """Run a script that imports the copy, and the tests' own worlds."""
    paths = f"import sys; sys.path[:0] = [{str(copy.parent)!r}, {str(ROOT)!r}]\n"
    assure = f"import mmm_benchmark; assert mmm_benchmark.__path__[0] == {str(copy)!r}\n"
    done = subprocess.run(
        [sys.executable, "-P", "-c", paths + assure + script],
        cwd=copy.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_measure_is_a_function_a_line_of_its_scoring_and_its_name(copy: Path) -> None:
    metrics = copy / "metrics" / "recovery.py"
    metrics.write_text(
        metrics.read_text()
        + '\n\ndef squared_error(estimate: float, truth: float) -> float:\n    """Squared."""\n'
        + "    return (estimate - truth) ** 2\n"
    )
    scoring = copy / "scoring" / "total.py"
    insert(
        scoring,
        '        "error": float(draws.mean()) - truth,\n',
        '        "squared_error": recovery.squared_error(float(draws.mean()), truth),\n',
    )
    insert(scoring, "from mmm_benchmark.metrics import calibration", ", recovery")
    columns = copy / "report" / "tables" / "columns.py"
    insert(columns, '"share_90_lower", "share_90_upper", "error"', ', "squared_error"')
    use(
        copy,
        "from mmm_benchmark.report.tables.build import build_tables\n"
        "from tests.fixtures import scored_worlds as worlds\n"
        "world = worlds.world(1, 12, 1)\n"
        "fit = worlds.fake_fit(world, draws=4)\n"
        "table = build_tables([(fit, world)])['total_recovery']\n"
        "assert len(table) == 3\n"
        "assert ((table['squared_error'] - table['error'] ** 2).abs() < 1e-12).all()\n",
    )


def test_a_fitter_is_a_folder_and_an_entry_of_the_registry(copy: Path) -> None:
    document = (ROOT / "docs" / "fitters.md").read_text(encoding="utf-8")
    toy = copy / "fitters" / "linear"
    toy.mkdir()
    (toy / "__init__.py").write_text('"""A straight line in spend."""\n')
    (toy / "fitter.py").write_text(re.findall(r"```python\n(.*?)```", document, re.S)[0])
    insert(
        copy / "plan" / "registry.py",
        "BUILT_IN: tuple[FitterEntry, ...] = (\n",
        '    FitterEntry(name="linear", target="mmm_benchmark.fitters.linear.fitter:Linear",\n'
        '                group="linear", summary="a straight line in spend"),\n',
    )
    listed = use(
        copy,
        "from mmm_benchmark.cli import main\n"
        "from mmm_benchmark.fitters.linear.fitter import Linear\n"
        "from mmm_benchmark.testing import check_fitter\n"
        "check_fitter(Linear())\n"
        "assert main(['run', '--samplers', 'linear', '--datasets', 'basic', '--dry-run']) == 0\n"
        "assert main(['list']) == 0\n",
    )
    assert "a straight line in spend" in listed
    assert "0 cached, 1 to fit" in listed
