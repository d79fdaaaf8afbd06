"""``mmm-benchmark generate --from-csv``: sales on a company's own spend, from the command line."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_benchmark.cli import main
from mmm_data_generator import MMMDataset, generate_mmm_dataset


@pytest.fixture
def company(tmp_path):
    path = tmp_path / "company.csv"
    generate_mmm_dataset("small_business", seed=4).to_frame().to_csv(path, index=False)
    return path


def test_a_csv_becomes_a_dataset(company, tmp_path, capsys):
    out = tmp_path / "mine"
    columns = ["--channels", "x1_Search-Ads", "x3_Local-Ads", "--controls", "c1", "--target", "y"]
    code = main(
        ["generate", "--from-csv", str(company), *columns, "--seed", "3", "--out", str(out)]
    )
    assert code == 0, capsys.readouterr().err
    data = MMMDataset.load(out)
    assert list(data.observed["channel"].values) == ["x1_Search-Ads", "x3_Local-Ads"]
    real = generate_mmm_dataset("small_business", seed=4).observed
    np.testing.assert_allclose(
        data.observed["spend"].values[..., 0], real["spend"].sel(channel="Search-Ads").values
    )
    assert float(data.truth["contribution"].sum()) > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "o"], "give a preset's name, or --from-csv"),
        (["basic", "--from-csv", "a.csv", "--out", "o"], "not both"),
        (["--from-csv", "a.csv", "--out", "o"], "needs --channels"),
        (["--from-csv", "a.csv", "--channels", "x", "--out", "o"], "there is no such file"),
        (["basic", "--target", "y", "--out", "o"], "--target needs --from-csv"),
    ],
)
def test_bad_calls_end_in_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["generate", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error
    assert not (tmp_path / "o").exists()
