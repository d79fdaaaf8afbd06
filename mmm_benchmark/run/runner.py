"""Skip what is stored, have the rest fitted, store what came of it: good or bad, a result."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from mmm_benchmark.environments.claims import ONE, Claims
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.jobs import Job
from mmm_benchmark.run.answer_file import BadAnswerError, check_answer, read_record
from mmm_benchmark.run.executors import Ending, Order, Perform, Stopped
from mmm_benchmark.run.shared_imports import imports_of
from mmm_benchmark.store.fits import SCHEMA, Store, StoredFit
from mmm_benchmark.store.place import Mirror
from mmm_benchmark.store.plain_files import is_plain
from mmm_benchmark.store.sealed_folder import Staging
from mmm_benchmark.store.visible import Visible

KEPT_FILES = ("job.json", "fit.json", "fit.nc", "log.txt")
LOG_BYTES = 200_000  # of a log's end are kept
TAIL_LINES = 20

#: Outcomes that the key does not determine: they may be otherwise next time.
CIRCUMSTANCES = ("timeout", "memory", "killed")
#: What libraries say when the machine, not the job, lacks something.
SHORTAGES = {
    "No space left on device": "no room left on the disk",
    "Disk quota exceeded": "no room left on the disk",
    "File too large": "a file would pass the size limit of this process",
    "Too many open files": "no file handles left",
    "Cannot allocate memory": "this machine ran out of memory",
    "can't start new thread": "this machine allows no more threads",
}
LEAST_ROOM = 1_000_000  # bytes: a disk with less is full


@dataclass(frozen=True, kw_only=True)
class Policy:
    """When a stored result is used, and what a worker may take.

    ``ok`` and ``skipped`` are used again; so is ``error``, since the key determines it. A
    ``timeout`` or ``memory`` is used again unless the limit was raised; ``killed``, and whatever
    came of a machine without room, memory or handles, never is: its cause came from outside.
    """

    force: bool = False
    retry_failed: bool = False
    timeout: float | None = None  # seconds
    memory_limit: float | None = None  # MB
    parallel: int = 1
    threads: int = 1  # for each worker; where work is claimed by fitters, at most
    by_claim: bool = False
    reuse_compiled: bool = False  # programs that earlier fits have compiled

    def refit_because(self, fit: StoredFit | None) -> str | None:
        """Say why a job must be fitted although ``fit`` is stored; None when it need not be."""
        if fit is None:
            return "not stored yet"
        if self.force:
            return "forced"
        status = fit.status
        if status in ("ok", "skipped"):
            return None
        if self.retry_failed:
            return f"stored as {status}"
        if status == "killed":
            return "was killed from outside"
        if fit.record.get("circumstance"):
            return f"failed for another cause: {fit.record['reason']}"
        limits = {"timeout": self.timeout, "memory": self.memory_limit}
        if status in limits:
            now, then = limits[status], fit.record["limits"][status]
            if then is not None and (now is None or now > then):
                return f"stored as {status} at a lower limit"
        return None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A job and its stored result; ``fresh`` when it was fitted just now.

    ``lost`` is the record of a fresh failure that did not replace a good stored fit.
    """

    job: Job
    fit: StoredFit
    fresh: bool
    lost: Mapping[str, Any] | None = None

    @property
    def failed(self) -> bool:
        """Whether the latest word on this job is a failure (a skipped job is none)."""
        return self.lost is not None or self.fit.status not in ("ok", "skipped")


class Reporter(Protocol):
    """Who is told how the fits go; called from several threads."""

    def phase(self, job: Job, phase: str) -> None:
        """A fit entered a phase (``waiting``, ``start`` or one of ``phases.PHASES``)."""

    def done(self, job: Job, record: Mapping[str, Any], *, fresh: bool) -> None:
        """A job has its result."""

    def note(self, line: str) -> None:
        """Something else worth a line."""


@dataclass(frozen=True)
class Task:
    """A job, the data it is about and the interpreter that its fitter runs in."""

    job: Job
    observed: Any  # xarray.Dataset, the observed half
    python: Path
    claims: Claims = ONE

    def threads(self, policy: Policy) -> int:
        """How many threads its libraries may use."""
        return min(self.claims.cpus, policy.threads) if policy.by_claim else policy.threads


@dataclass(frozen=True, kw_only=True)
class Run:
    """What all jobs of a run share: where results go, the rules, who fits and who is told."""

    store: Store
    staging: Staging
    policy: Policy
    perform: Perform
    reporter: Reporter
    keep: Callable[[str], object] = lambda dataset_id: None  # a dataset, before its first fit
    _visible: dict[str, Visible] = field(default_factory=dict, init=False)
    _kept: dict[str, Future[None]] = field(default_factory=dict, init=False)

    def make_sure_of(self, dataset_id: str) -> None:
        """Have a dataset kept once; who comes meanwhile waits for whoever does it."""
        mine: Future[None] = Future()
        kept = self._kept.setdefault(dataset_id, mine)
        if kept is mine:
            try:
                self.keep(dataset_id)
            except BaseException as error:
                mine.set_exception(error)
            else:
                mine.set_result(None)
        kept.result()

    def visible(self, task: Task, family: str | None) -> Visible:
        """What the fitter of a task may see; one object for all fits of one dataset."""
        content = task.job.dataset.content
        key = content if family is None else f"{content} {family}"
        return self._visible.setdefault(key, Visible(key, task.observed, family))


def run_jobs(tasks: Sequence[Task], run: Run) -> list[Outcome]:
    """Settle every task; the outcomes come in their order."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(max_workers=run.policy.parallel, thread_name_prefix="fit")
    futures: dict[Future[Outcome], int] = {}
    try:
        for place in order_of(tasks, run.policy):
            futures[pool.submit(_Settling(tasks[place], run, stop.is_set).settle)] = place
        outcomes = {futures[done]: done.result() for done in as_completed(futures)}
    finally:
        stop.set()  # reached early by an interrupt or a broken store: end the workers too
        pool.shutdown(wait=True, cancel_futures=True)
    return [outcomes[place] for place in range(len(tasks))]


def order_of(tasks: Sequence[Task], policy: Policy) -> list[int]:
    """As given; on a cluster the largest data first, so that no long fit begins at the very end."""
    places = range(len(tasks))
    if not policy.by_claim:
        return list(places)
    return sorted(places, key=lambda place: -tasks[place].observed.nbytes)


@dataclass(frozen=True)
class _Settling:
    """One task on its way to its outcome."""

    task: Task
    run: Run
    stopping: Callable[[], bool]

    def settle(self) -> Outcome:
        """Find the job's result in the store, or make it, under the key's lock.

        Raises
        ------
        UserError
            When the results directory takes no more files; what was finished stays.
        """
        try:
            self._give_up_if_stopped()
            self.run.make_sure_of(self.task.job.dataset.id)
            return self._settle()
        except OSError as error:
            place = self.run.store.root
            raise UserError(
                f"results directory '{place}' failed while {self.task.job.label} was kept there "
                f"({error.strerror or error}); what was finished is stored"
            ) from error

    def _settle(self) -> Outcome:
        job, run = self.task.job, self.run
        lock = run.store.lock(job.key)
        if not lock.acquire(wait=False):
            run.reporter.phase(job, "waiting")
            lock.acquire(waiting=self._give_up_if_stopped)
        try:
            stored = run.store.get(job.key)
            if stored is not None and run.policy.refit_because(stored) is None:
                run.reporter.done(job, stored.record, fresh=False)
                fit = stored.of(job.document()["dataset"])
                return Outcome(job=job, fit=fit, fresh=False)
            self._give_up_if_stopped()
            outcome = self._fit(stored)
        finally:
            lock.release()
        run.reporter.done(job, outcome.lost or outcome.fit.record, fresh=True)
        return outcome

    def _give_up_if_stopped(self) -> None:
        if self.stopping():
            raise Stopped

    def _fit(self, stored: StoredFit | None) -> Outcome:
        task, run = self.task, self.run
        job, policy = task.job, run.policy
        folder = run.staging.folder(job.key)
        family = job.dataset.family if job.reference is not None else None
        order = Order(
            directory=folder,
            python=task.python,
            threads=task.threads(policy),
            timeout=policy.timeout,
            memory_limit=policy.memory_limit,
            extra=job.extra,
            versions=job.versions,
            imports=imports_of(job.target, job.extra),
            reuse_compiled=policy.reuse_compiled,
            fitter=job.fitter,
            claims=task.claims,
            job=job.orders(),
            data=run.visible(task, family),
            seal=Sealing.into(run.store, task, policy, keep=stored is not None and stored.ok),
        )
        ending = run.perform(order, lambda phase: run.reporter.phase(job, phase), self.stopping)
        record = dict(ending.sealed or finish(folder, task, ending, policy))
        if stored is not None and stored.ok and from_outside(record):
            run.reporter.note(f"{job.label}: the good fit that was stored is kept")
            return Outcome(job=job, fit=stored, fresh=True, lost=record)
        if ending.sealed is not None:
            return Outcome(job=job, fit=run.store.distant(job.key, record), fresh=True)
        return Outcome(job=job, fit=run.store.put(job.key, folder), fresh=True)


@dataclass(frozen=True, kw_only=True)
class Sealing:
    """Stores an answer in an object store from where its worker ran: see ``Order.seal``."""

    url: str
    task: Task  # without its data
    policy: Policy
    keep: bool  # whether a good fit is stored, which a circumstance must not replace

    @classmethod
    def into(cls, store: Store, task: Task, policy: Policy, *, keep: bool) -> Sealing | None:
        """None where the store is this machine's: a folder, or memory."""
        if not isinstance(store.root, Mirror) or store.root.url.startswith("memory:"):
            return None
        bare = replace(task, observed=None)
        return cls(url=store.root.url, task=bare, policy=policy, keep=keep)

    def __call__(self, folder: Path, ending: Ending, observed: Any) -> Mapping[str, Any]:
        """Finish and store; a UserError when the store cannot be reached from here."""
        record = finish(folder, replace(self.task, observed=observed), ending, self.policy)
        if not (self.keep and from_outside(record)):
            mirror = Mirror(folder.parent / "mirror", url=self.url)
            Store(mirror).put(self.task.job.key, folder)
        return record


def from_outside(record: Mapping[str, Any]) -> bool:
    """Whether the key does not determine what came of a fit."""
    return record["status"] in CIRCUMSTANCES or record["circumstance"]


def finish(folder: Path, task: Task, ending: Ending, policy: Policy) -> dict[str, Any]:
    """Turn what a worker left behind into what is stored; return the record.

    Nothing is taken on trust: the record must be one, the draws must keep every promise of an
    answer, and a failure for want of room, memory or handles is marked as a circumstance.
    """
    job = task.job
    reclaim(folder)
    record: dict[str, Any] = {
        "seconds": {},
        "total_s": ending.wall_s,
        "peak_rss_mb": 0.0,
        "diagnostics": {},
        "parameter_counts": {},
        "checks": {},
        "notes": [],
        "imports": "shared" if ending.imported_s > 0 else "own",
        "versions": dict(job.versions),
        **_answer(folder, task, ending),
    }
    draws = folder / "fit.nc"
    if record["status"] != "ok":
        draws.unlink(missing_ok=True)
    record["process_s"] = ending.wall_s
    record["peak_rss_mb"] = max(record["peak_rss_mb"], ending.peak_rss_mb)
    record["stored_mb"] = draws.stat().st_size / 1e6 if draws.exists() else 0.0
    record["schema"] = SCHEMA
    record["limits"] = {"timeout": policy.timeout, "memory": policy.memory_limit}
    record["compiled"] = "reused" if policy.reuse_compiled else "fresh"
    record["threads"] = task.threads(policy)
    record["finished_at"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    record["log_tail"] = "" if record["status"] == "ok" else keep_log_end(folder / "log.txt")
    short = shortage(folder, record)
    record["circumstance"] = short is not None or ending.circumstance
    if short is not None:
        record["reason"] = f"{short}: {record['reason']}"
    (folder / "fit.json").write_text(json.dumps(record, indent=1))
    (folder / "job.json").write_text(json.dumps(job.document(), indent=1))
    return record


def _answer(folder: Path, task: Task, ending: Ending) -> dict[str, Any]:
    """What the worker's files say, or the failure that they are."""
    if ending.status is not None:
        return {"status": ending.status, "reason": ending.reason}
    if not (folder / "fit.json").exists():
        return {"status": "error", "reason": "the worker left without an answer"}
    try:
        record = read_record(folder / "fit.json", longest=ending.wall_s + ending.imported_s + 1.0)
        if record["status"] == "ok" and not ending.checked:
            check_answer(folder / "fit.nc", task.observed)
    except BadAnswerError as error:
        return {"status": "error", "reason": str(error)}
    return record


def reclaim(folder: Path) -> None:
    """Leave nothing in a worker's folder but plain files of the known names."""
    folder.mkdir(parents=True, exist_ok=True)  # a fitter may have removed it
    folder.chmod(0o700)
    for path in folder.iterdir():
        if path.name not in KEPT_FILES or not is_plain(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def shortage(folder: Path, record: Mapping[str, Any]) -> str | None:
    """What the machine lacked when a fit failed, or None when that was not the cause."""
    if record["status"] not in ("error", "memory"):
        return None
    said = f"{record['reason']}\n{record['log_tail']}"
    for words, meaning in SHORTAGES.items():
        if words in said:
            return meaning
    if record["status"] == "error" and shutil.disk_usage(folder).free < LEAST_ROOM:
        return "no room left on the disk"
    return None


def keep_log_end(path: Path) -> str:
    """Cut a log to its last part; return its last lines."""
    if not path.exists():
        return ""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - LOG_BYTES))
        end = file.read(LOG_BYTES)
    if size > LOG_BYTES:
        path.write_bytes(end)
    return "\n".join(end.decode(errors="replace").splitlines()[-TAIL_LINES:])
