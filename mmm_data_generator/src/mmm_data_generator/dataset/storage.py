"""A dataset on disk: netCDF files and, written last, ``dataset.json`` with their checksums.

A world that a config and a seed determine is drawn again when it is asked for; any other that is
known (real spend, a batch drawn from a prior) is written beside, so that ``counterfactual`` works
on what is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.dataset.labels import HELD, KEPT_BACK, OBSERVED, TRUTH, Label
from mmm_data_generator.errors import ConfigError, DataError
from mmm_data_generator.world.stressed import StressedWorld
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    import xarray as xr

FORMAT_VERSION = 1
INDEX = "dataset.json"
PARTS = ("observed", "truth", "world")


def save(
    directory: Path,
    *,
    name: str,
    seed: int | None,
    config: MMMDataConfig | None,
    observed: xr.Dataset,
    truth: xr.Dataset | None,
    world: World | None,
) -> Path:
    """Write a dataset; until the last file is in place the directory does not count as one."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write to {directory}: {error.strerror or error}") from None
    from mmm_data_generator.dataset import netcdf

    index = directory / INDEX
    index.unlink(missing_ok=True)
    checksums = {}
    arrays = None if world is None else _as_arrays(world)
    for stem, part in (("observed", observed), ("truth", truth), ("world", arrays)):
        path = directory / f"{stem}.nc"
        path.unlink(missing_ok=True)
        if part is not None:
            path.write_bytes(netcdf.write({"": part}))
            checksums[path.name] = _checksum(path)
    content = {
        "format_version": FORMAT_VERSION,
        "name": name,
        "seed": seed,
        "config": None if config is None else config.to_dict(),
        "sha256": checksums,
    }
    partial = directory / f"{INDEX}.partial"
    partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    partial.replace(index)
    return directory


def load(directory: Path) -> dict[str, Any]:
    """Return what :func:`save` was given, checked to be whole."""
    content = _index(directory)
    parts: dict[str, xr.Dataset | None] = {"observed": None, "truth": None, "world": None}
    for filename, checksum in content["sha256"].items():
        path = directory / filename
        if not path.is_file():
            raise DataError(f"{directory}: {filename} is missing; save the dataset again")
        if _checksum(path) != checksum:
            raise DataError(f"{path}: differs from what was saved; save the dataset again")
        parts[path.stem] = _open(path)
    if parts["observed"] is None:
        raise DataError(f"{directory}: observed.nc is missing; save the dataset again")
    for stem, labels in (("observed", {**OBSERVED, **KEPT_BACK}), ("truth", {**TRUTH, **HELD})):
        _check_dims(parts[stem], labels, directory / f"{stem}.nc")
    if not set(OBSERVED) <= set(parts["observed"].data_vars):
        raise DataError(f"{directory}: observed.nc lacks variables; save the dataset again")
    config = content["config"]
    return {
        "name": content["name"],
        "seed": content["seed"],
        "config": None if config is None else _config(config, directory / INDEX),
        "observed": parts["observed"],
        "truth": parts["truth"],
        "world": None if parts["world"] is None else _as_world(parts["world"], directory),
    }


def _check_dims(part: xr.Dataset | None, labels: Mapping[str, Label], path: Path) -> None:
    """Refuse variables that are not what their name says."""
    for name, values in (part.data_vars if part is not None else {}).items():
        label = labels.get(str(name))
        # weeks held out travel beside the observed ones, under names that only their reader knows
        ahead = label is None and str(name).startswith(("future_", "held_"))
        known = ahead or (label is not None and values.dims == label.dims)
        if not known or values.dtype.kind not in "fiub":
            raise DataError(f"{path}: '{name}' is not what it should be; save the dataset again")
        if any(dim not in values.coords for dim in values.dims):
            raise DataError(f"{path}: '{name}' lacks coordinates; save the dataset again")


def _config(values: dict[str, Any], path: Path) -> MMMDataConfig:
    try:
        return MMMDataConfig.from_dict(values)
    except ConfigError as error:
        raise DataError(f"{path}: config.{error}") from None


def _as_arrays(world: World) -> xr.Dataset:
    """Return a world's fields; each array has dims of its own, as nothing reads them by label."""
    import xarray as xr

    arrays, flags = {}, {}
    for field in fields(world):
        value = getattr(world, field.name)
        if isinstance(value, bool):
            flags[field.name] = int(value)
        else:
            arrays[field.name] = ([f"{field.name}_{i}" for i in range(value.ndim)], value)
    return xr.Dataset(arrays, attrs={"law": type(world).__name__, **flags})


def _as_world(stored: xr.Dataset, directory: Path) -> World:
    """Return the world of :func:`_as_arrays`."""
    laws = {"World": World, "StressedWorld": StressedWorld}
    law = laws.get(str(stored.attrs.get("law")))
    wanted = {field.name for field in fields(law)} if law else set()
    flags = wanted & {"nonnegative", "multiplicative"}
    if law is None or wanted != set(stored.data_vars) | flags or not flags <= set(stored.attrs):
        raise DataError(f"{directory}: world.nc is of another version; save the dataset again")
    arrays: dict[str, Any] = {str(name): value.values for name, value in stored.data_vars.items()}
    return law(**arrays, **{name: bool(stored.attrs[name]) for name in flags})


def _index(directory: Path) -> dict[str, Any]:
    path = directory / INDEX
    if not path.is_file():
        what = "is not a dataset or was only half written" if directory.is_dir() else "is not there"
        raise DataError(f"{directory}: {what}; it must hold observed.nc and {INDEX}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["format_version"]
        known = {key: content[key] for key in ("name", "seed", "config", "sha256")}
        sound = type(version) is int and _well_formed(**known)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise DataError(f"{path}: is damaged; save the dataset again")
    if version > FORMAT_VERSION:
        raise DataError(
            f"{path}: format version {version} is newer than {FORMAT_VERSION}, the newest this"
            " package reads; upgrade mmm-data-generator"
        )
    return known


def _well_formed(name: object, seed: object, config: object, sha256: object) -> bool:
    """Whether the index holds what :func:`save` writes; only files of its own may be named."""
    return (
        isinstance(name, str)
        and (seed is None or (type(seed) is int and seed >= 0))
        and (config is None or isinstance(config, dict))
        and isinstance(sha256, dict)
        and set(sha256) <= {f"{part}.nc" for part in PARTS}
    )


def _open(path: Path) -> xr.Dataset:
    from mmm_data_generator.dataset import netcdf

    try:
        loaded = netcdf.read(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path}: cannot be read ({why:.80}); save the dataset again") from None
    texts = [dim for dim in ("geo", "channel", "control") if dim in loaded.coords]
    loaded = loaded.assign_coords({dim: loaded[dim].values.astype(str) for dim in texts})
    for variable in loaded.variables.values():
        variable.encoding.clear()
    return loaded


def _checksum(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
