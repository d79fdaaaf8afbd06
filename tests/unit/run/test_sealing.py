"""Answers that are sealed where their workers ran: the same fits as those that are sealed here."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.run.executors import Ending, Order, Sealed
from mmm_benchmark.run.sealing import OnSharedDisk
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.store.sealed_folder import TOKEN, flaw
from mmm_benchmark.store.visible import Visible
from tests.factories import tiny_observed
from tests.unit.run.test_runner import GONE_WELL, JOB, TIMED_OUT, Executor, settle


@dataclass
class Node(Executor):
    """A node that sees this disk: its worker has a folder of its own."""

    place: Path = Path()

    def __call__(self, order: Order, *rest: Any) -> Ending:
        folder = self.place / "job"
        folder.mkdir()
        ending = super().__call__(replace(order, directory=folder), *rest)
        assert order.seal is not None
        sealed = order.seal(folder, ending, tiny_observed())
        assert not set(order.directory.glob("fit.*"))
        return replace(ending, sealed=sealed)


def test_a_fit_sealed_by_a_node_is_the_fit_sealed_here(tmp_path: Path) -> None:
    (there,) = settle(tmp_path / "there", JOB, executor=Node(place=tmp_path))
    (here,) = settle(tmp_path / "here", JOB, executor=Executor())
    assert there.fit.told is not None
    assert flaw(there.fit.path) is None
    names = [sorted(path.name for path in each.fit.path.iterdir()) for each in (there, here)]
    assert names[0] == names[1]
    one, other = (
        {**json.loads((each.fit.path / "fit.json").read_text()), "finished_at": None}
        for each in (there, here)
    )
    assert one == other
    assert json.loads(json.dumps(there.fit.record)) == {
        **one,
        "finished_at": there.fit.record["finished_at"],
    }
    (again,) = settle(tmp_path / "there", JOB, executor=Executor())
    assert not again.fresh


def test_a_circumstance_on_a_node_replaces_no_good_fit(tmp_path: Path) -> None:
    (good,) = settle(tmp_path, JOB, executor=Executor())
    forced = Policy(force=True)
    (outcome,) = settle(
        tmp_path, JOB, executor=Node(place=tmp_path, ending=TIMED_OUT), policy=forced
    )
    assert outcome.lost is not None
    assert outcome.fit.record["finished_at"] == good.fit.record["finished_at"]


@pytest.fixture
def shared(tmp_path: Path) -> OnSharedDisk:
    """What a node is told of a driver's folder for a fit."""
    folder = tmp_path / "run" / JOB.key
    folder.mkdir(parents=True)
    (folder.parent / TOKEN).write_text("ours")
    task = Task(JOB, None, Path("python"))
    return OnSharedDisk(task=task, policy=Policy(), folder=folder, token="ours")


def answer(place: Path) -> Path:
    """A worker's folder."""
    place.mkdir()
    order = Order(directory=place, python=Path("python"), threads=1)
    Executor()(replace(order, data=Visible("k", tiny_observed())), lambda phase: None, bool)
    return place


def test_a_disk_that_is_not_the_drivers_takes_nothing(shared: OnSharedDisk, tmp_path: Path) -> None:
    worker = answer(tmp_path / "job")
    for other in (replace(shared, token="another"), replace(shared, folder=tmp_path / "no" / "x")):
        with pytest.raises(UserError, match="not a folder of the run's"):
            other(worker, GONE_WELL, tiny_observed())
    assert not list(shared.folder.iterdir())


def test_two_tries_of_one_fit_never_mix(shared: OnSharedDisk, tmp_path: Path) -> None:
    tries: list[Sealed] = [
        shared(answer(tmp_path / name), GONE_WELL, tiny_observed()) for name in ("one", "two")
    ]
    folders = {sealed.folder for sealed in tries}
    assert len(folders) == 2
    assert all(folder is not None and flaw(folder) is None for folder in folders)
