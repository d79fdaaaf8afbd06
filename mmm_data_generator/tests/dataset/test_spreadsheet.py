"""Tables as spreadsheets write them: read rightly, or asked about in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm_data_generator import DataError, MMMDataset
from mmm_data_generator.dataset.overview import overview
from mmm_data_generator.dataset.spreadsheet import read_spreadsheet
from mmm_data_generator.dataset.spreadsheet.numbers import decimal_mark, number

WEEKS = 30
NAMES = ("Umsatz", "TV & Radio", "Search: Brand (€)")


def table(weeks: int = WEEKS) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"Woche": pd.date_range("2023-01-02", periods=weeks, freq="W-MON")})
    for name in NAMES:
        frame[name] = np.round(rng.gamma(2.0, 4000.0, weeks), 2)
    return frame


def written(value: float, decimal: str, thousands: str) -> str:
    return f"{value:,.2f}".replace(",", "_").replace(".", decimal).replace("_", thousands)


def save(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "sales.csv"
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path, **how: Any) -> pd.DataFrame:
    given: dict[str, Any] = {"date": "Woche", "geo": None, "numbers": NAMES} | how
    return read_spreadsheet(path, **given).frame


def same(found: pd.DataFrame, frame: pd.DataFrame) -> None:
    assert list(found["Woche"]) == list(frame["Woche"].dt.strftime("%Y-%m-%d"))
    for name in NAMES:
        np.testing.assert_allclose(found[name], frame[name])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(("decimal", "thousands"), [(".", ","), (",", "."), (",", " "), (".", "'")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %b %Y"])
def test_what_spreadsheets_write_is_read(
    tmp_path: Path, separator: str, decimal: str, thousands: str, encoding: str, form: str
) -> None:
    frame = table()
    cells = frame.assign(Woche=frame["Woche"].dt.strftime(form))
    for name in NAMES:
        cells[name] = [written(value, decimal, thousands) for value in frame[name]]
    path = save(tmp_path, cells.to_csv(index=False, sep=separator), encoding)
    same(read(path), frame)


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_excel_and_parquet(tmp_path: Path, kind: str) -> None:
    pytest.importorskip({"xlsx": "openpyxl", "parquet": "pyarrow"}[kind])
    frame, path = table(), tmp_path / f"sales.{kind}"
    frame.to_excel(path, index=False) if kind == "xlsx" else frame.to_parquet(path, index=False)
    same(read(path), frame)


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), st.sampled_from([".,", ",.", ", ", ".'"]))
def test_a_written_number_is_that_number(value: float, marks: str) -> None:
    decimal, thousands = marks
    assert number(written(value, decimal, thousands), decimal) == pytest.approx(value)


@pytest.mark.parametrize("cell", ["n/a", "12 apples", "1.2.3,4", "12,34.5", "--3", "1,23,456"])
def test_what_is_no_number_is_none(cell: str) -> None:
    assert number(cell, ".") is None


@pytest.mark.parametrize(("cell", "value"), [("€ 1,200", 1200.0), ("(5.50)", -5.5), ("1e3", 1e3)])
def test_currency_and_accountants(cell: str, value: float) -> None:
    assert number(cell, ".") == value


def test_a_thousand_or_a_bit_over_one_is_asked_about() -> None:
    with pytest.raises(DataError, match=r"say --decimal \. or --decimal ,"):
        decimal_mark(["1.234", "2.345"], ";", "x.csv")
    assert decimal_mark(["1.234", "2.345"], ",", "x.csv") == "."
    assert decimal_mark(["1.234", "2.345,5"], ";", "x.csv") == ","
    with pytest.raises(DataError, match="one mark"):
        decimal_mark(["1.5", "2,5"], ";", "x.csv")


def test_a_date_that_may_be_either_is_asked_about(tmp_path: Path) -> None:
    days = [f"0{month}/01/2023" for month in range(1, 9)]  # months, or days of January
    text = "Woche,y\n" + "".join(f"{day},{i}.5\n" for i, day in enumerate(days))
    path = save(tmp_path, text)
    with pytest.raises(DataError, match="--dates day-first or --dates month-first"):
        read(path, numbers=["y"])
    assert read(path, numbers=["y"], date_order="day-first")["Woche"][1] == "2023-01-02"
    assert read(path, numbers=["y"], date_order="month-first")["Woche"][1] == "2023-02-01"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2023-01-09,", "2023-01-09,n/a", r"row 3 = 'n/a\d+.*must be a number"),
        ("2023-01-09", "soon", "row 3 = 'soon': must be a date"),
        ("Umsatz", "Woche", "is there twice|is missing"),
        ("Umsatz", "umsatz", "did you mean 'umsatz'"),
    ],
)
def test_one_line_says_where(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = save(tmp_path, table().to_csv(index=False).replace(old, new, 1))
    with pytest.raises(DataError, match=said) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_blank_cells_and_totals_mean_what_the_user_says(tmp_path: Path) -> None:
    frame = table()
    lines = frame.to_csv(index=False).splitlines()
    lines[2] = lines[2].rpartition(",")[0] + ","
    path = save(tmp_path, "\n".join([*lines, "Total,1.5,2.5,3.5", ",,,"]))
    with pytest.raises(DataError, match="--totals drop"):
        read(path)
    with pytest.raises(DataError, match=r"row 3 is blank.*--blank zero"):
        read(path, totals="drop")
    found = read(path, totals="drop", blank="zero")
    assert len(found) == WEEKS
    assert found[NAMES[-1]][1] == 0.0


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\x00\x01\x02,\x00")
    with pytest.raises(DataError, match="is no text"):
        read(path)


def test_a_table_wide_by_geo_becomes_long(tmp_path: Path) -> None:
    frame = table()[["Woche"]].assign(
        sales_north=1.5, sales_south=2.5, TV_north=3.5, TV_south=np.arange(WEEKS) + 0.5
    )
    path = save(tmp_path, frame.to_csv(index=False))
    found = read(path, numbers=["sales", "TV"], geo_separator="_")
    assert len(found) == 2 * WEEKS
    assert found.groupby("geo")["sales"].mean().to_dict() == {"north": 1.5, "south": 2.5}
    wide = save(tmp_path, frame.assign(sales_west=1.0).to_csv(index=False))
    with pytest.raises(DataError, match="geo 'west' has no column 'TV_west'"):
        read(wide, numbers=["sales", "TV"], geo_separator="_")


def test_population_is_one_number_a_geo() -> None:
    frame = pd.concat([table(6).assign(geo=geo, people=n) for geo, n in (("a", 10), ("b", 20))])
    how: dict[str, Any] = {"date": "Woche", "geo": "geo", "target": NAMES[0], "channels": NAMES[1:]}
    made = MMMDataset.from_frame(frame, population="people", **how)
    assert made.observed["population"].values.tolist() == [10.0, 20.0]
    frame["people"] = np.arange(len(frame)) + 1.0
    with pytest.raises(DataError, match="one number above 0"):
        MMMDataset.from_frame(frame, population="people", **how)


def test_the_overview_names_what_cannot_be_measured() -> None:
    frame = table(45)
    rng = np.random.default_rng(1)
    frame["twin"] = frame[NAMES[1]] * 1.1 + rng.normal(0, 1, 45)
    frame["chase"] = frame[NAMES[0]] * 0.2
    frame["flat"] = 100.0
    frame["tiny"] = rng.gamma(1.0, 10.0, 45)
    made = MMMDataset.from_frame(
        frame, date="Woche", target=NAMES[0], channels=[NAMES[1], "twin", "chase", "flat", "tiny"]
    )
    said = "\n".join(overview(made.observed))
    for sentence in (
        f"'{NAMES[1]}' and 'twin' are planned together",
        "spend of 'chase' follows sales",
        "'flat' is spent alike in every period",
        "'tiny' is 0.1% of spend",
        "the priors will decide",
    ):
        assert sentence in said
