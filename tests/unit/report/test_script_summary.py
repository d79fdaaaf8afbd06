"""The script's table and pictures."""

import numpy as np
import pandas as pd
import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common.hill import geometric_sum, hill
from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill
from mmm_benchmark.report.script_summary import summary_table, write_summary


@pytest.fixture(scope="module")
def fitted(world):
    true = world(0)
    return true, ScipyHill(starts=16, polished=2).fit(true.observed, Budget(), 0).posterior


def truth_of(true):
    native = {"adstock_decay": true.decay, "half_saturation": true.half, "slope": true.slope}
    truth = true.observed[["spend"]].assign(
        {name: (("geo", "channel"), value[None]) for name, value in native.items()}
    )
    return truth.assign(coefficient=truth["spend"] * 0 + true.effect[0])


def test_rows_columns_and_true_values(fitted):
    true, posterior = fitted
    table = summary_table(posterior, true.observed, truth_of(true))
    assert list(table.columns) == ["channel", "parameter", "true_value", "fitted_value"]
    assert list(table["parameter"][:5]) == [
        "adstock_decay",
        "hill_alpha (shape)",
        "hill_K (saturation_point)",
        "hill_beta (max_effect)",
        "mROI_at_avg_spend",
    ]
    assert len(table) == 15
    assert table["true_value"].notna().all()
    assert table["true_value"][3] == pytest.approx(15_000.0)


def test_roi_is_the_weekly_return_of_spending_one_more_every_week(fitted):
    true, posterior = fitted
    table = summary_table(posterior, true.observed, truth_of(true)).set_index("parameter")
    first = table[table["channel"] == "Shopify"]["true_value"]
    mean = true.observed["spend"].values[0, :, 0].mean()

    def steady(spend):
        carried = geometric_sum(np.full(200, spend), first["adstock_decay"])
        half, alpha = first["hill_K (saturation_point)"], first["hill_alpha (shape)"]
        return first["hill_beta (max_effect)"] * hill(carried, half, alpha)[-1]

    numeric = (steady(mean + 1.0) - steady(mean - 1.0)) / 2.0
    assert first["mROI_at_avg_spend"] == pytest.approx(numeric, rel=1e-5)


def test_files_are_written_and_read_back(fitted, tmp_path):
    true, posterior = fitted
    paths = write_summary(posterior, true.observed, None, tmp_path / "out")
    assert [path.name for path in paths] == [
        "mmm_summary.csv",
        "response_curves.png",
        "predicted_vs_actual.png",
        "contribution_breakdown.png",
    ]
    table = pd.read_csv(paths[0])
    assert table["true_value"].isna().all()
    assert table["fitted_value"].notna().all()
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in paths[1:])


def test_what_cannot_be_told_is_refused(fitted, world):
    true, posterior = fitted
    with pytest.raises(UserError, match="is for one geo; this dataset has 2"):
        summary_table(posterior, world(geos=2).observed, None)
    with pytest.raises(UserError, match="needs slope, which this fit does not have"):
        summary_table(posterior.drop_vars("slope"), true.observed, None)
