"""Lift tests as the inputs with which other libraries calibrate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def for_pymc_marketing(tests: pd.DataFrame, *, national: bool = False) -> pd.DataFrame:
    """Return the frame that ``MMM.add_lift_test_measurements`` takes.

    Parameters
    ----------
    tests
        Rows of :func:`lift_test` or :func:`lift_tests`.
    national
        True sums the geos of each test, for a model without the dim ``geo``.
    """
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
