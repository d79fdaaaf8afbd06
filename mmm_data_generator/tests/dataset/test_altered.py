"""Saved datasets whose files were altered, checksums and all, are refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from mmm_data_generator import DataError, MMMDataset, from_real, generate_mmm_dataset


def signed(directory: Path) -> None:
    """Write the checksums of what lies there now."""
    index = directory / "dataset.json"
    content = json.loads(index.read_text())
    content["sha256"] = {
        name: sha256((directory / name).read_bytes()).hexdigest() for name in content["sha256"]
    }
    index.write_text(json.dumps(content))


def refused(directory: Path) -> None:
    with pytest.raises(DataError) as caught:
        MMMDataset.load(directory)
    assert "\n" not in str(caught.value)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return generate_mmm_dataset("basic", seed=1).save(tmp_path / "basic")


def test_a_directory_signed_again_is_the_same(saved: Path) -> None:
    signed(saved)
    assert MMMDataset.load(saved).name == "basic"


@pytest.mark.parametrize("name", ["observed.nc", "truth.nc"])
@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:64],
        lambda data: b"\x00" * len(data),
        lambda data: b"not a netCDF file",
    ],
)
def test_files_cut_or_overwritten(saved: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    path = saved / name
    path.write_bytes(change(path.read_bytes()))
    refused(saved)
    signed(saved)
    refused(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.drop_vars("sales"),
        lambda data: data.drop_vars("date"),
        lambda data: data.rename({"date": "week"}),
        lambda data: data.rename({"sales": "turnover"}),
        lambda data: data.assign(spend=data["spend"].sum("geo")),
        lambda data: data.assign(sales=data["sales"].astype(str)),
        lambda data: xr.Dataset(),
    ],
)
def test_other_variables_than_were_saved(
    saved: Path, change: Callable[[xr.Dataset], xr.Dataset]
) -> None:
    changed = change(MMMDataset.load(saved).observed)
    (saved / "observed.nc").write_bytes(bytes(changed.to_netcdf(engine="h5netcdf")))
    signed(saved)
    refused(saved)


@pytest.mark.parametrize(
    "config",
    [[], 3, {}, {"n_periods": "x"}, {"schema_version": 99}, {"channels": {}}, {"nothing": 1}],
)
def test_a_config_that_is_none(saved: Path, config: Any) -> None:
    content = json.loads((saved / "dataset.json").read_text())
    (saved / "dataset.json").write_text(json.dumps({**content, "config": config}))
    refused(saved)


def test_files_exchanged(saved: Path) -> None:
    observed = (saved / "observed.nc").read_bytes()
    (saved / "observed.nc").write_bytes((saved / "truth.nc").read_bytes())
    (saved / "truth.nc").write_bytes(observed)
    signed(saved)
    refused(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.drop_vars("pivot"),
        lambda data: data.drop_attrs(),
        lambda data: data.assign_attrs(law="Universe"),
    ],
)
def test_a_world_of_another_law(tmp_path: Path, change: Callable[[xr.Dataset], xr.Dataset]) -> None:
    frame = generate_mmm_dataset("basic", seed=1).data
    channels = [name for name in frame if name.startswith("x")]
    directory = from_real(frame, geo="geo", channels=channels).save(tmp_path / "real")
    with xr.open_dataset(directory / "world.nc", engine="h5netcdf") as opened:
        changed = change(opened.load())
    (directory / "world.nc").write_bytes(bytes(changed.to_netcdf(engine="h5netcdf")))
    signed(directory)
    refused(directory)


def test_any_byte_flipped_is_found(saved: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("observed.nc", "truth.nc", "dataset.json"):
        whole = (saved / name).read_bytes()
        for place in rng.integers(len(whole), size=20):
            broken = bytearray(whole)
            broken[place] ^= 1 << int(rng.integers(8))
            (saved / name).write_bytes(bytes(broken))
            try:
                loaded = MMMDataset.load(saved)
            except DataError as error:
                assert "\n" not in str(error)  # noqa: PT017
            else:  # a digit of the index that no rule binds: the name, say
                assert name == "dataset.json"
                assert loaded.observed.sizes["date"] == 52
        (saved / name).write_bytes(whole)
