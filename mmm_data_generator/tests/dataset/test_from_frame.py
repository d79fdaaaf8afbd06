"""Tables made elsewhere: whole weeks of clean numbers, or a refusal that says where."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm_data_generator import DataError, MMMDataset, from_frame, generate_mmm_dataset

CHANNELS = ["tv", "radio"]


def table() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    dates = pd.date_range("2024-01-07", periods=10, freq="7D")  # a company's week may end on Sunday
    frame = pd.DataFrame(
        [(day, geo) for day in dates for geo in ("north", "south")], columns=["week", "region"]
    )
    for name in [*CHANNELS, "price", "sales"]:
        frame[name] = rng.uniform(1, 9, len(frame))
    return frame


def read(frame: Any, **changes: Any) -> MMMDataset:
    arguments = {
        "date": "week",
        "geo": "region",
        "target": "sales",
        "channels": CHANNELS,
        "controls": ["price"],
        **changes,
    }
    return MMMDataset.from_frame(frame, **arguments)


def test_a_clean_table() -> None:
    frame = table()
    dataset = read(frame.sample(frac=1, random_state=3))
    assert set(dataset.observed.data_vars) == {"sales", "spend", "controls", "population"}
    assert dataset.truth is None
    assert (dataset.seed, dataset.config) == (None, None)
    again = dataset.to_frame()
    np.testing.assert_array_equal(again["x1_tv"], frame["tv"])
    np.testing.assert_array_equal(again["y"], frame["sales"])
    assert list(again["geo"][:2]) == ["north", "south"]


def test_text_dates_one_geo_and_yes_or_no_controls() -> None:
    frame = table().query("region == 'north'").drop(columns="region")
    frame["week"] = frame["week"].dt.strftime("%Y-%m-%d")
    frame["price"] = frame["price"] > 5
    dataset = from_frame(frame, date="week", target="sales", channels=CHANNELS, controls=["price"])
    assert list(dataset.observed["geo"].values) == ["geo_all"]
    assert set(np.unique(dataset.observed["controls"])) <= {0.0, 1.0}


def test_a_generated_frame_comes_back() -> None:
    made = generate_mmm_dataset("growing_business", seed=2)
    frame = made.data
    channels = [name for name in frame if name.startswith("x")]
    back = from_frame(frame, geo="geo", channels=channels, controls=["c1", "c2"])
    for name in ("sales", "spend", "controls"):
        np.testing.assert_array_equal(back.observed[name], made.observed[name])


def test_known_contributions_give_what_they_determine() -> None:
    frame = table()
    truth = frame[["week", "region", *CHANNELS]].copy()
    truth[CHANNELS] *= [2.0, 3.0]
    dataset = read(frame, truth=truth)
    assert dataset.truth is not None
    assert set(dataset.truth.data_vars) == {"contribution", "roas", "attribution_share"}
    np.testing.assert_allclose(dataset.truth["roas"], [2.0, 3.0])
    with pytest.raises(DataError, match="truth: its dates differ"):
        read(frame, truth=truth[truth["week"] > truth["week"].min()])
    with pytest.raises(DataError, match="truth: column 'radio' is missing"):
        read(frame, truth=truth.drop(columns="radio"))


def test_polars_and_other_objects() -> None:
    polars = pytest.importorskip("polars")

    class Foreign:
        def to_pandas(self) -> pd.DataFrame:
            return table()

    assert read(Foreign()).observed.sizes["date"] == 10
    columns = {name: values.to_numpy() for name, values in table().items()}
    assert read(polars.DataFrame(columns)).observed.sizes["date"] == 10
    with pytest.raises(DataError, match="must be a pandas or polars DataFrame, not list"):
        read([[1, 2]])


def put(column: str, value: Any, row: int = 4) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        if column not in ("week", "region") and not isinstance(value, str):
            frame[column] = frame[column].astype(float)
        return frame

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put("tv", np.nan), "column 'tv', 2024-01-21, geo 'north' = nan: must be a finite number"),
        (put("sales", np.inf), "column 'sales', 2024-01-21, geo 'north' = inf"),
        (put("tv", -3.0), "spend of 'tv', 2024-01-21, geo 'north' = -3.0: must be >= 0"),
        (put("price", "cheap"), "column 'price' holds text; numbers needed"),
        (put("week", "soon"), "column 'week', row 5 = 'soon': must be a date like 2023-01-02"),
        (put("region", None), "column 'region', row 5: must name a geo"),
        (lambda f: f.assign(tv=0.0), "spend of 'tv' is zero in every period"),
        (lambda f: f.assign(week=range(len(f))), "column 'week' holds numbers; dates like"),
        (lambda f: f.iloc[:0], "holds no rows"),
        (lambda f: f.drop(index=5), "geo 'south' has no row for 2024-01-21 (1 missing)"),
        (lambda f: f.iloc[:2], "holds one date only"),
        (lambda f: pd.concat([f, f.iloc[[3]]]), "geo 'south' has two rows for 2024-01-14"),
        (
            lambda f: f[f["week"] != pd.Timestamp("2024-01-21")],
            "after 2024-01-14 comes 2024-01-28; dates must be 1 day, 7 days or 1 month apart",
        ),
        (lambda f: f.rename(columns={"tv": "tvs"}), "column 'tv' is missing; did you mean 'tvs'?"),
        (
            lambda f: pd.concat([f, f[["tv"]]], axis=1),
            "column 'tv' is there twice; column names must differ",
        ),
    ],
)
def test_what_is_not_a_dataset(
    change: Callable[[pd.DataFrame], pd.DataFrame], expected: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(change(table()))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_columns_have_one_role() -> None:
    with pytest.raises(DataError, match="asked for twice"):
        read(table(), controls=["tv"])
    with pytest.raises(DataError, match="at least one channel"):
        read(table(), channels=[])
    with pytest.raises(DataError, match="lists of columns"):
        read(table(), channels="tv")


def test_a_foreign_dataset_saves_loads_and_has_no_counterfactual(tmp_path: Any) -> None:
    dataset = read(table())
    again = MMMDataset.load(dataset.save(tmp_path / "made"))
    assert again.observed.identical(dataset.observed)
    assert again.truth is None
    with pytest.raises(DataError, match="its world is unknown"):
        again.counterfactual(again.observed["spend"])
