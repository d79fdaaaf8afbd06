"""Datasets by name, seed, directory, config and object; seeds of data and of fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.datasets import reference_to, source_of
from mmm_benchmark.plan.grid import make_datasets
from mmm_benchmark.plan.option_kinds import as_tuple
from mmm_benchmark.plan.options import Options
from mmm_benchmark.store.keys import content_hash
from mmm_data_generator import get_preset_config
from tests.factories import tiny_dataset, tiny_observed


def seeds_of(*datasets: Any, seeds: tuple[int, ...] = (42,)) -> list[tuple[str, int]]:
    made = make_datasets(Options(datasets=datasets, seeds=seeds))
    return [(each.ref.label, each.fit_seed) for each in made]


def test_seeds_generate_data_that_bring_none_and_seed_all_fits(tmp_path: Path) -> None:
    tiny_dataset(seed=3).save(tmp_path / "saved")
    assert seeds_of("basic", "basic@7", tmp_path / "saved", seeds=(1, 2)) == [
        ("basic@1", 1),
        ("basic@2", 2),
        ("basic@7", 1),
        ("tiny@3", 1),
    ]


def test_same_dataset_named_twice_is_one() -> None:
    assert seeds_of("basic", "basic@42", "basic") == [("basic@42", 42)]


def test_config_and_dataset_objects_are_datasets() -> None:
    config = get_preset_config("basic")
    assert seeds_of(replace(config, seed=5), tiny_dataset(seed=1)) == [
        ("basic@5", 42),
        ("tiny@1", 42),
    ]
    with pytest.raises(UserError, match="dict is no preset"):
        source_of({})


def test_a_dataset_is_one_although_it_can_be_iterated_over() -> None:
    dataset = tiny_dataset()
    assert as_tuple(dataset) == (dataset,)
    assert as_tuple(["a", "b"]) == as_tuple(name for name in "ab") == ("a", "b")
    assert as_tuple("ab") == ("ab",)
    assert as_tuple(None) == ()


def test_different_data_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="two different datasets are called 'tiny@1'"):
        seeds_of(tiny_dataset(seed=1), tiny_dataset(n_weeks=30, seed=1))


def test_default_is_small_business() -> None:
    assert seeds_of() == [("small_business@42", 42)]


@pytest.mark.parametrize("name", ["sales", "spend", "controls", "population"])
def test_content_hash_sees_every_observed_value(name: str) -> None:
    one, other = tiny_observed(), tiny_observed()
    other[name].values.flat[-1] += 1e-9
    assert content_hash(one) == content_hash(tiny_observed())
    assert content_hash(one) != content_hash(other)


@pytest.mark.parametrize("dim", ["geo", "channel", "control", "date"])
def test_content_hash_sees_every_name(dim: str) -> None:
    observed = tiny_observed()
    changed = observed[dim].values.copy()
    changed[0] = changed[0] - np.timedelta64(7, "D") if dim == "date" else "other"
    assert content_hash(observed.assign_coords({dim: changed})) != content_hash(observed)


def test_content_hash_ignores_notes_and_truth() -> None:
    observed = tiny_observed()
    noted = observed.assign_attrs(source="somewhere")
    assert content_hash(noted) == content_hash(observed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda o: o["sales"].values.__setitem__((0, 0), np.nan), "'sales' holds NaN or infinite"),
        (lambda o: o["spend"].values.__setitem__((0, 0, 0), np.inf), "'spend' holds NaN or inf"),
        (lambda o: o["spend"].values.__setitem__((0, 0, 0), -1.0), "spend must not be negative"),
        (lambda o: o["spend"].values.__setitem__((..., 1), 0.0), "no spend at all in channel_1"),
    ],
)
def test_data_that_cannot_be_fitted_are_refused(change: Any, said: str) -> None:
    dataset = tiny_dataset()
    change(dataset.observed)
    with pytest.raises(UserError, match=said):
        reference_to(dataset)


def test_one_week_is_refused() -> None:
    with pytest.raises(UserError, match="has 1 week; at least 2"):
        reference_to(tiny_dataset(n_weeks=1))


@pytest.mark.parametrize(
    "name", ["a/b", "..", ".", "", " ", "a\\b", "../../elsewhere", ".locks", "Fits", "a\nb"]
)
def test_a_name_that_is_no_folder_of_its_own_is_refused(name: str, tmp_path: Path) -> None:
    dataset = replace(tiny_dataset(), name=name)
    dataset.save(tmp_path / "saved")
    with pytest.raises(UserError, match="save it under another name") as refused:
        make_datasets(Options(datasets=(tmp_path / "saved",)))
    assert "\n" not in str(refused.value)


def test_ordinary_names_are_names() -> None:
    for name in ("Acme, 2024 (EU)", "v1.2", "été", "<script>", "my fits"):
        assert reference_to(replace(tiny_dataset(), name=name)).name == name


@pytest.mark.parametrize("path", ["a/b", "../elsewhere"])
def test_a_path_that_leads_nowhere_is_one_line(path: str) -> None:
    with pytest.raises(UserError, match="is not there, a directory saved by the generator"):
        make_datasets(Options(datasets=(path,)))


def test_a_table_is_to_be_imported_and_a_missing_folder_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sales.xlsx").touch()
    with pytest.raises(UserError, match=r"'sales\.xlsx' is a file.*mmm-benchmark import FILE"):
        make_datasets(Options(datasets=("sales.xlsx",)))
    with pytest.raises(UserError, match=r"^unknown dataset 'mine'.*nor is there a folder 'mine'$"):
        make_datasets(Options(datasets=("mine",)))
