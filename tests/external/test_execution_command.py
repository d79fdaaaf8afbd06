"""The whole road by command line and from Python, to tables and pictures, and from the cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mmm_benchmark import Results, UserError, cli, run_benchmark
from tests.external.road import FITTERS, walk
from tests.factories import tiny_dataset

ROOT = Path(__file__).parents[2]
GOOD, RAISING = str(FITTERS / "good.py"), str(FITTERS / "raising.py")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("place")
    tiny_dataset().save(place / "data")
    return place


@pytest.fixture(scope="module")
def results(place: Path) -> Results:
    return run_benchmark(
        datasets=str(place / "data"),
        fitter=[GOOD, RAISING],
        results=place / "results",
        jobs=2,
        quiet=True,
    )


def made(place: Path) -> dict[Path, int]:
    """Every table and picture and when it was written."""
    files = [path for kind in ("csv", "png", "svg") for path in place.rglob(f"*.{kind}")]
    return {path: path.stat().st_mtime_ns for path in files}


def test_python_returns_frames_trees_and_failures(results: Results, place: Path) -> None:
    assert set(results.fits) == {"tiny@0/good"}
    assert results.fits["tiny@0/good"]["posterior"]["roas"].dims == ("chain", "draw", "channel")
    assert results.failed == {"tiny@0/raising": "ValueError: the matrix is singular"}
    for name in ("performance_metrics", "contribution_recovery", "runtime_comparison"):
        assert set(results.tables[name]["fitter"]) == {"good", "raising"}
        assert (place / "results" / "summary" / f"{name}.csv").is_file()
    assert list(results.tables["failures"]["fitter"]) == ["raising"]
    assert list((place / "results" / "tiny" / "plots").glob("*.png"))


def test_second_run_fits_nothing_and_makes_nothing(
    results: Results, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made(place)
    command = ["run", "--datasets", str(place / "data"), "--fitter", GOOD, RAISING]
    assert cli.main([*command, "--results", str(place / "results")]) == 1
    printed = capsys.readouterr().out
    assert "good on tiny@0: ok (cached)" in printed
    assert "raising on tiny@0: error (cached, ValueError: the matrix is singular)" in printed
    assert made(place) == before


def test_without_plots_there_are_tables_and_later_plots(place: Path, tmp_path: Path) -> None:
    where = tmp_path
    chosen = {"datasets": place / "data", "fitter": GOOD, "results": where, "quiet": True}
    run_benchmark(**chosen, plots=False)
    assert (where / "summary" / "performance_metrics.csv").is_file()
    (where / "summary" / "performance_metrics.csv").unlink()
    # the folder's own name says nothing of the dataset in it
    run_benchmark(datasets=place / "data", results=where, quiet=True, plots_only=True, plots=False)
    assert (where / "summary" / "performance_metrics.csv").is_file()
    assert not list(where.rglob("*.png"))
    run_benchmark(**chosen)
    assert list(where.rglob("*.png"))


def test_tables_of_the_cache_are_those_just_made(results: Results, place: Path) -> None:
    again = run_benchmark(
        datasets=place / "data", fitter=[GOOD, RAISING], results=place / "results", quiet=True
    )
    for name, table in results.tables.items():
        pd.testing.assert_frame_equal(
            again.tables[name], table, check_dtype=False, rtol=1e-4, obj=name
        )


def test_lost_table_is_made_again(results: Results, place: Path) -> None:
    lost = place / "results" / "summary" / "roas_recovery.csv"
    lost.unlink()
    run_benchmark(
        datasets=place / "data", fitter=[GOOD, RAISING], results=place / "results", quiet=True
    )
    assert lost.is_file()


def test_plots_only_draws_what_is_not_as_it_was_and_imports_no_fitting_library(
    results: Results, place: Path
) -> None:
    before = made(place)
    drawn = sorted(path for path in before if path.suffix == ".png")
    painted, lost, *others = drawn
    as_it_was = {path: path.read_bytes() for path in drawn}
    painted.write_bytes(b"painted over")
    lost.unlink()
    code = (
        "import sys; from mmm_benchmark.cli import main; code = main(sys.argv[1:]);"
        "heavy = {'jax', 'torch', 'pymc', 'numpyro', 'meridian', 'mmm_benchmark.fitters'};"
        "print('END', code, heavy & set(sys.modules))"
    )
    command = [*("run", "--plots-only", "--quiet"), "--results", str(place / "results")]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "END 1 set()\n"
    after = made(place)
    assert after.keys() == before.keys()
    assert {path: path.read_bytes() for path in drawn} == as_it_was
    assert all(after[path] == before[path] for path in others)  # none is drawn twice
    assert all(after[path] > before[path] for path in before if path.suffix == ".csv")


def test_show_why_names_what_differs(
    results: Results, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (other,) = walk(place / "results", "good", draws=500)
    key = other.fit.key
    assert cli.main(["show", key[:10], "--why", "--results", str(place / "results")]) == 0
    nearest = results.stored["tiny@0/good"].key
    assert capsys.readouterr().out.splitlines() == [
        f"nearest to {key} is {nearest}; they differ in",
        "  budget.draws: 500 here, 1000 there",
    ]


def test_mistakes_are_exceptions_in_python(place: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'scipy'"):
        run_benchmark(samplers="scippy", results=place / "none")
    with pytest.raises(UserError, match="seed or seeds"):
        run_benchmark(seed=1, seeds=[2], results=place / "none")
    assert not (place / "none" / "fits").exists()
