"""``import`` refuses in one line what no model could be fitted to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmm_benchmark.cli import main

DATES = pd.date_range("2022-01-03", periods=30, freq="7D")


def table() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "date": DATES.strftime("%Y-%m-%d"),
            "y": rng.uniform(900, 1100, 30).round(2),
            "TV": rng.uniform(50, 150, 30).round(2),
        }
    )


def mixed(frame: pd.DataFrame) -> pd.DataFrame:
    months = pd.date_range("2020-01-01", periods=10, freq="MS").strftime("%Y-%m-%d")
    return frame.assign(date=[*months, *frame["date"][:20]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(y=0.0), "'y' is zero in every period: there are no sales"),
        (lambda f: f.assign(y=5.0), "'y' is 5 in every period: nothing moves"),
        (lambda f: f.assign(TV=[-1.0, *f["TV"][1:]]), "spend of 'TV', 2022-01-03 = -1.0"),
        (lambda f: f.assign(TV=0.0), "spend of 'TV' is zero in every period"),
        (lambda f: pd.concat([f, f.iloc[[3]]]), "two rows for 2022-01-24; one for each date"),
        (mixed, "most dates are 7 days apart, but after 2020-01-01 comes 2020-02-01"),
        (lambda f: f.drop(index=[7]), "but after 2022-02-14 comes 2022-02-28"),
        (lambda f: f.astype({"TV": object}).replace(f["TV"][4], "n/a"), "row 6 = 'n/a'"),
        (lambda f: f.rename(columns={"TV": "tv"}), "did you mean 'tv'?"),
    ],
)
def test_a_table_that_cannot_be_fitted_is_refused_in_one_line(tmp_path, capsys, change, said):
    path = tmp_path / "sales.csv"
    change(table()).to_csv(path, index=False)
    assert main(["import", str(path), "--channels", "TV", "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert "geo_all" not in error
    assert "frame:" not in error
    assert not (tmp_path / "out").exists()


def test_a_workbook_that_is_none_says_so(tmp_path, capsys):
    path = tmp_path / "sales.xlsx"
    path.write_bytes(b"hello")
    assert main(["import", str(path), "--channels", "TV", "--out", str(tmp_path / "out")]) == 2
    assert "no workbook that Excel would open" in capsys.readouterr().err
