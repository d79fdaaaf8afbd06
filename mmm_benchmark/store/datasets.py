"""Datasets kept, truth included, under ``results/datasets``; and the half a fitter may see."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mmm_benchmark import schema
from mmm_benchmark.errors import ContractError, UserError
from mmm_benchmark.store import keys
from mmm_benchmark.store.plain_files import read_object
from mmm_benchmark.store.sealed_folder import Staging
from mmm_benchmark.store.shelf import DamagedError
from mmm_benchmark.store.shelves import shelf_of
from mmm_benchmark.store.visible import Visible

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator import MMMDataset

DATASETS = "datasets"


def keep(dataset: MMMDataset, dataset_id: str, results: Path, staging: Staging) -> Path:
    """Make sure the dataset, truth included, lies sound in ``results/datasets``."""
    shelf = shelf_of(results)
    lock = shelf.lock(f"dataset-{dataset_id}")
    lock.acquire()
    try:
        path = _sound(results, dataset_id)
        if path is None:
            staged = staging.folder(f"dataset-{dataset_id}")
            dataset.save(staged)
            path = shelf.publish(DATASETS, dataset_id, staged)
    finally:
        lock.release()
    return path


def _sound(results: Path, dataset_id: str) -> Path | None:
    """The folder of a stored dataset that is whole, and what its name says.

    Its manifest vouches for every byte, the truth's too; read is the observed half alone.
    """
    try:
        path = shelf_of(results).fetch(DATASETS, dataset_id)
    except DamagedError:
        return None
    return path if path is not None and _holds(path) == dataset_id else None


def _holds(path: Path) -> str | None:
    """The id of the dataset in a folder; None where there is none that this version writes."""
    from mmm_data_generator.dataset import netcdf, storage

    try:
        index = read_object(path / storage.INDEX)
        observed = netcdf.read(path / "observed.nc")
        schema.check(observed, schema.OBSERVED, "observed.nc")
        if index["format_version"] != storage.FORMAT_VERSION:
            return None
        return keys.dataset_id(index["name"], index["seed"], keys.content_hash(observed))
    except (OSError, ContractError, TypeError, ValueError, KeyError, AttributeError, RuntimeError):
        return None


def load_dataset(results: Path, dataset_id: str) -> MMMDataset:
    """A stored dataset with its truth.

    Raises
    ------
    UserError
        When it is missing, altered since it was written, or another than its folder says.
    """
    found: MMMDataset | str
    try:
        path = shelf_of(results).fetch(DATASETS, dataset_id)
        if path is None:
            place = results / DATASETS
            raise UserError(f"dataset '{dataset_id}' is not in {place}; run its fits once more")
        found = dataset_at(path)
    except DamagedError as error:
        found = str(error)
    if isinstance(found, str):
        raise UserError(
            f"stored dataset '{dataset_id}' is damaged: {found}; run its fits once more"
        )
    return found


def dataset_at(path: Path) -> MMMDataset | str:
    """The dataset of a sound folder, or what is wrong with it."""
    try:
        dataset = read_dataset(path)
        schema.check(dataset.observed, schema.OBSERVED, "observed.nc")
        held = keys.dataset_id(dataset.name, dataset.seed, keys.content_hash(dataset.observed))
    except (UserError, ContractError, TypeError, ValueError) as error:
        return " ".join(str(error).split())
    return dataset if held == path.name else f"it holds the dataset '{held}'"


def read_dataset(path: Path) -> MMMDataset:
    """A dataset from its directory; a UserError when it is half written or broken."""
    from mmm_data_generator import MMMDataset

    try:
        return MMMDataset.load(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(f"dataset directory '{path}' cannot be read: {error}") from error


def write_observed(observed: xr.Dataset, path: Path, family: str | None) -> None:
    """Write the half of a dataset that a fitter may see; ``family`` is for references only."""
    path.write_bytes(Visible("", observed, family).netcdf())


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
