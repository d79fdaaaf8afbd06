"""A day or a month shows the same world as its weeks."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_data_generator import DataError, MMMDataset, generate_mmm_dataset
from mmm_data_generator.frequency import to_daily, to_monthly

VIEWS = {"daily": to_daily, "monthly": to_monthly}


@pytest.fixture(scope="module")
def week() -> MMMDataset:
    return generate_mmm_dataset("growing_business", seed=2)


@pytest.mark.parametrize("view", VIEWS)
def test_totals_stay_and_parts_add_up(week, view):
    seen = VIEWS[view](week)
    for name in ("sales", "spend"):
        np.testing.assert_allclose(seen.observed[name].sum("date"), week.observed[name].sum("date"))
    t = seen.truth
    parts = t["intercept"] + t["trend"] + t["seasonality"] + t["noise"]
    parts = parts + t["contribution"].sum("channel") + t["control_contribution"].sum("control")
    np.testing.assert_allclose(parts, seen.observed["sales"], rtol=1e-9)
    np.testing.assert_allclose(
        t["contribution"].sum(("geo", "date")) / seen.observed["spend"].sum(("geo", "date")),
        t["roas"],
    )


def test_days_sum_to_their_weeks_and_follow_the_profile(week):
    day = to_daily(week, noise_share=0.05)
    sales = day.observed["sales"].values.reshape(2, 131, 7)
    np.testing.assert_allclose(sales.sum(-1), week.observed["sales"])
    assert day.observed["date"].values[0] == np.datetime64("2023-01-02")
    assert sales[..., 5].mean() > sales[..., 0].mean()
    assert "per day" in day.observed["sales"].attrs["units"]
    quiet = to_daily(week, noise_share=0.0)
    assert not np.allclose(quiet.observed["sales"], day.observed["sales"])


def test_a_week_across_two_months_is_split_by_its_days(week):
    month = to_monthly(week)
    first = month.observed["sales"].values[0, 0]
    weeks = week.observed["sales"].values[0]
    # 2 to 31 January 2023: four whole weeks and two days of the fifth
    assert first == pytest.approx(weeks[:4].sum() + weeks[4] * 2 / 7)
    assert "per month" in month.observed["sales"].attrs["units"]


def test_a_view_can_be_saved(week, tmp_path):
    to_monthly(week).save(tmp_path / "m")
    again = MMMDataset.load(tmp_path / "m")
    np.testing.assert_allclose(again.observed["sales"], to_monthly(week).observed["sales"])


def test_only_weeks_can_be_seen_otherwise(week):
    with pytest.raises(DataError, match=r"is not weekly$"):
        to_daily(to_monthly(week))
    with pytest.raises(DataError, match="seven numbers"):
        to_daily(week, weekdays=(1.0, 2.0))
