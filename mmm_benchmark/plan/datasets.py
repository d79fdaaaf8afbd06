"""Datasets by name, by seed, by directory or by hand, and their place in the results directory."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark import schema
from mmm_benchmark.errors import ContractError, UserError
from mmm_benchmark.plan.generating_family import family_text
from mmm_benchmark.plan.jobs import DatasetRef
from mmm_benchmark.store.fits import DATASETS, LOCKS
from mmm_benchmark.store.locks import FileLock
from mmm_benchmark.store.sealed_folder import Staging, flaw, publish
from mmm_benchmark.suggest import unknown

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator import MMMDataConfig, MMMDataset


@dataclass(frozen=True)
class Source:
    """A dataset still to be made or read.

    ``seed`` is the seed it brings along (``preset@7``, or read from disk); one without takes the
    run's seed. ``fixed`` sources ignore seeds altogether.
    """

    name: str
    seed: int | None
    fixed: bool
    make: Callable[[int], MMMDataset]


def source_of(spec: Any) -> Source:
    """Whatever a dataset may be given as: a name, a path, a config, or a dataset itself."""
    from mmm_data_generator import MMMDataConfig, MMMDataset

    if isinstance(spec, MMMDataset):
        return Source(spec.name, None, True, lambda seed: spec)
    if isinstance(spec, MMMDataConfig):
        return from_config(spec)
    if isinstance(spec, str | Path):
        return parse(spec)
    raise UserError(f"datasets: {type(spec).__name__} is no preset, path, config or MMMDataset")


def parse(spec: str | Path) -> Source:
    """A preset or cell, ``name@seed``, or the directory of a saved dataset.

    Raises
    ------
    UserError
        When the name is neither a preset, a cell nor a directory, or the seed is no whole number.
    """
    text = str(spec)
    path = Path(text).expanduser()
    if path.is_dir():
        return Source(path.name, None, True, lambda seed: load(path))
    name, at, seed_text = text.partition("@")
    if at and not seed_text.isdecimal():
        raise UserError(f"dataset '{text}': the seed after '@' must be a whole number, 0 or more")
    if "/" in text or text.endswith(".csv"):
        hint = "; make a dataset of a CSV with: mmm-benchmark import FILE --out DIR"
        is_file = path.is_file()
        raise UserError(
            f"dataset '{text}' is {'a file' if is_file else 'not there'}, a directory saved by "
            f"the generator is needed{hint if is_file else ''}"
        )
    from mmm_data_generator import list_available_presets, list_cells

    presets = [*list_available_presets(), *list_cells()]
    if name not in presets:
        raise unknown("dataset", name, presets)
    own = int(seed_text) if at else None
    return Source(name, own, False, lambda seed: _generate(name, seed, name))


def from_config(config: MMMDataConfig) -> Source:
    """A dataset to be generated from a config object; its own seed wins when it has one."""
    name = getattr(config, "name", None) or "custom"
    seed = getattr(config, "seed", None)
    return Source(name, seed, False, lambda seed: _generate(config, seed, name))


def _generate(config: MMMDataConfig | str, seed: int, name: str) -> MMMDataset:
    from mmm_data_generator import generate_mmm_dataset

    return generate_mmm_dataset(config, seed=seed)


def load(path: Path) -> MMMDataset:
    """A dataset from its directory; a UserError when it is half written or broken."""
    from mmm_data_generator import MMMDataset

    try:
        return MMMDataset.load(path)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"dataset directory '{path}' cannot be read: {error}") from error


def check_observed(observed: xr.Dataset, name: str) -> None:
    """Raise a UserError unless the observed half can be fitted at all."""
    try:
        schema.check(observed, schema.OBSERVED, f"dataset '{name}'")
    except ContractError as error:
        raise UserError(str(error)) from error
    if observed.sizes["date"] < 2:
        raise UserError(
            f"dataset '{name}' has {observed.sizes['date']} week; at least 2 are needed"
        )
    spend = observed["spend"]
    if bool((spend < 0).any()):
        raise UserError(f"dataset '{name}': spend must not be negative")
    silent = [str(c) for c in observed["channel"].values if not spend.sel(channel=c).any()]
    if silent:
        raise UserError(f"dataset '{name}': no spend at all in {', '.join(silent)}; drop it")


def content_hash(observed: xr.Dataset) -> str:
    """SHA-256 of the observed arrays and of the names of geos, dates, channels and controls."""
    import numpy as np

    total = hashlib.sha256()
    for name, dims in schema.OBSERVED.items():
        total.update(f"{name}{dims}".encode())
        total.update(np.ascontiguousarray(observed[name].values, dtype="<f8").tobytes())
    dates = observed["date"].values.astype("datetime64[D]").astype("<i8")
    total.update(dates.tobytes())
    names = [[str(each) for each in observed[dim].values] for dim in ("geo", "channel", "control")]
    total.update(json.dumps(names).encode())
    return total.hexdigest()


def reference_to(dataset: MMMDataset) -> DatasetRef:
    """What jobs need to know of a dataset: its name, seed, content and place."""
    check_observed(dataset.observed, dataset.name)
    content = content_hash(dataset.observed)
    parts = [re.sub(r"[^\w.-]+", "-", dataset.name)]
    if dataset.seed is not None:
        parts.append(str(dataset.seed))
    family = family_text(dataset)
    return DatasetRef(
        name=dataset.name,
        id="-".join([*parts, content[:10]]),
        seed=dataset.seed,
        content=content,
        family=family,
    )


def keep(dataset: MMMDataset, ref: DatasetRef, results: Path, staging: Staging) -> Path:
    """Make sure the dataset, truth included, lies sound in ``results/datasets``."""
    final = results / DATASETS / ref.id
    lock = FileLock(results / LOCKS / f"dataset-{ref.id}")
    lock.acquire()
    try:
        if not final.is_dir() or flaw(final) is not None:
            staged = staging.folder(f"dataset-{ref.id}")
            dataset.save(staged)
            publish(staged, final)
    finally:
        lock.release()
    return final


def write_observed(observed: xr.Dataset, path: Path, family: str | None) -> None:
    """Write the half of a dataset that a fitter may see; ``family`` is for references only."""
    visible = observed[list(schema.OBSERVED)].drop_encoding()
    visible.attrs = {} if family is None else {"family": family}
    visible.to_netcdf(path, engine="h5netcdf")


def export(dataset: MMMDataset, directory: Path) -> None:
    """Save a dataset where the user asked; never over something else."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UserError(f"'{directory}' exists and is not empty; name another directory")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        staged = directory.with_name(f".{directory.name}.part")
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        dataset.save(staged)
        if directory.exists():
            directory.rmdir()
        staged.rename(directory)
    except OSError as error:
        raise UserError(f"'{directory}' cannot be written to ({error.strerror})") from error
