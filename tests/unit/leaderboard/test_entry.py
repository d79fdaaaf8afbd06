"""Tables of scores: written, read back, and refused in one line where they do not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmm_benchmark.cli import main
from mmm_benchmark.errors import UserError
from mmm_benchmark.leaderboard.agreement import disagreements, sample
from mmm_benchmark.leaderboard.entry import read_all, read_entry
from mmm_benchmark.suite.tasks import tasks
from tests.unit.leaderboard.conftest import entry, failed, row


def test_what_is_written_is_read_back(folder: Path) -> None:
    half, scipy = read_all(folder)
    assert (half.name, scipy.name) == ("half", "scipy")
    assert set(half.rows) == {task.name for task in tasks("lite")}
    assert half.value("published@1", "energy_score") == 0.2
    assert half.value("published@2", "energy_score") != half.value("published@1", "energy_score")


def alter(folder: Path, old: str, new: str, ending: str = "csv") -> Path:
    path = folder / f"half.{ending}"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return folder / "half.csv"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("c10edb99714f", "000000000000", r"line 2: fingerprint is '000000000000', not 'c10edb"),
        ("published@1,", "published@7,", r"line 2: unknown task 'published@7'"),
        ("energy_score", "energy", r"lacks energy_score; has unknown energy"),
        (",0.2,", ",-0.2,", r"must be 0 or more \(share of true media sales\)"),
        (",0.2,", ",much,", r"is 'much', no number"),
        (",0.2,", ",inf,", r"is inf, must be"),
        (",ok,", ",fine,", r"unknown status 'fine'"),
        ("2026.1,", "2025.1,", r"suite is '2025.1', not '2026.1'"),
        (",half,", ",other,", r"fitter is 'other', not 'half'"),
        ("published_geo@101,geo", "published@1,base", r"fingerprint is"),
    ],
)
def test_a_table_that_does_not_fit_is_one_line(folder, old, new, says) -> None:
    with pytest.raises(UserError, match=says) as caught:
        read_entry(alter(folder, old, new))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "format is 2, not 1"),
        ({"suite": "2027.1"}, "unknown suite '2027.1'"),
        ({"pool": "best"}, "unknown pool 'best'"),
        ({"units": {"energy_score": "percent"}}, "unit of total_error is None"),
        ({"versions": {}}, "versions must name"),
    ],
)
def test_metadata_that_do_not_fit_are_one_line(folder, change, says) -> None:
    path = folder / "half.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=says):
        read_entry(folder / "half.csv")


def test_missing_files_and_fields_are_one_line(folder: Path) -> None:
    with pytest.raises(UserError, match="is not there"):
        read_entry(folder / "third.csv")
    path = folder / "half.json"
    path.write_text("{}")
    with pytest.raises(UserError, match="lacks format, suite, fitter"):
        read_entry(folder / "half.csv")
    path.write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        read_entry(folder / "half.csv")
    path.unlink()
    with pytest.raises(UserError, match="every table of scores has its metadata"):
        read_entry(folder / "half.csv")
    with pytest.raises(UserError, match="is not there; give the folder"):
        read_all(folder / "none")


def test_the_leaderboard_command_prints_writes_and_refuses(folder, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["leaderboard", str(folder), "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "half" in text
    assert "0.50 [0.50, 0.50]" in text
    assert {path.name for path in out.iterdir()} == {
        "honest_standings.csv", "honest_cells.csv", "honest_wins.csv",
    }  # fmt: skip
    assert main(["leaderboard", str(folder), "--edition", "small"]) == 2
    assert main(["leaderboard", str(folder), "--with", str(folder / "half.csv")]) == 2
    err = capsys.readouterr().err
    assert "two tables are called 'half'" in err
    assert err.count("\n") == 2


def test_the_leaderboard_needs_no_heavy_library(folder: Path) -> None:
    code = (
        "import sys; from mmm_benchmark.cli import main; main(sys.argv[1:]);"
        "heavy = {'pandas', 'xarray', 'scipy', 'matplotlib', 'jax', 'torch'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    command = [sys.executable, "-c", code, "leaderboard", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def test_a_picture_is_drawn(folder: Path) -> None:
    path = folder / "board.png"
    assert main(["leaderboard", str(folder), "--picture", str(path)]) == 0
    assert path.stat().st_size > 10_000


def test_a_refit_agrees_within_what_is_stated() -> None:
    made = entry("half", lambda task: 0.2 if task.lite else None)
    chosen = sample(made, 3, seed=1)
    assert len(chosen) == 3
    assert chosen == sample(made, 3, seed=1)
    assert len(sample(made, 99, seed=1)) == 13
    assert disagreements(made, [row(task, 0.21) for task in chosen]) == []
    lines = disagreements(made, [row(chosen[0], 0.4), failed(chosen[1])])
    assert any("energy_score is 0.2 in the file and 0.4 here" in line for line in lines)
    assert any("ended as timeout" in line for line in lines)
