"""``mmm-benchmark run``: the main job."""

from __future__ import annotations

import inspect
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmm_benchmark.commands.typed import options_of, typed_parameters
from mmm_benchmark.plan.options import Options

if TYPE_CHECKING:
    from rich.console import Console

INTERRUPTED = 128 + signal.SIGINT


def run(*, dry_run: bool, **typed: Any) -> int:
    """Fit datasets, or find the fits in the store, and compare them with the truth."""
    options = options_of(typed)
    from mmm_benchmark.run.progress import screen

    console = screen(options.quiet)
    return show_plan(options, console) if dry_run else do(options, console)


def signature() -> inspect.Signature:
    """The options of a run, and the one that belongs to the command line alone."""
    help = "Print what is cached and what would be fitted."
    dry_run = inspect.Parameter(
        "dry_run",
        inspect.Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[bool, typer.Option("--dry-run", help=help)],
    )
    return inspect.Signature([*typed_parameters(), dry_run])


run.__signature__ = signature()  # type: ignore[attr-defined]  # Typer reads it
run.__annotations__ = {each.name: each.annotation for each in signature().parameters.values()}


def do(options: Options, console: Console) -> int:
    """Run, print the tables, and tell by the exit code whether a fit failed."""
    from mmm_benchmark.api import benchmark

    try:
        results = benchmark(options, console)
    except KeyboardInterrupt:  # caught here: Typer would end without a word
        print("stopped; what was finished is stored", file=sys.stderr)
        return INTERRUPTED
    if not options.quiet:
        from mmm_benchmark.report.page_file import PAGE
        from mmm_benchmark.report.tables import print_tables
        from mmm_benchmark.store.place import Mirror

        print_tables(results.tables, console, options.all_tables)
        where = f"tables and plots: {results.directory}"
        if options.page:
            where += f"; one page: {results.directory / PAGE}"
        if isinstance(results.directory, Mirror):
            where += f"; copied to {results.directory.url}"
        console.print(where, markup=False, highlight=False, soft_wrap=True)
    else:
        for name, reason in results.failed.items():
            print(f"error: {name}: {reason}", file=sys.stderr)
    return 1 if results.failed else 0


def show_plan(options: Options, console: Console) -> int:
    """Print what is cached and what would be fitted, and why; touch nothing."""
    from rich.console import Console

    from mmm_benchmark.api import plan
    from mmm_benchmark.commands.lines import aligned
    from mmm_benchmark.environments.make import recipe
    from mmm_benchmark.plan.jobs import SHORT_KEY, nearest
    from mmm_benchmark.store.fits import Store

    jobs, missing = plan(options, Console(stderr=True))
    stored = [fit.job for fit in Store(options.results)]
    rows = []
    for job, reason in jobs:
        if reason == "not stored yet":
            near = nearest(job.document(), stored)
            if near is not None and "fitter" not in near[1]:
                reason += f"; the nearest stored fit differs in {', '.join(near[1])}"
        action = "cached" if reason is None else "fit"
        rows.append((action, job.dataset.label, job.fitter, job.key[:SHORT_KEY], reason or ""))
    lines = aligned(rows)
    lines += [
        f"fit, once its environment is made: {contender.entry.name}: {recipe(contender.needs)}"
        for contender in missing
    ]
    fits = sum(reason is not None for _, reason in jobs)
    lines.append(f"{len(jobs) - fits} cached, {fits} to fit")
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    return 0
