"""Real spend by day, week or month; what is saved still answers for other plans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm_data_generator import DataError, MMMDataset, draw_batch, from_real, generate_mmm_dataset
from mmm_data_generator import stressors as s
from mmm_data_generator.frequency import to_monthly


def table(frequency: str) -> pd.DataFrame:
    """Return a company's table by day, week or month."""
    if frequency == "monthly":
        return to_monthly(generate_mmm_dataset("small_business", seed=3, n_periods=260)).to_frame()
    preset = {"daily": "daily", "weekly": "small_business"}[frequency]
    return generate_mmm_dataset(preset, seed=3).to_frame()


def columns(frame: pd.DataFrame) -> dict[str, list[str]]:
    return {
        "channels": [c for c in frame if c.startswith("x")],
        "controls": [c for c in frame if c.startswith("c")],
    }


FREQUENCIES = {"daily": "day", "weekly": "week", "monthly": "month"}


@pytest.mark.parametrize("target", [None, "y"])
@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_the_frequency_is_inferred_and_said(frequency, target):
    frame = table(frequency)
    data = from_real(frame, **columns(frame), target=target, seed=2)
    assert data.frequency == frequency
    assert frequency in repr(data)
    noun = FREQUENCIES[frequency]
    assert data.observed["spend"].attrs["units"] == f"currency per {noun}"
    assert data.truth["contribution"].attrs["units"] == f"currency per {noun}"
    spend = frame[columns(frame)["channels"]].to_numpy()
    np.testing.assert_array_equal(data.observed["spend"].values[0], spend)
    truth = data.truth
    parts = truth["baseline"] + truth["contribution"].sum("channel") + truth["noise"]
    parts = parts + truth["control_contribution"].sum("control")
    np.testing.assert_allclose(parts, data.observed["sales"], rtol=1e-9)


def test_weekdays_of_a_real_kpi_are_matched():
    frame = table("daily")
    data = from_real(frame, **columns(frame), target="y", seed=2, media_share=0.3)
    day = pd.DatetimeIndex(frame["date"]).day_of_week.to_numpy()
    real = np.array([frame["y"].to_numpy()[day == k].mean() for k in range(7)])
    made = np.array([data.observed["sales"].values[0][day == k].mean() for k in range(7)])
    assert real.max() / real.min() > 1.15
    np.testing.assert_allclose(made, real, rtol=0.06)


def test_drawn_carry_over_is_as_long_in_days():
    half_lives = {}
    for frequency, days in (("daily", 1), ("weekly", 7)):
        frame = table(frequency).rename(columns=lambda c: c.split("_")[0])
        data = from_real(frame, channels=["x1", "x2", "x3"], seed=6)
        decay = data.truth["adstock_decay"].values[0]
        half_lives[frequency] = days * np.log(0.5) / np.log(decay)
    np.testing.assert_allclose(half_lives["daily"], half_lives["weekly"])


@pytest.mark.parametrize("stressors", [(), (s.Events(), s.Multiplicative())])
@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_counterfactuals_survive_the_disk(tmp_path: Path, frequency, stressors):
    frame = table(frequency)
    data = from_real(frame, **columns(frame), stressors=stressors, seed=2)
    again = MMMDataset.load(data.save(tmp_path / "real"))
    plan = 1.5 * data.observed["spend"]
    assert again.counterfactual(plan).identical(data.counterfactual(plan))
    assert again.frequency == frequency
    assert type(again.world) is type(data.world)


def test_a_world_of_a_batch_survives_the_disk(tmp_path: Path):
    data = draw_batch(np.random.default_rng(1), "worlds", 2, 3, 1, 60).dataset(1)
    again = MMMDataset.load(data.save(tmp_path / "drawn"))
    plan = 0.5 * data.observed["spend"]
    assert again.counterfactual(plan).identical(data.counterfactual(plan))


def test_what_a_config_draws_again_is_not_written_twice(tmp_path: Path):
    generate_mmm_dataset("basic", seed=1).save(tmp_path / "basic")
    assert {path.name for path in (tmp_path / "basic").iterdir()} == {
        "observed.nc",
        "truth.nc",
        "dataset.json",
    }


def test_an_altered_world_is_refused(tmp_path: Path):
    frame = table("weekly")
    place = from_real(frame, **columns(frame), seed=2).save(tmp_path / "real")
    (place / "world.nc").write_bytes(b"x")
    with pytest.raises(DataError, match=r"world.nc: differs from what was saved"):
        MMMDataset.load(place)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-05"], "after 2024-01-03 comes"),
        (["2024-01-01", "2024-01-08", "2024-01-16", "2024-01-23"], "after 2024-01-08 comes"),
        (["2024-01-01", "2024-02-01", "2024-03-01", "2024-05-01"], "after 2024-03-01 comes"),
        (["2024-01-01", "2024-02-01", "2024-03-02", "2024-04-02"], "after 2024-02-01 comes"),
        (["2024-01-01", "2024-01-15", "2024-01-29", "2024-02-12"], "after 2024-01-01 comes"),
    ],
)
def test_irregular_dates_are_refused_in_one_line(dates, message):
    frame = pd.DataFrame({"date": dates, "tv": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(DataError, match=message) as error:
        from_real(frame, channels=["tv"])
    assert "dates must be 1 day, 7 days or 1 month apart" in str(error.value)
    assert "\n" not in str(error.value)


def test_ends_of_months_are_months():
    dates = pd.date_range("2022-01-31", periods=30, freq="ME")
    frame = pd.DataFrame({"when": dates, "tv": np.linspace(1, 2, 30)})
    assert from_real(frame, date="when", channels=["tv"]).frequency == "monthly"
