"""Skip what is stored, have the rest fitted, store what came of it: good or bad, a result."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from mmm_benchmark.plan.jobs import Job
from mmm_benchmark.run.executors import Ending, Order, Perform, Stopped
from mmm_benchmark.store.datasets import write_observed
from mmm_benchmark.store.fits import Store, StoredFit
from mmm_benchmark.store.sealed_folder import Staging

KEPT_FILES = ("job.json", "fit.json", "fit.nc", "log.txt")
LOG_BYTES = 200_000  # of a log's end are kept
TAIL_LINES = 20

#: Outcomes that the key does not determine: they may be otherwise next time.
CIRCUMSTANCES = ("timeout", "memory", "killed")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """When a stored result is used, and what a worker may take.

    ``ok`` and ``skipped`` are used again; so is ``error``, since the key determines it. A
    ``timeout`` or ``memory`` is used again unless the limit was raised; ``killed`` never is, since
    its cause came from outside.
    """

    force: bool = False
    retry_failed: bool = False
    timeout: float | None = None  # seconds
    memory_limit: float | None = None  # MB
    parallel: int = 1
    threads: int = 1  # for each worker

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


def run_jobs(
    jobs: Sequence[Job],
    observed: Mapping[str, Any],
    pythons: Mapping[str, Path],
    store: Store,
    policy: Policy,
    reporter: Reporter,
    perform: Perform,
    staging: Staging,
) -> list[Outcome]:
    """Settle every job; the answers come in the order of ``jobs``.

    Parameters
    ----------
    observed
        Dataset id -> the observed half.
    pythons
        Fitter name -> the interpreter it runs in.
    """
    stop = threading.Event()
    pool = ThreadPoolExecutor(max_workers=policy.parallel, thread_name_prefix="fit")
    futures: dict[Future[Outcome], int] = {}
    try:
        for place, job in enumerate(jobs):
            settler = Settler(job, store, policy, reporter, perform, staging, stop.is_set)
            task = pool.submit(settler.settle, observed[job.dataset.id], pythons[job.fitter])
            futures[task] = place
        answers = {futures[task]: task.result() for task in as_completed(futures)}
    finally:
        stop.set()  # reached early by an interrupt or a broken store: end the workers too
        pool.shutdown(wait=True, cancel_futures=True)
    return [answers[place] for place in range(len(jobs))]


@dataclass(frozen=True)
class Settler:
    """Everything that settling one job needs."""

    job: Job
    store: Store
    policy: Policy
    reporter: Reporter
    perform: Perform
    staging: Staging
    stopping: Callable[[], bool]

    def settle(self, observed: Any, python: Path) -> Outcome:
        """Find the job's result in the store, or make it, under the key's lock."""
        job = self.job
        lock = self.store.lock(job.key)
        if not lock.acquire(wait=False):
            self.reporter.phase(job, "waiting")
            lock.acquire(waiting=self._give_up_if_stopped)
        try:
            stored = self.store.get(job.key)
            if stored is not None and self.policy.refit_because(stored) is None:
                self.reporter.done(job, stored.record, fresh=False)
                fit = stored.of(job.document()["dataset"])
                return Outcome(job=job, fit=fit, fresh=False)
            self._give_up_if_stopped()
            outcome = self._fit(observed, python, stored)
        finally:
            lock.release()
        self.reporter.done(job, outcome.lost or outcome.fit.record, fresh=True)
        return outcome

    def _give_up_if_stopped(self) -> None:
        if self.stopping():
            raise Stopped

    def _fit(self, observed: Any, python: Path, stored: StoredFit | None) -> Outcome:
        job, policy = self.job, self.policy
        folder = self.staging.folder(job.key)
        family = job.dataset.family if job.reference is not None else None
        write_observed(observed, folder / "observed.nc", family)
        (folder / "job.json").write_text(json.dumps(job.orders(), indent=1))
        order = Order(
            directory=folder,
            python=python,
            threads=policy.threads,
            timeout=policy.timeout,
            memory_limit=policy.memory_limit,
            extra=job.extra,
            versions=job.versions,
        )
        self.reporter.phase(job, "start")
        ending = self.perform(order, lambda phase: self.reporter.phase(job, phase), self.stopping)
        record = finish(folder, job, ending, policy)
        if record["status"] in CIRCUMSTANCES and stored is not None and stored.ok:
            self.reporter.note(f"{job.label}: the good fit that was stored is kept")
            return Outcome(job=job, fit=stored, fresh=True, lost=record)
        return Outcome(job=job, fit=self.store.put(job.key, folder), fresh=True)


def finish(folder: Path, job: Job, ending: Ending, policy: Policy) -> dict[str, Any]:
    """Turn what a worker left behind into what is stored; return the record."""
    written = folder / "fit.json"
    record: dict[str, Any] = {
        "seconds": {},
        "total_s": ending.wall_s,
        "peak_rss_mb": 0.0,
        "diagnostics": {},
        "parameter_counts": {},
        "checks": {},
        "notes": [],
        "versions": dict(job.versions),
    }
    if ending.status is not None:
        record |= {"status": ending.status, "reason": ending.reason}
    elif written.exists():
        record |= json.loads(written.read_text())
    else:
        record |= {"status": "error", "reason": "the worker left without an answer"}
    draws = folder / "fit.nc"
    if record["status"] != "ok":
        draws.unlink(missing_ok=True)
    record["process_s"] = ending.wall_s
    record["peak_rss_mb"] = max(record["peak_rss_mb"], ending.peak_rss_mb)
    record["stored_mb"] = draws.stat().st_size / 1e6 if draws.exists() else 0.0
    record["limits"] = {"timeout": policy.timeout, "memory": policy.memory_limit}
    record["threads"] = policy.threads
    record["finished_at"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    record["log_tail"] = "" if record["status"] == "ok" else keep_log_end(folder / "log.txt")
    for path in folder.iterdir():
        if path.name not in KEPT_FILES:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    written.write_text(json.dumps(record, indent=1))
    (folder / "job.json").write_text(json.dumps(job.document(), indent=1))
    return record


def keep_log_end(path: Path) -> str:
    """Cut a log to its last part; return its last lines."""
    if not path.exists():
        return ""
    size = path.stat().st_size
    if size > LOG_BYTES:
        with path.open("rb") as file:
            file.seek(size - LOG_BYTES)
            end = file.read()
        path.write_bytes(end)
    lines = path.read_text(errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])
