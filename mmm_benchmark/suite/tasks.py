"""The tasks of a suite, read from its committed file. Standard library only: lists stay instant."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mmm_benchmark.errors import UserError, unknown

#: The suite that runs, boards and submissions mean.
VERSION = "2026.1"
VERSIONS = (VERSION,)
EDITIONS = ("lite", "full")


@dataclass(frozen=True)
class Task:
    """One world of a suite.

    Attributes
    ----------
    family, seed
        What the generator is told; together they are the task's name, ``published_null@701``.
    cell
        What moves away from the base law; the rows of the heat map.
    fingerprint
        Of the observed data: see :mod:`mmm_benchmark.suite.fingerprint`.
    """

    cell: str
    family: str
    seed: int
    lite: bool
    geos: int
    weeks: int
    channels: int
    controls: int
    fingerprint: str

    @property
    def name(self) -> str:
        """How a run is asked for it."""
        return f"{self.family}@{self.seed}"


@cache
def tasks(edition: str = "full", version: str = VERSION) -> tuple[Task, ...]:
    """The tasks of an edition, in the order of its file.

    Raises
    ------
    UserError
        When there is no such suite or edition.
    """
    if version not in VERSIONS:
        raise unknown("suite", version, VERSIONS)
    if edition not in EDITIONS:
        raise unknown("edition of the suite", edition, EDITIONS)
    text = files("mmm_benchmark.suite").joinpath(f"{version}.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    every = tuple(_task(row) for row in rows)
    return tuple(task for task in every if task.lite or edition == "full")


def _task(row: dict[str, str]) -> Task:
    sizes = {name: int(row[name]) for name in ("geos", "weeks", "channels", "controls")}
    return Task(
        cell=row["cell"],
        family=row["family"],
        seed=int(row["seed"]),
        lite=row["lite"] == "1",
        fingerprint=row["fingerprint"],
        **sizes,
    )


def by_name(version: str = VERSION) -> dict[str, Task]:
    """Every task of a suite by its name."""
    return {task.name: task for task in tasks("full", version)}


def check_unchanged(name: str, fingerprint: str) -> None:
    """Raise a UserError when data that bear the name of a task are not the task's."""
    task = by_name().get(name)
    if task is not None and task.fingerprint != fingerprint:
        raise UserError(
            f"task '{name}' of suite {VERSION} has other data here ({fingerprint}, not "
            f"{task.fingerprint}): scores would not compare; use the generator of that suite"
        )
