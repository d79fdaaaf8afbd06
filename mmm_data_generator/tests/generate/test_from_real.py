"""Real spend stays as it is; the outcome is simulated, and its truth is known."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from mmm_data_generator import ConfigError, DataError, from_real, generate_mmm_dataset
from mmm_data_generator import stressors as s


@pytest.fixture(scope="module")
def frame():
    return generate_mmm_dataset("growing_business", seed=4).to_frame()


@pytest.fixture(scope="module")
def columns(frame):
    return {
        "geo": "geo",
        "channels": [c for c in frame if c.startswith("x")],
        "controls": ["c1", "c2"],
    }


def check(data, frame, columns):
    spend = frame.sort_values(["geo", "date"])[columns["channels"]].to_numpy()
    np.testing.assert_array_equal(data.observed["spend"].values.reshape(spend.shape), spend)
    t = data.truth
    parts = t["baseline"] + t["contribution"].sum("channel") + t["noise"]
    parts = parts + t["control_contribution"].sum("control")
    np.testing.assert_allclose(parts, data.observed["sales"], rtol=1e-12)
    np.testing.assert_allclose(
        t["intercept"] + t["trend"] + t["seasonality"], t["baseline"], rtol=1e-12
    )


def test_spend_stays_to_the_last_digit_and_parts_add_up(frame, columns):
    data = from_real(frame, **columns, seed=1)
    check(data, frame, columns)
    share = float(data.truth["contribution"].sum() / data.observed["sales"].sum())
    assert 0.1 < share < 0.5
    more = data.counterfactual(data.observed["spend"] * 2)["contribution"]
    assert (more >= data.truth["contribution"] - 1e-9).all()


def test_a_seed_is_a_world(frame, columns):
    one, again, other = (from_real(frame, **columns, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.observed["sales"], again.observed["sales"])
    assert not np.allclose(one.observed["sales"], other.observed["sales"])


def test_a_target_is_matched_in_level_season_and_noise(frame, columns):
    data = from_real(frame, **columns, target="y", seed=3, media_share=0.3)
    check(data, frame, columns)
    for geo, rows in frame.groupby("geo"):
        made = data.observed["sales"].sel(geo=geo).values
        real = rows.sort_values("date")["y"].to_numpy()
        assert made.mean() == pytest.approx(real.mean(), rel=0.03)
        assert made.std() == pytest.approx(real.std(), rel=0.35)
    assert float(data.truth["contribution"].sum()) == pytest.approx(0.3 * frame["y"].sum())


def test_noise_keeps_the_targets_autocorrelation():
    real = generate_mmm_dataset("stress_autocorrelated", seed=1, n_periods=600).to_frame()
    data = from_real(
        real, channels=[c for c in real if c.startswith("x")], controls=["c1"], target="y", seed=5
    )
    noise = data.truth["noise"].values[0]
    # what the drawn response curves cannot explain of the real media effect is in there too
    assert np.corrcoef(noise[1:], noise[:-1])[0, 1] == pytest.approx(0.8, abs=0.15)
    own = generate_mmm_dataset("stress_autocorrelated", seed=1, n_periods=600).truth["noise"]
    assert noise.std() == pytest.approx(float(own.std()), rel=0.3)


def test_chosen_effects_are_taken(frame, columns):
    first = columns["channels"][0]
    effect = {
        "base_effectiveness": 0.4,
        "adstock": {"type": "delayed", "alpha": 0.7},
        "saturation": {"type": "hill", "slope": 2.0, "kappa": 0.6},
    }
    data = from_real(frame, **columns, effects={first: effect}, seed=1)
    assert (data.truth["adstock_decay"].sel(channel=first) == 0.7).all()
    assert (data.truth["slope"].sel(channel=first) == 2.0).all()
    check(data, frame, columns)


def test_stressors_may_join_but_not_touch_spend(frame, columns):
    data = from_real(frame, **columns, stressors=[s.Events(), s.Demand(pull=0.0)], seed=1)
    check(data, frame, columns)
    assert list(data.observed["control"].values[2:]) == ["Easter", "Black-Friday", "Christmas"]
    with pytest.raises(DataError, match="changes spend, which is real here"):
        from_real(frame, **columns, stressors=[s.Collinear()])


def test_csv_gives_the_same_as_the_frame(frame, columns, tmp_path):
    path = tmp_path / "company.csv"
    frame.to_csv(path, index=False)
    one, two = from_real(frame, **columns, seed=1), from_real(path, **columns, seed=1)
    np.testing.assert_allclose(one.observed["sales"], two.observed["sales"])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"channels": []}, DataError, "at least one channel"),
        ({"channels": ["x9"]}, DataError, "column 'x9' is missing"),
        ({"media_share": 1.5}, DataError, "media_share = 1.5: must be > 0 and < 1"),
        ({"effects": {"x1_Serch-Ads": {}}}, ConfigError, "did you mean 'x1_Search-Ads'"),
        ({"effects": {"x6_Email": {"slope": 1}}}, ConfigError, r"effects\['x6_Email'\].slope"),
        (
            {"effects": {"x6_Email": {"saturation": {"slope": -1}}}},
            ConfigError,
            r"effects\['x6_Email'\].saturation.slope = -1: must be > 0",
        ),
        ({"stressors": [{"type": "dmand"}]}, ConfigError, r"stressors\[0\].type = 'dmand'"),
        ({"stressors": [{"type": "outliers", "size": 0}]}, ConfigError, r"stressors\[0\].size = 0"),
        ({"population": {"geo_a": 5.0}}, DataError, r"population\['geo_b'\]: must be given"),
    ],
)
def test_bad_input_is_refused(frame, columns, changes, error, message):
    with pytest.raises(error, match=message):
        from_real(frame, **{**columns, **changes})


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx", "polars"])
def test_every_kind_of_table_is_the_same_company(frame, columns, tmp_path, kind):
    expected = from_real(frame, **columns, seed=1)
    path = tmp_path / f"company.{kind}"
    reader = pytest.importorskip(
        {"csv": "pandas", "parquet": "pyarrow", "xlsx": "openpyxl", "polars": "polars"}[kind]
    )
    if kind == "polars":
        given = reader.DataFrame({name: frame[name].to_numpy() for name in frame})
    else:
        given = path
        writers = {"csv": frame.to_csv, "parquet": frame.to_parquet, "xlsx": frame.to_excel}
        writers[kind](path, index=False)
    made = from_real(given, **columns, seed=1)
    np.testing.assert_allclose(made.observed["spend"], expected.observed["spend"], rtol=1e-14)
    np.testing.assert_allclose(made.observed["sales"], expected.observed["sales"], rtol=1e-10)
    assert (made.observed["date"] == expected.observed["date"]).all()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("company.txt", "a", "must end in one of .csv"),
        ("missing.csv", None, "there is no such file"),
        ("empty.csv", "", "cannot be read"),
    ],
)
def test_bad_files_are_refused(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        from_real(tmp_path / name, channels=["x"])


def test_a_missing_reader_is_named(tmp_path, monkeypatch):
    path = tmp_path / "company.xlsx"
    path.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"needs openpyxl: pip install openpyxl|cannot be read"):
        from_real(path, channels=["x"])


def test_importing_the_package_stays_light():
    code = (
        "import sys, mmm_data_generator as m; "
        "print(sorted({'numpy', 'pandas', 'xarray', 'matplotlib'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
