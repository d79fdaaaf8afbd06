"""Answers stored from where their workers ran: one driver need not touch those of all nodes.

Into an object store a node puts them itself. On a disk that node and driver share (a cluster's
file system) the node writes, hashes and flushes, and the driver renames. What can be neither
goes to the driver as bytes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.run.executors import Ending, Seal, Sealed
from mmm_benchmark.run.finishing import finish, from_outside
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.store.fits import Store
from mmm_benchmark.store.place import Mirror
from mmm_benchmark.store.sealed_folder import TOKEN, Staging, seal


def sealing(
    store: Store, staging: Staging, task: Task, policy: Policy, *, keep: bool
) -> Seal | None:
    """How a fit may be stored from elsewhere; None where the store is this process's memory.

    ``keep``: whether a good fit is stored, which a circumstance must not replace.
    """
    bare = replace(task, observed=None)
    if not isinstance(store.root, Mirror):
        folder = staging.path.absolute() / task.job.key
        return OnSharedDisk(task=bare, policy=policy, folder=folder, token=staging.token)
    if store.root.url.startswith("memory:"):
        return None
    return InBucket(task=bare, policy=policy, url=store.root.url, keep=keep)


@dataclass(frozen=True, kw_only=True)
class _Elsewhere:
    task: Task  # without its data
    policy: Policy

    def finish(self, folder: Path, ending: Ending, observed: Any) -> dict[str, Any]:
        """Turn what a worker left behind into what is stored."""
        return finish(folder, replace(self.task, observed=observed), ending, self.policy)


@dataclass(frozen=True, kw_only=True)
class InBucket(_Elsewhere):
    """Puts an answer where it belongs in an object store."""

    url: str
    keep: bool

    def __call__(self, folder: Path, ending: Ending, observed: Any) -> Sealed:
        """Finish and store; a UserError when the store cannot be reached from here."""
        record = self.finish(folder, ending, observed)
        if not (self.keep and from_outside(record)):
            Store(Mirror(folder.parent / "mirror", url=self.url)).put(self.task.job.key, folder)
        return Sealed(record=record)


@dataclass(frozen=True, kw_only=True)
class OnSharedDisk(_Elsewhere):
    """Leaves an answer, sealed, in the driver's own folder for it.

    Each try in a folder of its own: a node that was given up may still write.
    """

    folder: Path  # of the driver
    token: str  # that it has put beside it

    def __call__(self, folder: Path, ending: Ending, observed: Any) -> Sealed:
        """Finish, copy and seal; a UserError where the driver's disk is not this one."""
        try:
            found = (self.folder.parent / TOKEN).read_text()
            ours = self.folder.stat().st_uid == os.geteuid()
        except OSError:
            found, ours = "", False
        if found != self.token or not ours:
            raise UserError(f"'{self.folder}' is not a folder of the run's")
        record = self.finish(folder, ending, observed)
        try:
            copy = Path(tempfile.mkdtemp(prefix="sealed-", dir=self.folder)) / "fit"
            shutil.copytree(folder, copy)
            seal(copy)
        except OSError as error:
            raise UserError(f"'{self.folder}' takes no files: {error.strerror}") from error
        return Sealed(record=record, folder=copy)
