"""Weeks kept back: cut off whole, hidden from the fit, forecast, and compared with what came."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmm_benchmark import run_benchmark
from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common.forecast import whole_window
from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill
from mmm_benchmark.plan.holdout import hold_out
from mmm_benchmark.plan.options import Options
from mmm_benchmark.run.answer_checks import broken_promises
from mmm_benchmark.scoring.holdout import holdout_rows
from mmm_benchmark.store.datasets import write_observed
from mmm_benchmark.store.keys import content_hash
from mmm_data_generator import MMMDataset, generate_mmm_dataset, get_preset_config

WEEKS = 13


@pytest.fixture(scope="module")
def small() -> MMMDataset:
    return generate_mmm_dataset(get_preset_config("small_business"), seed=3)


@pytest.mark.parametrize("preset", ["small_business", "stress_everything", "stress_multiplicative"])
def test_what_is_cut_off_leaves_the_rest_as_it_was(preset: str) -> None:
    whole = generate_mmm_dataset(get_preset_config(preset), seed=1)
    cut = hold_out(whole, WEEKS)
    seen = whole.observed.sizes["date"] - WEEKS
    for name in ("sales", "spend", "controls"):
        np.testing.assert_array_equal(
            cut.observed[name], whole.observed[name].isel(date=slice(0, seen))
        )
    first = whole.truth["contribution"].isel(date=slice(0, seen))
    np.testing.assert_allclose(cut.truth["contribution"], first, rtol=1e-9)
    np.testing.assert_array_equal(cut.truth["held_sales"], whole.observed["sales"][:, seen:])
    np.testing.assert_array_equal(
        whole_window(cut.observed)["spend"].transpose(*whole.observed["spend"].dims),
        whole.observed["spend"],
    )


def test_returns_are_those_of_the_weeks_that_are_left(small: MMMDataset) -> None:
    cut = hold_out(small, WEEKS)
    spend = cut.observed["spend"].sum(("geo", "date"))
    np.testing.assert_allclose(
        cut.truth["roas"], cut.truth["contribution"].sum(("geo", "date")) / spend, rtol=1e-9
    )
    more = cut.counterfactual(1.01 * cut.observed["spend"])["expected_sales"].sum()
    assert float(more) > float(cut.counterfactual(cut.observed["spend"])["expected_sales"].sum())


def test_a_dataset_cut_off_survives_the_store(small: MMMDataset, tmp_path: Path) -> None:
    cut = hold_out(small, WEEKS)
    cut.save(tmp_path / "kept")
    again = MMMDataset.load(tmp_path / "kept")
    assert content_hash(again.observed) == content_hash(cut.observed)
    np.testing.assert_array_equal(again.truth["held_sales"], cut.truth["held_sales"])
    np.testing.assert_array_equal(again.world.spend, cut.world.spend)


def test_sales_of_the_weeks_to_come_never_reach_a_fit(small: MMMDataset, tmp_path: Path) -> None:
    import xarray as xr

    cut = hold_out(small, WEEKS)
    write_observed(cut.observed, tmp_path / "observed.nc", None)
    with xr.open_dataset(tmp_path / "observed.nc", engine="h5netcdf") as seen:
        assert set(seen.data_vars) == {
            *("sales", "spend", "controls", "population"),
            *("future_spend", "future_controls"),
        }
        assert seen.sizes["date"] == small.observed.sizes["date"] - WEEKS
        assert seen["sales"].dims == ("geo", "date")


def test_other_spend_to_come_is_other_data(small: MMMDataset) -> None:
    cut = hold_out(small, WEEKS).observed
    keys = {
        content_hash(data)
        for data in (
            cut,
            cut.drop_vars(["future_spend", "future_controls"]),
            cut.assign(future_spend=2 * cut["future_spend"]),
        )
    }
    assert len(keys) == 3


@pytest.mark.parametrize("bootstrap", [0, 20])
def test_scipy_goes_on_as_it_fitted(small: MMMDataset, bootstrap: int) -> None:
    """Over weeks whose spend repeats what was seen, the forecast repeats what was fitted."""
    cut = hold_out(small, WEEKS)
    fitter = ScipyHill(bootstrap=bootstrap, starts=16, polished=2)
    fit = fitter.fit(cut.observed, Budget(), 1)
    assert next(broken_promises(fit, cut.observed), None) is None
    rows = holdout_rows(fit.forecast, cut.truth)
    assert rows[-1]["geo"] == "all"
    assert rows[-1]["weeks"] == WEEKS
    spread = float(small.observed["sales"].std() / small.observed["sales"].mean())
    assert rows[-1]["wmape"] < spread  # better than the mean of what was seen
    assert np.isnan(rows[-1]["coverage_90"]) == (bootstrap == 0)
    if bootstrap == 0:  # the same fit on the same weeks, forecast or not
        plain = fitter.fit(cut.observed.drop_vars(["future_spend", "future_controls"]), Budget(), 1)
        np.testing.assert_array_equal(
            plain.posterior["contribution"], fit.posterior["contribution"]
        )
        assert plain.forecast is None


def test_forecast_of_the_last_seen_weeks_would_be_what_was_fitted(small: MMMDataset) -> None:
    """The columns run on exactly: moved back onto weeks that were seen they are the fitted ones."""
    from mmm_benchmark.fitters.scipy_hill import design, forecast

    cut = hold_out(small, WEEKS)
    built = design.build(cut.observed, 2, True)
    on = forecast.run_on(built, cut.observed, 2, True)
    seen = built.sales.shape[1]
    np.testing.assert_allclose(on.columns[..., :seen], built.columns, atol=1e-12)
    np.testing.assert_allclose(on.spend[..., :seen], built.spend, atol=1e-12)
    assert on.columns.shape[-1] == seen + WEEKS


def test_a_run_says_who_cannot_forecast(tmp_path: Path) -> None:
    cannot = tmp_path / "mute.py"
    good = Path(__file__).parents[2] / "external" / "fitters" / "good.py"
    cannot.write_text(good.read_text())
    done = run_benchmark(
        "small_business@3",
        "scipy",
        fitter=str(cannot),
        holdout=WEEKS,
        results=tmp_path / "results",
        plots=False,
        quiet=True,
    )
    table = done.tables["holdout_accuracy"]
    named = set(table["dataset"])
    assert named == {f"small_business-holdout{WEEKS}"}
    rows = table[table["geo"] == "all"].set_index("fitter")
    assert 0 < rows.loc["scipy", "wmape"] < 0.5
    assert done.tables["failures"]["reason"].str.contains("cannot forecast").all()
    assert done.tables["roas_recovery"].query("fitter == 'scipy'")["roas_error"].notna().any()


def test_a_holdout_longer_than_the_data_is_one_line(small: MMMDataset) -> None:
    with pytest.raises(UserError, match="has 104 weeks; --holdout 103 leaves too few to fit, 102"):
        hold_out(small, 103)
    with pytest.raises(UserError, match="holdout"):
        Options(holdout=-1)


def test_data_of_unknown_truth_are_cut_too(small: MMMDataset) -> None:
    own = MMMDataset("own", None, None, small.observed, None)
    cut = hold_out(own, WEEKS)
    assert set(cut.truth.data_vars) == {"held_sales"}
    paths = MMMDataset("paths", None, None, small.observed, small.truth)
    cut = hold_out(paths, WEEKS)
    assert "contribution" in cut.truth
    assert "roas" not in cut.truth  # it was that of the whole window
