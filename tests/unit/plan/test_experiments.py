"""Experiments are checked before any fit, and bring what was measured alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.fitters.common.experiments import frame_of
from mmm_benchmark.fitters.pymc_marketing.fitter import PyMCMarketing
from mmm_benchmark.plan.experiments import NUMBERS, TEXT, experiments_on
from mmm_benchmark.plan.options import Options
from mmm_data_generator import generate_mmm_dataset, lift_tests


@pytest.fixture(scope="module")
def world():
    return generate_mmm_dataset("small_business", seed=1)


def test_simulated_tests_say_what_was_measured_and_no_more(world) -> None:
    rows = experiments_on(world, "simulated")
    assert {row["channel"] for row in rows} == set(world.observed["channel"].values)
    assert set(rows[0]) == {*TEXT, *NUMBERS}  # no true lift
    tests = lift_tests(world, seed=1)
    assert frame_of(rows)["lift"].to_numpy() == pytest.approx(tests["lift"].to_numpy())


def test_a_csv_file_says_the_same(world, tmp_path: Path) -> None:
    path = tmp_path / "tests.csv"
    lift_tests(world, seed=1).to_csv(path, index=False)
    read, simulated = experiments_on(world, str(path)), experiments_on(world, "simulated")
    for one, other in zip(read, simulated, strict=True):
        assert one == pytest.approx(other)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"channel": "Serch-Ads"}, "unknown channel of --experiments 'Serch-Ads'"),
        ({"geo": "Mars"}, "unknown geo of --experiments 'Mars'"),
        ({"date": "1999-01-04"}, "begins 1999-01-04; the data of 'small_business' run from"),
        ({"sigma": 0.0}, "sigma and weeks must be above 0"),
    ],
)
def test_what_does_not_fit_the_data_is_one_line(world, change, complaint) -> None:
    rows = experiments_on(world, "simulated")
    with pytest.raises(UserError) as refusal:
        experiments_on(world, [rows[0] | change])
    assert complaint in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_or_lacks_a_column(world, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file; or 'simulated'"):
        experiments_on(world, str(tmp_path / "none.csv"))
    (tmp_path / "short.csv").write_text("test,channel\na,TV\n")
    with pytest.raises(UserError, match="lacks column 'date'"):
        experiments_on(world, str(tmp_path / "short.csv"))


def test_experiments_and_a_holdout_are_not_given_together() -> None:
    with pytest.raises(UserError, match="not both"):
        Options(experiments="simulated", holdout=4)


def test_an_untold_fitter_has_no_such_setting() -> None:
    assert "experiments" not in PyMCMarketing().settings()
    rows = [{"channel": "TV"}]
    assert PyMCMarketing(experiments=rows).settings()["experiments"] == rows


def test_the_form_of_pymc_marketing_is_enough(world, tmp_path: Path) -> None:
    path, whole = tmp_path / "tests.csv", lift_tests(world, seed=1)
    whole[["channel", "date", "x", "delta_x", "delta_y", "sigma", "end_date"]].to_csv(
        path, index=False
    )
    told = experiments_on(world, path)
    assert told is not None
    for one, other in zip(told, experiments_on(world, "simulated") or [], strict=True):
        assert one | {"test": ""} == pytest.approx(other | {"test": ""})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("channel,date,weeks,x,delta_x,delta_y,sigma\nTV,2024-01-01,4,1,1,one,1", "row 2: 'one'"),
        (
            "channel,date,weeks,x,delta_x,delta_y,sigma\nTV,soon,4,1,1,1,1",
            "row 2: 'soon' is no date",
        ),
        ("channel,date,x,delta_x,delta_y,sigma\nTV,2024-01-01,1,1,1,1", "lacks column 'weeks'"),
        ("", "not CSV"),
    ],
)
def test_a_file_that_says_something_else_is_one_line(text, words, tmp_path: Path) -> None:
    path = tmp_path / "tests.csv"
    path.write_text(text)
    with pytest.raises(UserError) as refusal:
        Options(experiments=path)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
