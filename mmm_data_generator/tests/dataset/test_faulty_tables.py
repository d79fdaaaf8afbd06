"""A company's table is read as it is meant, or refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm_data_generator import DataError, MMMDataset, from_frame, from_real

WEEKS = pd.date_range("2024-01-01", periods=60, freq="7D")


def table(**changes: Any) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"date": WEEKS.strftime("%Y-%m-%d")})
    for name in ("tv", "radio", "y"):
        frame[name] = rng.uniform(50, 90, len(frame)).round(2)
    return frame.assign(**changes)


def real(path: Path, frame: pd.DataFrame, **given: Any) -> MMMDataset:
    frame.to_csv(path / "company.csv", index=False)
    return from_real(path / "company.csv", **{"channels": ["tv", "radio"], **given})


def refused(message: str, frame: Any, **given: Any) -> None:
    with pytest.raises(DataError) as caught:
        from_frame(frame, **{"channels": ["tv", "radio"], **given})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("year", [1600, 2300])
def test_dates_that_would_wrap_are_refused(year: int) -> None:
    days = np.datetime64(f"{year}-01-01") + np.timedelta64(7, "D") * np.arange(60)
    refused("must lie between 1700-01-01 and 2250-12-31", table(date=days.astype("datetime64[s]")))


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_a_time_zone_moves_no_day(zone: str) -> None:
    aware = from_frame(table(date=WEEKS.tz_localize(zone)), channels=["tv"])
    np.testing.assert_array_equal(aware.observed["date"], WEEKS)


def test_an_offset_in_the_text_moves_no_day(tmp_path: Path) -> None:
    text = WEEKS.strftime("%Y-%m-%dT00:00:00+09:00")
    np.testing.assert_array_equal(real(tmp_path, table(date=text)).observed["date"], WEEKS)


def test_mixed_offsets_are_refused() -> None:
    text = list(WEEKS.strftime("%Y-%m-%dT00:00:00+09:00"))
    text[3] = text[3].replace("+09", "-05")
    refused("mixes time zones", table(date=text))


def test_a_geo_keeps_its_leading_zeros(tmp_path: Path) -> None:
    both = pd.concat([table(geo="007"), table(geo="NA")])
    dataset = real(tmp_path, both, geo="geo")
    assert list(dataset.observed["geo"].values) == ["007", "NA"]


def test_an_excel_sheet_keeps_them_too(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    table(geo="007").to_excel(tmp_path / "company.xlsx", index=False)
    dataset = from_real(tmp_path / "company.xlsx", geo="geo", channels=["tv"])
    assert list(dataset.observed["geo"].values) == ["007"]


def test_a_geo_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'geo', row 3: must name a geo"):
        real(tmp_path, table(geo=["a", "b", "", *["a"] * 57]), geo="geo")


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    text = table().rename(columns={"radio": "tv"}).to_csv(index=False)
    (tmp_path / "company.csv").write_text(text)
    with pytest.raises(DataError, match="column 'tv' is there twice"):
        from_real(tmp_path / "company.csv", channels=["tv"])


def test_rows_longer_than_the_header_are_refused(tmp_path: Path) -> None:
    header, *rows = table().to_csv(index=False).splitlines()
    path = tmp_path / "company.csv"
    path.write_text("\n".join([header, *(f"{row},1" for row in rows)]))
    with pytest.raises(DataError, match="its rows have more cells than its header"):
        from_real(path, channels=["tv"])


@pytest.mark.parametrize("cell", ["soon", "", "1.2.3"])
def test_a_text_or_an_empty_cell_in_the_target_is_refused(tmp_path: Path, cell: str) -> None:
    kpi = table()["y"].astype(object)
    kpi[5] = cell
    with pytest.raises(DataError, match=r"column 'y'.*(holds text|must be a finite number)"):
        real(tmp_path, table(y=kpi), target="y")


@pytest.mark.parametrize("cell", [1e300, -1e20, np.inf, np.nan])
@pytest.mark.parametrize("column", ["tv", "y"])
def test_a_cell_beyond_any_currency_is_refused(column: str, cell: float) -> None:
    frame = table()
    frame.loc[7, column] = cell
    refused(f"column '{column}', 2024-02-19 =", frame)


@pytest.mark.parametrize(
    ("name", "message"),
    [("a\x00b", "without line breaks or control characters"), ("n" * 300, "at most 120 char")],
)
def test_names_that_no_file_can_carry_are_refused(name: str, message: str) -> None:
    refused(message, table().rename(columns={"tv": name}), channels=[name])
    refused(message, table(geo=name), geo="geo")


def test_a_channel_at_rest_in_one_geo_has_no_half_saturation_there(tmp_path: Path) -> None:
    both = pd.concat([table(geo="a"), table(geo="b", tv=0.0)])
    effects = {"tv": {"saturation": {"kappa": 40.0, "scale": "currency"}}}
    dataset = real(tmp_path, both, geo="geo", effects=effects)
    assert dataset.truth is not None
    half = dataset.truth["half_saturation"].sel(channel="tv").values
    assert np.isfinite(half[0])
    assert np.isnan(half[1])
    assert not np.isinf(dataset.truth["half_saturation"]).any()
    assert np.isfinite(dataset.truth["roas"]).all()


def test_a_channel_that_never_spends_is_refused() -> None:
    refused("spend of 'tv' is zero in every period", table(tv=0.0))
