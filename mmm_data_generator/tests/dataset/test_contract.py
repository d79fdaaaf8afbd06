"""Every preset gives the variables of the labels, whole and adding up."""

import numpy as np
import pytest

from mmm_data_generator import (
    MMMDataset,
    generate_mmm_dataset,
    get_preset_config,
    list_available_presets,
)
from mmm_data_generator.dataset.labels import OBSERVED, TRUTH

PRESETS = [name for name in list_available_presets() if not name.startswith("stress_")]


@pytest.fixture(scope="module", params=PRESETS)
def dataset(request: pytest.FixtureRequest) -> MMMDataset:
    return generate_mmm_dataset(get_preset_config(request.param), seed=0)


def test_every_preset_keeps_the_contract(dataset: MMMDataset) -> None:
    assert dataset.truth is not None
    for part, labels in ((dataset.observed, OBSERVED), (dataset.truth, TRUTH)):
        assert {str(name) for name in part.data_vars} <= set(labels)
        for name, values in part.data_vars.items():
            assert values.dims == labels[str(name)].dims
    assert (dataset.observed["spend"].values >= 0).all()
    for part in (dataset.observed, dataset.truth):
        for variable in part.data_vars.values():
            assert variable.attrs["units"]
            assert variable.attrs["long_name"]


def test_parts_add_up(dataset: MMMDataset) -> None:
    truth = dataset.truth
    assert truth is not None
    sales = dataset.observed["sales"]
    total = (
        truth["intercept"]
        + truth["trend"]
        + truth["seasonality"]
        + truth["contribution"].sum("channel")
        + truth["control_contribution"].sum("control")
        + truth["noise"]
    )
    np.testing.assert_allclose(total, sales, atol=1e-9 * float(abs(sales).max()), rtol=0)
    np.testing.assert_allclose(
        truth["baseline"], truth["intercept"] + truth["trend"] + truth["seasonality"]
    )


def test_weeks_begin_on_monday_and_names_are_text(dataset: MMMDataset) -> None:
    weekdays = {0} if dataset.frequency == "weekly" else set(range(7))
    assert set(dataset.observed["date"].dt.dayofweek.values) == weekdays
    for dim in ("geo", "channel", "control"):
        assert dataset.observed[dim].dtype.kind == "U"


def test_save_and_load(dataset: MMMDataset, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("dataset")
    dataset.save(directory)
    again = MMMDataset.load(directory)
    assert again.observed.identical(dataset.observed)
    assert again.truth is not None
    assert again.truth.identical(dataset.truth)
    assert (again.name, again.seed, again.config) == (dataset.name, dataset.seed, dataset.config)


def test_frame_is_tidy_and_holds_no_truth(dataset: MMMDataset) -> None:
    frame = dataset.data
    channels = [f"x{j + 1}_{c}" for j, c in enumerate(dataset.observed["channel"].values)]
    controls = [f"c{k + 1}" for k in range(dataset.observed.sizes["control"])]
    assert list(frame.columns) == ["date", "geo", *channels, *controls, "y"]
    assert not frame.isna().any().any()
    assert frame.sort_values(["date", "geo"], kind="stable").index.is_monotonic_increasing
    assert len(frame) == dataset.observed["sales"].size
    row = frame.iloc[-1]
    cell = dataset.observed.sel(date=row["date"], geo=row["geo"])
    assert row["y"] == cell["sales"]
    assert row[channels[-1]] == cell["spend"][-1]
