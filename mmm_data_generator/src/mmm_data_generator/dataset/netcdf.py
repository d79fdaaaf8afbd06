"""The netCDF files of this project, read and written by h5py: plain ones cost little.

The general reader of xarray looks at every dimension of every variable many times over, which on
small data takes longer than all that is done with them. Files are as it would write them, and a
file of another make is left to it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

if TYPE_CHECKING:
    import h5py

type Source = Path | BytesIO

ENGINE = "h5netcdf"
BARE = b"This is a netCDF dimension but not a netCDF variable"
OWN = frozenset(  # attributes that say how a variable hangs together with others, not what it is
    {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Coordinates", "_Netcdf4Dimid"}
)


class _ForeignError(Exception):
    """The file is not as this project writes it."""


class _Stored(BackendArray):
    """The values of one variable, read when they are asked for."""

    def __init__(self, values: h5py.Dataset) -> None:
        self._values = values
        self._file = values.file  # stays open as long as there are values to read
        self.shape = values.shape
        self.dtype = np.dtype(object) if values.dtype.kind == "O" else values.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER_1VECTOR, self._get
        )

    def _get(self, key: tuple[Any, ...]) -> Any:
        values = self._values.asstr() if self.dtype.kind == "O" else self._values
        return values[key]


def read(source: Source) -> xr.Dataset:
    """The variables of a file without groups, in memory."""
    import h5py

    with contextlib.suppress(_ForeignError), h5py.File(source, "r") as file:
        return _dataset(file).load()
    with xr.open_dataset(source, engine=ENGINE) as opened:
        return opened.load()


def read_groups(source: Source) -> xr.DataTree:
    """The groups of a file, each variable read when its values are first asked for.

    The file is open until the tree is closed, or nothing of it is left that could be read.
    """
    import h5py

    file = h5py.File(source, "r")
    try:
        if any(not isinstance(file.get(name, getlink=True), h5py.HardLink) for name in file):
            raise ValueError("a group is a link")
        if any(not _is_group(file, name) for name in file):
            raise _ForeignError
        tree = xr.DataTree.from_dict({name: _dataset(file[name]) for name in file})
    except _ForeignError:
        file.close()
        return xr.open_datatree(source, engine=ENGINE)
    except BaseException:
        file.close()
        raise
    tree.set_close(file.close)
    return tree


def _is_group(parent: h5py.Group, name: str) -> bool:
    return parent.get(name, getclass=True).__name__ == "Group"


def _dataset(group: h5py.Group) -> xr.Dataset:
    """The variables of one group, lazily."""
    import h5py

    found: dict[str, h5py.Dataset] = {}
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"'{name}' is a link")  # it may lead to another file
        if _is_group(group, name):
            raise _ForeignError
        found[name] = group[name]
    dims, bare = {}, set()
    for name, values in found.items():
        if values.attrs.get("CLASS") == b"DIMENSION_SCALE":
            dims[_number(values, "_Netcdf4Dimid")] = name
            if values.attrs.get("NAME", b"").startswith(BARE):
                bare.add(name)
    variables = {
        name: _variable(values, dims) for name, values in found.items() if name not in bare
    }
    return xr.decode_cf(xr.Dataset(variables, attrs=_attributes(group)))


def _number(values: h5py.Dataset, name: str) -> int:
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return int(values.attrs[name])
    raise _ForeignError


def _variable(values: h5py.Dataset, dims: Mapping[int, str]) -> xr.Variable:
    try:
        numbers = values.attrs["_Netcdf4Coordinates"] if values.shape else []
        names = [dims[int(number)] for number in numbers]
    except (KeyError, TypeError, ValueError):
        raise _ForeignError from None
    kind = values.dtype.kind
    if len(names) != len(values.shape) or len(set(names)) < len(names) or kind not in "fiubO":
        raise _ForeignError
    attributes = _attributes(values)
    fill = attributes.get("_FillValue")
    if kind == "f" and fill is not None and np.isnan(fill):
        del attributes["_FillValue"]  # nothing to replace
    encoding = {"dtype": str} if kind == "O" else {}
    # read once, when first asked for as a whole, and never changed by whoever reads it
    lazy: Any = indexing.LazilyIndexedArray(_Stored(values))
    kept = indexing.MemoryCachedArray(indexing.CopyOnWriteArray(lazy))  # type: ignore[no-untyped-call]
    return xr.Variable(names, kept, attributes, encoding)


def write(groups: Mapping[str, xr.Dataset], *, small: bool = False) -> bytes:
    """The bytes of a file of these groups; the group without a name is the file itself.

    Made in memory: on a full disk the HDF5 library would crash when it closes its file.

    Parameters
    ----------
    small
        Numbers are compressed, and real ones kept in single precision.
    """
    import h5py

    buffer = BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["_NCProperties"] = np.bytes_(f"version=2,h5py={h5py.__version__}")
        for name, dataset in groups.items():
            _write(file.create_group(name) if name else file, dataset, small)
    return buffer.getvalue()


def _write(group: h5py.Group, dataset: xr.Dataset, small: bool) -> None:
    """Dimensions first, as scales that every variable is then attached to."""
    import h5py

    variables, attributes = xr.conventions.cf_encoder(
        *xr.conventions.encode_dataset_coordinates(dataset.drop_encoding())
    )
    numbers = {str(dim): number for number, dim in enumerate(dataset.sizes)}
    for dim, number in numbers.items():
        size = dataset.sizes[dim]
        if dim in variables:
            scale = _create(group, dim, variables.pop(dim), small=False)
            scale.make_scale(dim)
            scale.attrs["_Netcdf4Coordinates"] = np.array([number], np.int32)
        else:
            scale = group.create_dataset(dim, (size,), ">f4")
            scale.make_scale(f"{BARE.decode()}. {size:10d}")
        scale.attrs["_Netcdf4Dimid"] = np.int32(number)
    for name, variable in variables.items():
        made = _create(group, str(name), variable, small)
        for axis, dim in enumerate(variable.dims):
            h5py.h5ds.attach_scale(made.id, group[str(dim)].id, axis)
        if variable.dims:
            ids = np.array([numbers[str(dim)] for dim in variable.dims], np.int32)
            made.attrs["_Netcdf4Coordinates"], made.attrs["_Netcdf4Dimid"] = ids, ids[0]
    for name, value in attributes.items():
        group.attrs[name] = value


def _create(group: h5py.Group, name: str, variable: xr.Variable, small: bool) -> h5py.Dataset:
    import h5py

    values, kind = np.asarray(variable.values), variable.dtype.kind
    how: dict[str, Any] = {}
    if kind in "UO":
        values, how["dtype"] = values.astype(object), h5py.string_dtype()
    elif small and values.size and values.ndim:
        how |= {"compression": "gzip", "compression_opts": 4}
    if small and kind == "f":
        values = values.astype(np.float32)
    made = group.create_dataset(name, data=values, **how)
    for attribute, value in variable.attrs.items():
        if attribute == "_FillValue":
            value = np.array([value], values.dtype)
        made.attrs[attribute] = value
    return made


def _attributes(of: h5py.Dataset | h5py.Group) -> dict[str, Any]:
    found = {}
    for name in of.attrs:
        if name in OWN or name == "_NCProperties":
            continue
        value = of.attrs[name]
        if isinstance(value, bytes):
            value = value.decode()
        elif isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu":
            value = value.ravel()[0]
        found[name] = value
    return found
