"""Files are as the general reader and writer of xarray have them, to the last attribute."""

from __future__ import annotations

import gc
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from mmm_data_generator import generate_mmm_dataset, get_preset_config
from mmm_data_generator.dataset import netcdf


@pytest.fixture(scope="module")
def truth() -> xr.Dataset:
    found = generate_mmm_dataset(get_preset_config("small_business"), seed=1).truth
    assert found is not None
    return found


def odd() -> xr.Dataset:
    """Flags, text of many lengths, numbers that are missing, dimensions without coordinates."""
    return xr.Dataset(
        {
            "flag": (("chain", "draw"), np.array([[True, False]])),
            "hole": (("draw",), np.array([np.nan, 1.0])),
            "count": (("draw", "free"), np.arange(6).reshape(2, 3)),
            "one": ((), 3.0),
            "nothing": (("free", "none"), np.zeros((3, 0))),
        },
        coords={
            "chain": [0],
            "name": ("draw", np.array(["ä", "a longer one"])),
            "date": np.array(["2024-01-01", "2024-01-08"], "datetime64[ns]"),
        },
        attrs={"family": "x", "number": 3},
    )


def same(one: xr.Dataset, other: xr.Dataset) -> None:
    xr.testing.assert_identical(one, other)
    for name in other.variables:
        assert one[name].dtype == other[name].dtype, name


@pytest.mark.parametrize("made", ["truth", "odd"])
@pytest.mark.parametrize("writer", ["ours", "xarray's"])
def test_both_readers_read_what_both_writers_write(
    made: str, writer: str, truth: xr.Dataset, tmp_path: Path
) -> None:
    given = truth if made == "truth" else odd()
    path = tmp_path / "file.nc"
    path.write_bytes(
        netcdf.write({"": given}) if writer == "ours" else given.to_netcdf(engine="h5netcdf")
    )
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        general = opened.load()
    for source in (path, BytesIO(path.read_bytes())):
        same(netcdf.read(source), general)
    name = "one" if made == "odd" else "roas"
    np.testing.assert_array_equal(general[name], given[name])


def test_groups_are_small_and_lazy_and_close_their_file(truth: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "fit.nc"
    path.write_bytes(netcdf.write({"posterior": truth, "sample_stats": odd()}, small=True))
    with xr.open_datatree(path, engine="h5netcdf") as general, netcdf.read_groups(path) as tree:
        assert list(tree.children) == list(general.children)
        for name in general.children:
            same(tree[name].to_dataset(), general[name].to_dataset())
        few = tree["posterior"]["contribution"].isel(date=slice(3, 5), channel=[2, 0])
        assert few.dtype == np.float32
        expected = truth["contribution"].isel(date=slice(3, 5), channel=[2, 0])
        np.testing.assert_allclose(few, expected, rtol=1e-6)
    with netcdf.read_groups(path) as tree:
        left = tree["posterior"]["baseline"]
    with pytest.raises((ValueError, RuntimeError, OSError)):
        left.to_numpy()


def test_a_part_can_be_read_after_its_tree_is_gone(truth: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "fit.nc"
    path.write_bytes(netcdf.write({"posterior": truth}))
    part = netcdf.read_groups(path)["posterior"].to_dataset()
    gc.collect()
    other = part.copy(deep=True)
    np.testing.assert_array_equal(part["roas"], truth["roas"])
    other["roas"][:] = 0.0
    np.testing.assert_array_equal(part["roas"], truth["roas"])


def test_a_file_of_another_make_is_left_to_the_general_reader(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "other.nc"
    path.write_bytes(netcdf.write({"": odd()}))
    with h5py.File(path, "a") as file:
        for each in file.values():
            each.attrs.pop("_Netcdf4Coordinates", None)
    with xr.open_dataset(path, engine="h5netcdf") as general:
        same(netcdf.read(path), general.load())
    with pytest.raises(OSError, match=r"none\.nc"):
        netcdf.read(tmp_path / "none.nc")


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "secret.nc", "w") as file:
        file["x"] = np.arange(3.0)
    with h5py.File(tmp_path / "link.nc", "w") as file:
        file["x"] = h5py.ExternalLink("secret.nc", "/x")
    for reader in (netcdf.read, netcdf.read_groups):
        with pytest.raises(ValueError, match="link"):
            reader(tmp_path / "link.nc")
