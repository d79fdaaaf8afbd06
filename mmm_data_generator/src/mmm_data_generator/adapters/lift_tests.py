"""Lift tests as the inputs with which other libraries calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_data_generator.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


#: What a table of tests must hold: the columns of PyMC-Marketing's ``add_lift_test_measurements``.
NEEDED = ("channel", "date", "x", "delta_x", "delta_y", "sigma")


def read_lift_tests(path: str | Path) -> pd.DataFrame:
    """Read tests from a CSV file and return the rows that :func:`lift_test` would.

    The file holds ``channel, date, x, delta_x, delta_y, sigma`` and ``weeks`` or ``end_date``; per
    week and geo, as PyMC-Marketing takes them. ``geo`` and ``test`` may be left out, and whatever
    follows from the rest.

    Raises
    ------
    DataError
        The file lacks a column, or a cell holds no number or date; the message names it.
    OSError
        The file cannot be read.
    """
    import pandas as pd

    try:
        return completed(pd.read_csv(path))
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"not CSV ({str(error).splitlines()[0]})") from None


def completed(tests: pd.DataFrame) -> pd.DataFrame:
    """Return tests with the columns that follow from those they have."""
    import pandas as pd

    missing = [name for name in NEEDED if name not in tests]
    if not {"weeks", "end_date"} & set(tests):
        missing.append("weeks")
    if missing:
        raise DataError(
            f"lacks column '{missing[0]}'; needed: {', '.join(NEEDED)}, and weeks or end_date"
        )
    out = tests.copy()
    for name in {"date", "end_date"} & set(out):
        out[name] = _dates(out[name], name)
    for name in ("x", "delta_x", "delta_y", "sigma", *({"weeks"} & set(out))):
        numbers = pd.to_numeric(out[name], errors="coerce")
        if numbers.isna().any():
            row = int(np.flatnonzero(numbers.isna())[0])
            raise DataError(f"column '{name}', row {row + 2}: {out[name].iloc[row]!r} is no number")
        out[name] = numbers.astype(float)
    if "weeks" not in out:
        out["weeks"] = ((out["end_date"] - out["date"]).dt.days + 1) / 7
    if "end_date" not in out:
        out["end_date"] = out["date"] + pd.to_timedelta(out["weeks"] * 7 - 1, unit="D")
    if "geo" not in out:
        out["geo"] = ""
    if "test" not in out:
        out["test"] = out["channel"].astype(str) + " " + out["date"].dt.strftime("%Y-%m-%d")
    size = np.maximum(out["delta_x"].abs(), 1e-300)
    derived = {
        "spend_change": out["delta_x"] * out["weeks"],
        "lift": out["delta_y"] * out["weeks"],
        "lift_se": out["sigma"] * out["weeks"],
        "roi": out["delta_y"] * np.sign(out["delta_x"]) / size,
        "roi_se": out["sigma"] / size,
    }
    for name, values in derived.items():
        if name not in out:
            out[name] = values
    return out


def _dates(column: pd.Series, name: str) -> pd.Series:
    import pandas as pd

    dates = pd.to_datetime(column, errors="coerce", format="ISO8601")
    if dates.isna().any():
        row = int(np.flatnonzero(dates.isna())[0])
        raise DataError(
            f"column '{name}', row {row + 2}: {column.iloc[row]!r} is no date such as 2024-01-29"
        )
    return dates


def for_pymc_marketing(tests: pd.DataFrame, *, national: bool = False) -> pd.DataFrame:
    """Return the frame that ``MMM.add_lift_test_measurements`` takes.

    Parameters
    ----------
    tests
        Rows of :func:`lift_test` or :func:`lift_tests`.
    national
        True sums the geos of each test, for a model without the dim ``geo``.
    """
    tests = completed(tests)
    columns = ["channel", "geo", "x", "delta_x", "delta_y", "sigma", "date"]
    if not national:
        return tests[columns].reset_index(drop=True)
    summed = tests.assign(sigma=tests["sigma"] ** 2).groupby("test", sort=False)
    out = summed[["x", "delta_x", "delta_y", "sigma"]].sum()
    out["sigma"] **= 0.5
    first = summed[["channel", "date"]].first()
    joined = first.join(out).reset_index(drop=True)
    return joined[[column for column in columns if column != "geo"]]


def for_meridian(tests: pd.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """Return, for each channel, the keywords of Meridian's ROI calibration.

    ``CalibrationBuilder(data).with_incrementality_experiment_result(channel, **keywords)``: the
    ROI of each test over all its geos, its standard error, the spend it moved and its dates.
    """
    tests = completed(tests)
    out: dict[str, dict[str, list[Any]]] = {}
    for (channel, _), rows in tests.groupby(["channel", "test"], sort=False):
        moved = float(np.abs(rows["spend_change"].sum()))
        sign = float(np.sign(rows["spend_change"].sum()))
        one = {
            "point_estimates": sign * float(rows["lift"].sum()) / moved,
            "standard_errors": float((rows["lift_se"] ** 2).sum() ** 0.5) / moved,
            "experiment_kpi_types": "revenue",
            "experiment_total_spends": moved,
            "experiment_start_dates": f"{rows['date'].iloc[0]:%Y-%m-%d}",
            "experiment_end_dates": f"{rows['end_date'].iloc[0]:%Y-%m-%d}",
        }
        keywords = out.setdefault(str(channel), {name: [] for name in one})
        for name, value in one.items():
            keywords[name].append(value)
    return out
