"""``mmm-benchmark run``: the main job."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.plan.options import DEFAULT_SEED, Options, read_beliefs

if TYPE_CHECKING:
    from rich.console import Console

INTERRUPTED = 128 + signal.SIGINT


def run(
    datasets: Annotated[
        list[str] | None,
        typer.Option(help="Presets, presets with a seed (small_business@7), saved directories."),
    ] = None,
    samplers: Annotated[
        list[str] | None, typer.Option(help="Fitters by name (see 'mmm-benchmark list').")
    ] = None,
    libraries: Annotated[
        list[str] | None, typer.Option(help="Libraries, all of whose fitters are meant.")
    ] = None,
    fitter: Annotated[
        list[str] | None, typer.Option(help="Python files that hold a fitter (FILE.py[:CLASS]).")
    ] = None,
    chains: Annotated[int, typer.Option(help="Chains of each sampler.")] = 4,
    draws: Annotated[int, typer.Option(help="Kept draws of each chain.")] = 1000,
    tune: Annotated[int, typer.Option(help="Adaptation steps of each chain.")] = 1000,
    target_accept: Annotated[float, typer.Option(help="Target acceptance, 0 to 1.")] = 0.9,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Generates datasets that have no seed of their own, and seeds every fit "
            f"[default: {DEFAULT_SEED}]."
        ),
    ] = None,
    seeds: Annotated[
        list[int] | None, typer.Option(help="Several such seeds: one replicate each.")
    ] = None,
    force_rerun: Annotated[
        bool, typer.Option("--force-rerun/--no-force-rerun", help="Fit again what is stored.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Fit again what is stored as a failure.")
    ] = False,
    plots_only: Annotated[
        bool, typer.Option("--plots-only", help="Tables and plots of what is stored; no fits.")
    ] = False,
    plots: Annotated[
        bool, typer.Option("--plots/--no-plots", help="Draw pictures beside the tables.")
    ] = True,
    bayesian_metrics: Annotated[
        bool, typer.Option("--bayesian-metrics", help="Every measure over draws, too.")
    ] = False,
    results: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path("results"),
    timeout: Annotated[float | None, typer.Option(help="Seconds a fit may take.")] = None,
    memory_limit: Annotated[
        float | None, typer.Option(help="MB a fit may hold [default: 90% of this machine].")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Fits at a time; they share the cores.")] = 1,
    priors: Annotated[
        str | None, typer.Option(help="neutral or spend-share, for fitters that take it.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, ..., for fitters that take it.")
    ] = None,
    beliefs: Annotated[
        str | None,
        typer.Option(help="JSON file of what is known of channels, for fitters that take it."),
    ] = None,
    executor: Annotated[
        str, typer.Option(help="local, or ray for the nodes of a Ray cluster.")
    ] = "local",
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what is cached and what would be fitted.")
    ] = False,
) -> int:
    """Fit datasets, or find the fits in the store, and compare them with the truth."""
    if seed is not None and seeds:
        raise UserError("give --seed or --seeds, not both")
    stated = None if beliefs is None else read_beliefs(beliefs)
    given = {"priors": priors, "device": device, "beliefs": stated}
    options = Options(
        datasets=datasets or (),
        samplers=samplers or (),
        libraries=libraries or (),
        fitter_files=fitter or (),
        budget=Budget(chains=chains, draws=draws, tune=tune, target_accept=target_accept),
        seeds=tuple(seeds or (DEFAULT_SEED if seed is None else seed,)),
        results=results,
        timeout=timeout,
        memory_limit=memory_limit,
        parallel=jobs,
        force_rerun=force_rerun,
        retry_failed=retry_failed,
        plots_only=plots_only,
        plots=plots,
        bayesian_metrics=bayesian_metrics,
        executor=executor,
        quiet=quiet,
        fitter_options={name: value for name, value in given.items() if value is not None},
    )
    from mmm_benchmark.run.progress import screen

    console = screen(quiet)
    return show_plan(options, console) if dry_run else do(options, console)


def do(options: Options, console: Console) -> int:
    """Run, print the tables, and tell by the exit code whether a fit failed."""
    from mmm_benchmark.api import benchmark

    try:
        results = benchmark(options, console)
    except KeyboardInterrupt:  # caught here: Typer would end without a word
        print("stopped; what was finished is stored", file=sys.stderr)
        return INTERRUPTED
    if not options.quiet:
        from mmm_benchmark.report.tables import print_tables

        print_tables(results.tables, console)
        console.print(f"tables and plots: {results.directory}", markup=False, highlight=False)
    else:
        for name, reason in results.failed.items():
            print(f"error: {name}: {reason}", file=sys.stderr)
    return 1 if results.failed else 0


def show_plan(options: Options, console: Console) -> int:
    """Print what is cached and what would be fitted, and why; touch nothing."""
    from rich.console import Console

    from mmm_benchmark.api import plan
    from mmm_benchmark.commands.lines import aligned
    from mmm_benchmark.environments.find import recipe
    from mmm_benchmark.plan.jobs import nearest
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
        rows.append((action, job.dataset.label, job.fitter, job.key[:12], reason or ""))
    lines = aligned(rows)
    lines += [
        f"fit, once its environment is made: {contender.entry.name}: {recipe(contender.needs)}"
        for contender in missing
    ]
    fits = sum(reason is not None for _, reason in jobs)
    lines.append(f"{len(jobs) - fits} cached, {fits} to fit")
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    return 0
