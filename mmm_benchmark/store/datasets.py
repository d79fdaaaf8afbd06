"""Datasets kept, truth included, under ``results/datasets``; and the half a fitter may see."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mmm_benchmark import schema
from mmm_benchmark.errors import UserError
from mmm_benchmark.store.fits import LOCKS
from mmm_benchmark.store.locks import FileLock
from mmm_benchmark.store.sealed_folder import Staging, flaw, publish

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator import MMMDataset

DATASETS = "datasets"


def keep(dataset: MMMDataset, dataset_id: str, results: Path, staging: Staging) -> Path:
    """Make sure the dataset, truth included, lies sound in ``results/datasets``."""
    final = results / DATASETS / dataset_id
    lock = FileLock(results / LOCKS / f"dataset-{dataset_id}")
    lock.acquire()
    try:
        if not final.is_dir() or flaw(final) is not None:
            staged = staging.folder(f"dataset-{dataset_id}")
            dataset.save(staged)
            publish(staged, final)
    finally:
        lock.release()
    return final


def load_dataset(results: Path, dataset_id: str) -> MMMDataset:
    """A stored dataset with its truth.

    Raises
    ------
    UserError
        When it is missing, or altered since it was written.
    """
    from mmm_data_generator import MMMDataset

    path = Path(results) / DATASETS / dataset_id
    if not path.is_dir():
        raise UserError(f"dataset '{dataset_id}' is not in {path.parent}; run its fits once more")
    if (wrong := flaw(path)) is not None:
        raise UserError(
            f"stored dataset '{dataset_id}' is damaged: {wrong}; run its fits once more"
        )
    return MMMDataset.load(path)


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
