"""What a run is asked to do: the one list of its options, for the command line and for Python.

A new option is one entry of :class:`Options`: its name, default, range and help. The command line
(``commands/typed.py``) and ``run_benchmark`` (``plan/calling.py``) are made of this list.
"""

# ruff: noqa: RUF009 - each entry is made by a call, and belongs to this class alone

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, fields
from pathlib import Path
from typing import Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import PRIOR_SETS, Budget
from mmm_benchmark.plan.experiments import read_experiments
from mmm_benchmark.plan.option_kinds import (
    Option,
    anything,
    as_tuple,
    check_whole,
    choice,
    limit,
    place,
    several,
    share,
    switch,
    whole,
)
from mmm_benchmark.priors.beliefs import read_beliefs, without_prior
from mmm_benchmark.priors.prior import check_prior, read_prior
from mmm_benchmark.suite.tasks import EDITIONS, VERSION, tasks

DEFAULT_SEED = 42
IMPORTS = ("shared", "own")  # where a local fit's imports are done
EXECUTORS = ("local", "ray")


def _seeds(name: str, given: Any) -> tuple[int, ...] | None:
    if given is None:
        return None
    seeds = tuple(
        check_whole(f"{name}[{place}]", seed, 0) for place, seed in enumerate(as_tuple(given))
    )
    if not seeds:
        raise UserError("seeds = []: at least one is needed")
    if len(set(seeds)) < len(seeds):
        raise UserError(f"seeds = {list(seeds)}: each may be given once")
    return seeds


@dataclass(frozen=True)
class Options:
    """The choices of ``mmm-benchmark run`` and of ``run_benchmark``, checked when made."""

    datasets: Option[Any, tuple[Any, ...]] = several(
        "Presets, presets with a seed (small_business@7), saved directories."
    )
    samplers: Option[Any, tuple[str, ...]] = several(
        "Fitters by name (see 'mmm-benchmark list').", each=str
    )
    libraries: Option[Any, tuple[str, ...]] = several(
        "Libraries, all of whose fitters are meant.", each=str
    )
    _: KW_ONLY
    suite: Option[str | None, str | None] = choice(
        None, EDITIONS, f"All tasks of the suite {VERSION}: lite (13 worlds) or full (45)."
    )
    dataset_config: Option[Any, tuple[Any, ...]] = several(
        "MMMDataConfig objects, in addition to datasets.", word=None
    )
    fitter: Option[Any, tuple[str, ...]] = several(
        "Python files that hold a fitter (FILE.py[:CLASS]).", each=str
    )
    chains: Option[int, int] = whole(4, "Chains of each sampler.", least=1)
    draws: Option[int, int] = whole(1000, "Kept draws of each chain.", least=1)
    tune: Option[int, int] = whole(1000, "Adaptation steps of each chain.")
    target_accept: Option[float, float] = share(0.9, "Target acceptance, 0 to 1.")
    seed: Option[int | None, int | None] = Option(
        default=None,
        help="Generates datasets that have no seed of their own, and seeds every fit "
        f"[default: {DEFAULT_SEED}].",
        word=int,
        convert=lambda name, given: None if given is None else check_whole(name, given, 0),
    )
    seeds: Option[Any, tuple[int, ...] | None] = Option(
        default=None,
        help="Several such seeds: one replicate each.",
        word=int,
        many=True,
        convert=_seeds,
    )
    holdout: Option[int, int] = whole(
        0, "Last weeks that every fit is to forecast, without their sales."
    )
    force_rerun: Option[bool, bool] = switch(
        False, "Fit again what is stored.", "--force-rerun/--no-force-rerun"
    )
    retry_failed: Option[bool, bool] = switch(
        False, "Fit again what is stored as a failure.", "--retry-failed"
    )
    plots_only: Option[bool, bool] = switch(
        False, "Tables and plots of what is stored; no fits.", "--plots-only"
    )
    plots: Option[bool, bool] = switch(
        True, "Draw pictures beside the tables.", "--plots/--no-plots"
    )
    page: Option[bool, bool] = switch(
        True, "Write report.html, one page that says it all.", "--page/--no-page"
    )
    all_tables: Option[bool, bool] = switch(
        False, "Print every table, not only those that answer.", "--all-tables"
    )
    bayesian_metrics: Option[bool, bool] = switch(
        False, "Every measure over draws, too.", "--bayesian-metrics"
    )
    results: Option[str | Path, Path] = place(
        "results", "Where everything is kept: a folder, or s3://bucket/prefix and the like."
    )
    timeout: Option[float | None, float | None] = limit("Seconds a fit may take.")
    memory_limit: Option[float | None, float | None] = limit(
        "MB a fit may hold [default: 90% of this machine]."
    )
    jobs: Option[int | None, int | None] = Option(
        default=None,
        help="Fits at a time [default: one; on Ray as many as the cluster has room for]. On one "
        "machine they share the cores.",
        word=int,
        convert=lambda name, given: None if given is None else check_whole(name, given, 1),
    )
    retries: Option[int, int] = whole(
        3, "On Ray: how often a fit that was lost with its node is tried again."
    )
    priors: Option[str | None, str | None] = choice(
        None, PRIOR_SETS, "neutral or spend-share, for fitters that take it.", to_fitters=True
    )
    device: Option[Any, Any] = anything(
        "cpu, cuda, ..., for fitters that take it.", to_fitters=True
    )
    beliefs: Option[Any, Any] = anything(
        "JSON file of what is known of channels, of a prior, or both, or CSV file of tests that "
        "switched them off, for fitters that take it.",
        read=read_beliefs,
        to_fitters=True,
    )
    experiments: Option[Any, Any] = anything(
        "CSV file of lift tests, or 'simulated', for fitters that take it.",
        read=read_experiments,
        to_fitters=True,
    )
    prior: Option[Any, Any] = Option(
        default=None,
        help="neutral, pymc-marketing, meridian, robyn, published, or a JSON file of a prior, for "
        "fitters that take it.",
        word=str,
        read=read_prior,
        to_fitters=True,
        convert=check_prior,
    )
    executor: Option[str, str] = choice(
        "local", EXECUTORS, "local, or ray for the nodes of a Ray cluster."
    )
    imports: Option[str, str] = choice(
        "shared",
        IMPORTS,
        "shared: fits are forked from a process of their environment that has imported; "
        "own: every fit imports for itself.",
    )
    reuse_compiled: Option[bool, bool] = switch(
        False,
        "Compiled programs of JAX and PyTensor serve later fits of their shape; such fits have no "
        "timings.",
        "--reuse-compiled",
    )
    quiet: Option[bool, bool] = switch(False, "Say nothing but errors.", "--quiet")

    def __post_init__(self) -> None:
        """Raise a UserError where two options contradict each other."""
        if self.seed is not None and self.seeds is not None:
            raise UserError("give seed or seeds, not both")
        if self.experiments is not None and self.holdout:
            raise UserError("give experiments or holdout, not both")
        pairs, prior = without_prior(self.beliefs)
        if prior is not None and self.prior is not None:
            raise UserError("a prior is given by --prior and in --beliefs; give it once")
        if prior is not None:
            object.__setattr__(self, "beliefs", pairs)
            object.__setattr__(self, "prior", prior)

    @property
    def all_datasets(self) -> tuple[Any, ...]:
        """Every dataset asked for, however it was given."""
        of_suite = () if self.suite is None else (task.name for task in tasks(self.suite))
        return (*self.datasets, *self.dataset_config, *of_suite)

    @property
    def replicates(self) -> tuple[int, ...]:
        """The seeds, one replicate each.

        A seed generates every dataset that has none of its own (``preset@7`` and directories
        have) and seeds the fits to it. A dataset with a seed of its own is fitted once, with the
        first of them.
        """
        if self.seeds is not None:
            return self.seeds
        return (DEFAULT_SEED if self.seed is None else self.seed,)

    @property
    def budget(self) -> Budget:
        """How much work each fit may do."""
        return Budget(
            chains=self.chains,
            draws=self.draws,
            tune=self.tune,
            target_accept=self.target_accept,
        )

    @property
    def fitter_options(self) -> Mapping[str, Any]:
        """What is handed to those fitters that take it, by the name of the option."""
        given = {each.name: getattr(self, each.name) for each in entries() if each.to_fitters}
        return {name: value for name, value in given.items() if value is not None}


def entries() -> list[Option[Any, Any]]:
    """Every option, in the order in which help shows them."""
    declared = (inspect.getattr_static(Options, field.name) for field in fields(Options))
    return [each for each in declared if isinstance(each, Option)]
