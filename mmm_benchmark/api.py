"""``run_benchmark``: the whole road, from Python and from the command line alike."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from mmm_benchmark.environments import compiled
from mmm_benchmark.environments import find as environments
from mmm_benchmark.environments.find import Environment
from mmm_benchmark.environments.make import ensure
from mmm_benchmark.environments.needs import Needs
from mmm_benchmark.errors import UserError, unknown
from mmm_benchmark.plan.calling import called_with
from mmm_benchmark.plan.grid import (
    Contender,
    Made,
    check_names,
    find_contenders,
    grid,
    make_datasets,
)
from mmm_benchmark.plan.jobs import DatasetRef, Job
from mmm_benchmark.plan.options import Options
from mmm_benchmark.plan.stored import distinct, latest_fits
from mmm_benchmark.report.page_file import check_page
from mmm_benchmark.report.refresh import summarise
from mmm_benchmark.run.executors import Perform, forked, local
from mmm_benchmark.run.executors.local import cores, default_memory_limit_mb
from mmm_benchmark.run.progress import Progress, screen
from mmm_benchmark.run.runner import Outcome, Run, run_jobs
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.store.fits import Store, StoredFit, check_writable

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from mmm_benchmark.report.plots.draw import Picture


@dataclass(frozen=True)
class Results:
    """What a run leaves: tables as frames, fits as trees, and every outcome.

    Attributes
    ----------
    tables
        Table name, such as ``performance_metrics`` -> frame.
    stored
        ``"small_business@42/scipy"`` -> the stored fit, failures too. Where two fits would share
        a name, each is followed by the start of its key.
    failed
        The reasons of those that failed, by the same names.
    """

    tables: dict[str, pd.DataFrame]
    stored: dict[str, StoredFit]
    failed: dict[str, str] = field(default_factory=dict)
    directory: Path = Path("results")

    @cached_property
    def fits(self) -> dict[str, xr.DataTree]:
        """The draws of every fit that succeeded, as lazily read DataTrees."""
        return {name: fit.tree() for name, fit in self.stored.items() if fit.ok}

    @property
    def pictures(self) -> list[str]:
        """The names that :meth:`figure` takes, such as ``small_business/roas_seed42``."""
        return [self._called(picture) for picture in self._planned]

    def figure(self, name: str) -> Figure:
        """Draw one picture, to be shown by a notebook or saved.

        Parameters
        ----------
        name
            One of :attr:`pictures`, or a part that only one of them has.

        Raises
        ------
        UserError
            No picture, or several, have that name, or these fits have nothing to show in it.
        """
        from mmm_benchmark.report.plots.style import theme

        known = {self._called(picture): picture for picture in self._planned}
        found = [name] if name in known else [each for each in known if name in each]
        if not found:
            raise unknown("picture", name, known)
        if len(found) > 1:
            raise UserError(f"'{name}' may be any of {', '.join(found)}; say more of its name")
        with theme():
            figure = known[found[0]].draw()
        if figure is None:
            raise UserError(f"these fits have nothing to show in '{found[0]}'")
        return figure

    @cached_property
    def _planned(self) -> list[Picture]:
        from mmm_benchmark.report.kept_scores import StoredDataset
        from mmm_benchmark.report.plots import planned

        ids = {name: fit.job["dataset"]["id"] for name, fit in self.stored.items()}
        datasets = {each: StoredDataset(self.directory, each) for each in ids.values()}
        pairs = [(fit, datasets[ids[name]]) for name, fit in self.stored.items()]
        return planned(pairs, self.directory, self.tables)

    def _called(self, picture: Picture) -> str:
        stem = picture.stem.relative_to(self.directory)
        return f"{stem.parts[0]}/{stem.name}"

    @property
    def _headline(self) -> str:
        datasets = {name.rpartition("/")[0] for name in self.stored}
        failed = f", {len(self.failed)} failed" if self.failed else ""
        fits, sets = len(self.stored), len(datasets)
        return (
            f"Results: {fits} fit{'s' * (fits != 1)} of {sets} dataset{'s' * (sets != 1)}{failed}; "
            f"kept in {self.directory}"
        )

    def __repr__(self) -> str:
        from mmm_benchmark.report.notebook import text

        return text(self._headline, self.tables)

    def _repr_html_(self) -> str:
        from mmm_benchmark.report.notebook import html

        return html(self._headline, self.tables)


@called_with(Options)
def run_benchmark(options: Options) -> Results:
    """Fit datasets with fitters, or find the fits in the store, and compare them with the truth.

    Datasets are presets (``"small_business"``, ``"small_business@7"``), saved directories,
    ``MMMDataConfig`` or ``MMMDataset`` objects, one or many; by default ``small_business``.
    Without ``samplers`` and ``libraries`` the quick fitters are meant. What is known of channels
    is given as ``beliefs={"TV": {"roas": (2.0, 0.5)}}``.

    Parameters
    ----------
    {options}

    Returns
    -------
    Results
        Tables, fits and failures. A fit that fails is an outcome, not an exception.

    Raises
    ------
    UserError
        For anything the caller can mend, before any fit.
    """
    return benchmark(options, screen(options.quiet))


def benchmark(options: Options, console: Console) -> Results:
    """Do what ``options`` ask, telling ``console``; see :func:`run_benchmark`."""
    warn = Console(stderr=True)
    if options.plots_only:
        return redraw(options, Store(options.results, _teller(warn)))
    if options.page:
        check_page(options.results)
    store = Store(options.results, _teller(warn))
    outcomes = settled(options, console, store)
    names = distinct([(outcome.job.dataset.label, outcome.fit) for outcome in outcomes])
    stored = {name: outcome.fit for name, outcome in zip(names, outcomes, strict=True)}
    tables = summarise(
        list(stored.values()),
        options.results,
        bayesian=options.bayesian_metrics,
        pictures=options.plots,
        page=options.page,
    )
    store.shelf.share()
    failed = {
        name: (outcome.lost or outcome.fit.record)["reason"]
        for name, outcome in zip(names, outcomes, strict=True)
        if outcome.failed
    }
    return Results(tables, stored, failed, options.results)


def settled(options: Options, console: Console, store: Store | None = None) -> list[Outcome]:
    """Settle every fit that ``options`` ask for, and make no table of them."""
    check_writable(options.results)
    store = store or Store(options.results, _teller(Console(stderr=True)))
    check_names(options)
    made = make_datasets(options)

    def environment_of(needs: Needs) -> Environment:
        return ensure(needs, _teller(console), quiet=options.quiet)

    contenders = find_contenders(options, environment_of)
    return execute(options, store, made, contenders, console)


def execute(
    options: Options,
    store: Store,
    made: Sequence[Made],
    contenders: Sequence[Contender],
    console: Console,
) -> list[Outcome]:
    """Settle every job of the grid; datasets are kept, leftovers of dead runs swept."""
    from mmm_benchmark.store.datasets import keep

    jobs = grid(made, contenders, options)
    staging = store.staging()
    try:
        worlds = {each.ref.id: each.dataset for each in made}

        def keep_once(dataset_id: str) -> None:
            keep(worlds[dataset_id], dataset_id, options.results, staging)

        with (
            executor_of(options) as (perform, policy),
            terminated_as_interrupt(),
            Progress(console, len(jobs)) as progress,
        ):
            observed = {each.ref.id: each.dataset.observed for each in made}
            ready = {each.entry.name: each for each in contenders}
            tasks = [
                Task(job, observed[job.dataset.id], python, ready[job.fitter].claims)
                for job in jobs
                if (python := ready[job.fitter].python) is not None
            ]
            return run_jobs(
                tasks,
                Run(
                    store=store,
                    staging=staging,
                    policy=policy,
                    perform=perform,
                    reporter=progress,
                    keep=keep_once,
                ),
            )
    finally:
        staging.close()


@contextlib.contextmanager
def executor_of(options: Options) -> Iterator[tuple[Perform, Policy]]:
    """Where workers run, and the limits that hold there."""
    policy = policy_of(options)
    if options.reuse_compiled:
        compiled.made_ready()
    if options.executor == "local" and options.imports == "own":
        yield local.perform, policy
        return
    if options.executor == "local":
        with forked.forking() as perform:
            yield perform, policy
        return
    from mmm_benchmark.run.executors import ray

    # without a limit of the user's, each node knows its own memory
    policy = replace(policy, memory_limit=options.memory_limit, by_claim=True)
    how = ray.How(most=options.jobs, retries=options.retries, shared=options.imports == "shared")
    with ray.dispatching(how) as dispatcher:
        yield (
            dispatcher.perform,
            replace(policy, parallel=dispatcher.window, threads=dispatcher.largest_node),
        )


def policy_of(options: Options) -> Policy:
    """The rules of reuse and the limits of each worker."""
    return Policy(
        force=options.force_rerun,
        retry_failed=options.retry_failed,
        timeout=options.timeout,
        memory_limit=options.memory_limit or default_memory_limit_mb(),
        parallel=options.jobs or 1,
        threads=max(1, cores() // (options.jobs or 1)),
        reuse_compiled=options.reuse_compiled,
    )


def plan(options: Options, warn: Console) -> tuple[list[tuple[Job, str | None]], list[Contender]]:
    """What a run would do: each job with why it must be fitted (None: cached), touching nothing.

    The second part lists the fitters whose environments would be made first.
    """
    store = Store(options.results, _teller(warn))
    check_names(options)
    made = make_datasets(options)
    contenders = find_contenders(options, environments.find)
    policy = policy_of(options)
    jobs = grid(made, contenders, options)
    missing = [contender for contender in contenders if contender.python is None]
    return [(job, policy.refit_because(store.get(job.key))) for job in jobs], missing


def redraw(options: Options, store: Store) -> Results:
    """Make tables and plots again from the store, without fitting or importing a fitter.

    Of each dataset and fitter the latest good fit counts, whatever its budget, and a failure only
    where there is none; names given with ``datasets``, ``samplers`` and ``libraries`` narrow them
    down.
    """
    fits = latest_fits(options, store)
    check_writable(options.results)
    tables = summarise(
        fits,
        options.results,
        bayesian=options.bayesian_metrics,
        again=options.force_rerun,
        pictures=options.plots,
        page=options.page,
    )
    store.shelf.share()
    distinct_names = distinct([(DatasetRef(**fit.job["dataset"]).label, fit) for fit in fits])
    stored = dict(zip(distinct_names, fits, strict=True))
    failed = {
        name: fit.record["reason"]
        for name, fit in stored.items()
        if fit.status not in ("ok", "skipped")
    }
    return Results(tables, stored, failed, options.results)


def _teller(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextlib.contextmanager
def terminated_as_interrupt() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP like Ctrl-C while fits run, so that their workers end too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    previous = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
