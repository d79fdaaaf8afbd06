"""Saved datasets are whole or refused; the command line says what to do."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mmm_data_generator import DataError, MMMDataset, generate_mmm_dataset
from mmm_data_generator.__main__ import main


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return generate_mmm_dataset("basic", seed=1).save(tmp_path / "basic")


def test_a_directory_that_is_not_there_or_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there; it must hold"):
        MMMDataset.load(tmp_path / "nothing")
    with pytest.raises(DataError, match="not a dataset or was only half written"):
        MMMDataset.load(tmp_path)


def test_half_written(saved: Path) -> None:
    (saved / "dataset.json").unlink()
    with pytest.raises(DataError, match="half written"):
        MMMDataset.load(saved)


def test_a_missing_truncated_or_damaged_file(saved: Path) -> None:
    truth = saved / "truth.nc"
    whole = truth.read_bytes()
    truth.write_bytes(whole[:-100])
    with pytest.raises(DataError, match=r"truth\.nc: differs from what was saved"):
        MMMDataset.load(saved)
    truth.unlink()
    with pytest.raises(DataError, match=r"truth\.nc is missing"):
        MMMDataset.load(saved)
    (saved / "dataset.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="is damaged"):
        MMMDataset.load(saved)


def test_a_newer_format_says_so(saved: Path) -> None:
    index = saved / "dataset.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "format_version": 9}))
    with pytest.raises(DataError, match="format version 9 is newer"):
        MMMDataset.load(saved)


def test_saving_again_replaces_the_whole(saved: Path) -> None:
    other = generate_mmm_dataset("basic", seed=2, include_ground_truth=False)
    other.save(saved)
    again = MMMDataset.load(saved)
    assert again.seed == 2
    assert again.truth is None
    assert sorted(path.name for path in saved.iterdir()) == ["dataset.json", "observed.nc"]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write to"):
        generate_mmm_dataset("basic").save(tmp_path / "file")


def test_command_line_saves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, csv = tmp_path / "made", tmp_path / "made.csv"
    arguments = ["basic", "--out", str(out), "--csv", str(csv), "--seed", "5"]
    assert main([*arguments, "--set", "regions.n_regions=2"]) == 0
    assert "saved in" in capsys.readouterr().out
    dataset = MMMDataset.load(out)
    assert (dataset.seed, dataset.observed.sizes["geo"]) == (5, 2)
    assert len(pd.read_csv(csv)) == 104


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["basik", "--out", "x"], "did you mean 'basic'?"),
        (["basic"], "give --out DIR"),
        (["basic", "--out", "x", "--set", "n_periods"], "must be FIELD=VALUE"),
        (["basic", "--out", "x", "--set", "n_periods=1"], "n_periods = 1: must be"),
        (["basic", "--out", "x", "--seed", "-1"], "seed = -1: must be"),
    ],
)
def test_command_line_refuses(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert expected in error


def test_command_line_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert "small_business" in capsys.readouterr().out.split()


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, mmm_data_generator;assert not {'numpy', 'pandas', 'xarray'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_generating_needs_neither_plots_nor_the_benchmark() -> None:
    code = (
        "import sys, mmm_data_generator as m; m.generate_mmm_dataset('basic');"
        "heavy = {'matplotlib', 'seaborn', 'scipy', 'mmm_benchmark', 'h5netcdf'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "content",
    [
        *("[]", "null", "3", "[" * 100_000, "\x00"),
        {"format_version": "1"},
        {"format_version": None},
        {"name": ["x"]},
        {"seed": "/../../../x"},
        {"seed": 1.5},
        {"seed": -1},
        {"config": [1]},
        {"sha256": ["observed.nc"]},
        {"sha256": {"../observed.nc": "0"}},
        {"sha256": {"dataset.json": "0"}},
    ],
)
def test_an_index_of_another_shape_is_one_line(saved: Path, content: str | dict) -> None:
    index = saved / "dataset.json"
    if isinstance(content, dict):
        content = json.dumps({**json.loads(index.read_text()), **content})
    index.write_text(content)
    with pytest.raises(DataError, match="is damaged; save the dataset again"):
        MMMDataset.load(saved)
