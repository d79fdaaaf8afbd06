"""A dataset on disk: two netCDF files and, written last, ``dataset.json`` with their checksums."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_data_generator.config import MMMDataConfig
from mmm_data_generator.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator.dataset import MMMDataset

FORMAT_VERSION = 1
INDEX = "dataset.json"


def save(dataset: MMMDataset, directory: Path) -> Path:
    """Write the dataset; until the last file is in place the directory does not count as one."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write to {directory}: {error.strerror or error}") from None
    index = directory / INDEX
    index.unlink(missing_ok=True)
    checksums = {}
    for name, part in (("observed", dataset.observed), ("truth", dataset.truth)):
        path = directory / f"{name}.nc"
        path.unlink(missing_ok=True)
        if part is not None:
            part.to_netcdf(path, engine="h5netcdf")
            checksums[path.name] = _checksum(path)
    content = {
        "format_version": FORMAT_VERSION,
        "name": dataset.name,
        "seed": dataset.seed,
        "config": None if dataset.config is None else dataset.config.to_dict(),
        "sha256": checksums,
    }
    partial = directory / f"{INDEX}.partial"
    partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    partial.replace(index)
    return directory


def load(directory: Path) -> MMMDataset:
    """Read a dataset and check it is whole."""
    from mmm_data_generator.dataset import MMMDataset

    content = _index(directory)
    parts: dict[str, xr.Dataset | None] = {"observed": None, "truth": None}
    for filename, checksum in content["sha256"].items():
        path = directory / filename
        if not path.is_file():
            raise DataError(f"{directory}: {filename} is missing; save the dataset again")
        if _checksum(path) != checksum:
            raise DataError(f"{path}: differs from what was saved; save the dataset again")
        parts[path.stem] = _open(path)
    if parts["observed"] is None:
        raise DataError(f"{directory}: observed.nc is missing; save the dataset again")
    config = content["config"]
    return MMMDataset(
        name=content["name"],
        seed=content["seed"],
        config=None if config is None else MMMDataConfig.from_dict(config),
        observed=parts["observed"],
        truth=parts["truth"],
    )


def _index(directory: Path) -> dict[str, Any]:
    path = directory / INDEX
    if not path.is_file():
        what = "is not a dataset or was only half written" if directory.is_dir() else "is not there"
        raise DataError(f"{directory}: {what}; it must hold observed.nc and {INDEX}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["format_version"]
        known = {key: content[key] for key in ("name", "seed", "config", "sha256")}
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path}: is damaged; save the dataset again") from None
    if version > FORMAT_VERSION:
        raise DataError(
            f"{path}: format version {version} is newer than {FORMAT_VERSION}, the newest this"
            " package reads; upgrade mmm-data-generator"
        )
    return known


def _open(path: Path) -> xr.Dataset:
    import xarray as xr

    with xr.open_dataset(path, engine="h5netcdf") as opened:
        loaded = opened.load()
    texts = [dim for dim in ("geo", "channel", "control") if dim in loaded.coords]
    loaded = loaded.assign_coords({dim: loaded[dim].values.astype(str) for dim in texts})
    for variable in loaded.variables.values():
        variable.encoding.clear()
    return loaded


def _checksum(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
