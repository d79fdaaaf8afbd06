"""Skip what is stored, have the rest fitted, store what came of it: good or bad, a result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, Protocol

from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.jobs import Job
from mmm_benchmark.run.executors import Order, Perform, Stopped
from mmm_benchmark.run.finishing import finish, from_outside
from mmm_benchmark.run.sealing import sealing
from mmm_benchmark.run.shared_imports import imports_of
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.store.fits import Store, StoredFit
from mmm_benchmark.store.sealed_folder import Staging
from mmm_benchmark.store.visible import Visible


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
            seal=sealing(
                run.store, run.staging, task, policy, keep=stored is not None and stored.ok
            ),
        )
        ending = run.perform(order, lambda phase: run.reporter.phase(job, phase), self.stopping)
        sealed = ending.sealed
        record = finish(folder, task, ending, policy) if sealed is None else dict(sealed.record)
        if stored is not None and stored.ok and from_outside(record):
            run.reporter.note(f"{job.label}: the good fit that was stored is kept")
            return Outcome(job=job, fit=stored, fresh=True, lost=record)
        if sealed is None:
            fit = run.store.put(job.key, folder)
        elif sealed.folder is None:
            fit = run.store.distant(job.key, record)
        else:
            fit = run.store.take(job.key, sealed.folder, record)
        return Outcome(job=job, fit=fit, fresh=True)
