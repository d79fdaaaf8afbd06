"""Faults of a store, and answers that lie: in this process, with a worker that is played."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from unittest import mock

import xarray as xr

from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.datasets import reference_to
from mmm_benchmark.run import finishing
from mmm_benchmark.store.datasets import keep, load_dataset
from mmm_benchmark.store.fits import Store
from mmm_benchmark.store.sealed_folder import MANIFEST, seal
from tests.factories import tiny_answer, tiny_dataset
from tests.faults.tally import Wrong
from tests.unit.run.test_runner import JOB, Executor, settle

SHAPES = (
    "[]",
    "null",
    "3",
    '"x"',
    "{}",
    "[" * 50_000,
    '{"files": []}',
    '{"files": {"a": 1}}',
    "\0",
)
JOBS = [replace(JOB, seed=seed) for seed in range(3)]


def corruption(rng: Random, place: Path) -> Iterator[Wrong]:
    """Alter one stored fit or dataset; it must be sound as before, or absent and made again."""
    store, dataset = place / "store", tiny_dataset()
    settle(store, *JOBS, executor=Executor())
    staging = Store(store).staging()
    ref = reference_to(dataset)
    kept = keep(dataset, ref.id, store, staging)
    before = {path: content(path) for path in (store / "fits").iterdir()}
    rng.choice(WRECKS)(rng, rng.choice([*sorted(before), kept]))
    try:
        for path, was in before.items():
            if Store(store).get(path.name) is not None and content(path) != was:
                yield Wrong("accepted", f"{path.name} is another than it was")
        list(Store(store))
        try:
            if not load_dataset(store, ref.id).observed.equals(dataset.observed):
                yield Wrong("accepted", "the dataset is another than it was")
        except UserError:
            pass
        outcomes = settle(store, *JOBS, executor=Executor())
        keep(dataset, ref.id, store, staging)
        load_dataset(store, ref.id)
        if any(outcome.failed for outcome in outcomes):
            yield Wrong("blocked", "a fit was not made again")
    except Exception as error:
        yield Wrong("traceback", f"{type(error).__name__}: {error}")
    staging.close()


def content(folder: Path) -> dict[str, bytes]:
    """All that a sealed folder holds, the moments of its making included."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def some_file(rng: Random, folder: Path) -> Path:
    return rng.choice(sorted(path for path in folder.iterdir() if path.is_file()))


def cut(rng: Random, folder: Path) -> None:
    file = some_file(rng, folder)
    file.write_bytes(file.read_bytes()[: rng.randrange(file.stat().st_size)])


def flip(rng: Random, folder: Path) -> None:
    file = some_file(rng, folder)
    data = bytearray(file.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    file.write_bytes(data)


def reshape(rng: Random, folder: Path) -> None:
    names = ("fit.json", "job.json", "dataset.json", MANIFEST)
    file = folder / rng.choice([name for name in names if (folder / name).exists()])
    file.write_text(rng.choice(SHAPES))
    if file.name != MANIFEST:
        (folder / MANIFEST).unlink()
        seal(folder)


def delete(rng: Random, folder: Path) -> None:
    some_file(rng, folder).unlink()


def foreign(rng: Random, folder: Path) -> None:
    (folder / f"more-{rng.randrange(9)}").write_text("x")


def link(rng: Random, folder: Path) -> None:
    file = some_file(rng, folder)
    file.unlink()
    file.symlink_to(rng.choice(["/dev/zero", "/dev/null", "/nowhere", "/etc/hostname", "."]))


def pipe(rng: Random, folder: Path) -> None:
    file = some_file(rng, folder)
    file.unlink()
    os.mkfifo(file)


def others(folder: Path) -> list[Path]:
    return sorted(path for path in folder.parent.iterdir() if path != folder) or [folder]


def swap(rng: Random, folder: Path) -> None:
    other, aside = rng.choice(others(folder)), folder.with_name("aside")
    if other != folder:
        folder.rename(aside)
        other.rename(folder)
        aside.rename(other)


def copy(rng: Random, folder: Path) -> None:
    other = rng.choice(others(folder))
    if other != folder:
        shutil.rmtree(folder)
        shutil.copytree(other, folder)


def linked_folder(rng: Random, folder: Path) -> None:
    other = rng.choice(others(folder))
    aside = folder.parent.parent / "aside"
    folder.rename(aside)
    folder.symlink_to(other if other != folder else aside)


def file_of_another(rng: Random, folder: Path) -> None:
    other = rng.choice(others(folder))
    file = some_file(rng, folder)
    if (other / file.name).is_file():
        file.write_bytes((other / file.name).read_bytes())


WRECKS: tuple[Callable[[Random, Path], None], ...] = (
    *(cut, flip, reshape, delete, foreign, link, pipe, swap, copy, linked_folder, file_of_another),
)


def lying_answer(rng: Random, place: Path) -> Iterator[Wrong]:
    """An answer with one variable altered: stored as an error, or not told from a right one."""
    answer = tiny_answer()
    name = rng.choice(
        ["contribution", "baseline", "control_contribution", "expected_sales", "roas",
         "response_curve"]
    )  # fmt: skip
    changes: list[Callable[[xr.Dataset], xr.Dataset]] = [
        lambda a: a.assign({name: a[name] * rng.choice([-1, 0.5, 1.2, 1e30, float("nan")])}),
        lambda a: a.drop_vars(name),
        lambda a: a.assign({name: a[name].isel(draw=0, drop=True)}),
        lambda a: a.isel(channel=slice(None, None, -1)),
        lambda a: a.isel(spend_multiplier=slice(None, None, -1)),
        lambda a: a.isel(date=slice(1, None)),
        lambda a: a.isel(draw=slice(0, 0)),
    ]
    try:
        executor = Executor(answer=rng.choice(changes)(answer))
        (outcome,) = settle(place, JOB, executor=executor)
        if outcome.fit.ok:
            yield Wrong("accepted", f"{name}")
    except Exception as error:
        yield Wrong("traceback", f"{type(error).__name__}: {error}")


def clock_backwards(rng: Random, place: Path) -> Iterator[Wrong]:
    """The clock jumps years back between and during fits: nothing is lost or fitted twice."""
    back = timedelta(days=rng.randrange(1, 9000))

    class Past(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - back  # type: ignore[arg-type]

    try:
        settle(place, *JOBS[:2], executor=Executor())
        now = time.time()
        with (
            mock.patch.object(finishing, "datetime", Past),
            mock.patch.object(time, "time", return_value=now - back.total_seconds()),
        ):
            outcomes = settle(place, *JOBS, executor=Executor())
        again = settle(place, *JOBS, executor=Executor())
        if [each.fresh for each in outcomes] != [False, False, True]:
            yield Wrong("lost", "a stored fit was made again")
        if any(each.fresh for each in again):
            yield Wrong("lost", "a fit of the past was made again")
    except Exception as error:
        yield Wrong("traceback", f"{type(error).__name__}: {error}")


def record_of_garbage(rng: Random, place: Path) -> Iterator[Wrong]:
    """A worker's record with one field of another type."""
    field = rng.choice(["status", "reason", "total_s", "peak_rss_mb", "seconds", "diagnostics",
                        "checks", "notes", "versions"])  # fmt: skip
    value = rng.choice([[], {"a": []}, "x", -1, float("inf"), {"a": {}}, [[1]]])
    if (field, json.dumps(value)) in {("notes", "[]")}:
        return
    try:
        (outcome,) = settle(place, JOB, executor=Executor(record={field: value}))
        if outcome.fit.ok:
            yield Wrong("accepted", f"{field} = {value}")
    except Exception as error:
        yield Wrong("traceback", f"{type(error).__name__}: {error}")
