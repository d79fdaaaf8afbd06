"""The store of fits: one sealed directory per key under ``results/fits``.

A directory holds ``job.json`` (what was asked), ``fit.json`` (what came of it), ``fit.nc`` (the
draws, when it succeeded), ``log.txt`` and ``manifest.json``. Datasets, truth included, lie beside
it in ``results/datasets``, so everything right of the store is a function of ``results`` alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.store.keys import key_of
from mmm_benchmark.store.place import called
from mmm_benchmark.store.plain_files import is_plain, read_object
from mmm_benchmark.store.sealed_folder import Staging, put_in_place
from mmm_benchmark.store.shelf import STAGING, DamagedError, Lock
from mmm_benchmark.store.shelves import shelf_of

if TYPE_CHECKING:
    import xarray as xr


FITS = "fits"
#: Of what a stored fit says of itself. A record that names none is of the first, and is read as is.
SCHEMA = 1
STATUSES = ("ok", "skipped", "error", "timeout", "memory", "killed")


class NewerSchemaError(UserError):
    """A stored fit says more than this version can read; it is neither used nor replaced."""


@dataclass(frozen=True)
class StoredFit:
    """One finished job, successful or not. ``record`` is ``fit.json``, ``job`` is ``job.json``.

    ``place`` is its folder, or what brings it from an object store when it is first looked into.
    """

    key: str
    place: Path | Callable[[], Path]
    dataset: Mapping[str, Any] | None = None  # the name these same data go by in this run
    told: Mapping[str, Any] | None = None  # its record, where that is known before the folder is

    @cached_property
    def path(self) -> Path:
        """The folder that holds it."""
        return self.place if isinstance(self.place, Path) else self.place()

    @cached_property
    def job(self) -> dict[str, Any]:
        """What was asked: dataset, fitter, settings, budget, seed, versions."""
        job = json.loads((self.path / "job.json").read_text())
        return job if self.dataset is None else {**job, "dataset": self.dataset}

    def of(self, dataset: Mapping[str, Any]) -> StoredFit:
        """The same fit, of the same data, under the name that ``dataset`` gives them."""
        return replace(self, dataset=dataset)

    @cached_property
    def record(self) -> dict[str, Any]:
        """What came of it: status, reason, seconds by phase, memory, diagnostics, notes."""
        if self.told is not None:
            return dict(self.told)
        return json.loads((self.path / "fit.json").read_text())

    @property
    def status(self) -> str:
        """One of ok, skipped, error, timeout, memory, killed."""
        return self.record["status"]

    @property
    def ok(self) -> bool:
        """Whether there are draws to read."""
        return self.status == "ok"

    def tree(self) -> xr.DataTree:
        """The draws, read when first touched: posterior, posterior_predictive, sample_stats."""
        from mmm_data_generator.dataset import netcdf

        if not self.ok:
            raise UserError(f"fit {self.key} has no draws: {self.status}, {self.record['reason']}")
        return netcdf.read_groups(self.path / "fit.nc")


class Store:
    """Fits by key, under ``root / "fits"``. Reading verifies; what is damaged counts as absent.

    Parameters
    ----------
    root
        The results directory, or the mirror of one that lives in an object store.
    report
        Called with one line for every damaged fit met.
    """

    def __init__(self, root: Path, report: Callable[[str], None] | None = None) -> None:
        self.root = root if isinstance(root, Path) else Path(root)
        self.fits = self.root / FITS
        self.shelf = shelf_of(self.root)
        self._report = report or (lambda line: None)
        self._reported: set[str] = set()

    def get(self, key: str) -> StoredFit | None:
        """The fit of that key, or None when there is none or it is damaged.

        Raises
        ------
        NewerSchemaError
            When a newer version of this project wrote it.
        """
        try:
            path = self.shelf.fetch(FITS, key)
            if path is None:
                return None
            wrong = _impostor(key, path)
        except DamagedError as error:
            path, wrong = None, str(error)
        if path is not None and wrong is None:
            return StoredFit(key, path)
        if key not in self._reported:
            self._reported.add(key)
            self._report(f"stored fit {key} is damaged and does not count: {wrong}")
        return None

    def __iter__(self) -> Iterator[StoredFit]:
        for name in self.shelf.names(FITS):
            try:
                fit = self.get(name)
            except NewerSchemaError as error:
                self._report(str(error))
                continue
            if fit is not None:
                yield fit

    def find(self, dataset_id: str | None = None, fitter: str | None = None) -> list[StoredFit]:
        """All sound fits of a dataset, of a fitter, of both, or all there are."""
        return [
            fit
            for fit in self
            if dataset_id in (None, fit.job["dataset"]["id"])
            and fitter in (None, fit.job["fitter"])
        ]

    def by_prefix(self, prefix: str) -> StoredFit:
        """The one fit whose key starts with ``prefix``; a UserError when there is not just one."""
        found = [fit for fit in self if fit.key.startswith(prefix)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise UserError(
                f"no stored fit has a key starting with '{prefix}' in {called(self.root)}"
            )
        keys = ", ".join(fit.key for fit in found[:5])
        raise UserError(f"'{prefix}' is the start of {len(found)} keys: {keys}; give more of it")

    def lock(self, key: str) -> Lock:
        """The lock under which ``key`` is fitted, so that two runs do not both do it."""
        return self.shelf.lock(key)

    def staging(self) -> Staging:
        """A folder for unfinished work, on the store's own file system."""
        return Staging(self.root / STAGING)

    def put(self, key: str, staged: Path) -> StoredFit:
        """Seal a finished folder and give it its final place."""
        return StoredFit(key, self.shelf.publish(FITS, key, staged))

    def take(self, key: str, sealed: Path, record: Mapping[str, Any]) -> StoredFit:
        """Give a folder that was sealed on this disk by another machine its final place."""
        put_in_place(sealed, self.fits / key)
        return StoredFit(key, self.fits / key, told=record)

    def distant(self, key: str, record: Mapping[str, Any]) -> StoredFit:
        """A fit that was put into the object store from elsewhere; brought here when looked into.

        Raises
        ------
        UserError
            When it is not there, now or then.
        """
        if not self.shelf.holds(FITS, key):
            raise UserError(
                f"fit {key} was stored, and is not in {called(self.root)}: nodes need the same "
                "endpoint and credentials as this machine (AWS_ENDPOINT_URL, ...)"
            )

        def bring() -> Path:
            fit = self.get(key)
            if fit is None:
                raise UserError(f"fit {key} is not in {called(self.root)} any more; run it again")
            return fit.path

        return StoredFit(key, bring, told=record)


def _impostor(key: str, path: Path) -> str | None:
    """Say why a sound folder is not the fit of ``key``: copied, swapped, or of another shape."""
    try:
        job, record = read_object(path / "job.json"), read_object(path / "fit.json")
        schema = record.get("schema", 1)
        if type(schema) is int and schema > SCHEMA:
            raise NewerSchemaError(
                f"stored fit {key} is of schema {schema}, and this version reads {SCHEMA}: upgrade "
                "mmm-benchmark, or name other --results"
            )
        belongs = key_of(job)
        status = record["status"]
        well_formed = (
            status in STATUSES
            and type(schema) is int
            and isinstance(record["finished_at"], str)
            and isinstance(record["limits"], dict)
            and (record["reason"] is None or isinstance(record["reason"], str))
        )
    except KeyError as error:
        return f"it is no fit, or one of an older schema: {error} is missing; fit it again"
    except (OSError, ValueError, TypeError) as error:
        return f"it is not a fit ({type(error).__name__}: {error})"
    if belongs != key:
        return f"it holds the fit {belongs}"
    if not well_formed or is_plain(path / "fit.nc") != (status == "ok"):
        return "its fit.json is not that of a fit"
    return None


def check_writable(root: Path) -> None:
    """Raise a UserError unless results can be kept under ``root`` (which is made if need be)."""
    shelf_of(root).check()
