"""What a run is asked to do: one frozen object, checked before anything is done."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget

DEFAULT_SEED = 42
PRIORS = ("neutral", "spend-share")
EXECUTORS = ("local", "ray")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The choices of ``mmm-benchmark run`` and of ``run_benchmark``.

    Attributes
    ----------
    seeds
        Each is one replicate: it generates every dataset that has no seed of its own
        (``preset@7`` and directories have) and seeds the fits to it. A dataset with a seed of
        its own is fitted once, with the first of them.
    fitter_options
        ``priors``, ``device`` and ``beliefs``, handed to the fitters that take them.
    """

    datasets: Sequence[Any] = ()
    samplers: Sequence[str] = ()
    libraries: Sequence[str] = ()
    fitter_files: Sequence[str] = ()
    budget: Budget = field(default_factory=Budget)
    seeds: Sequence[int] = (DEFAULT_SEED,)
    results: Path = Path("results")
    timeout: float | None = None  # seconds
    memory_limit: float | None = None  # MB
    parallel: int = 1
    force_rerun: bool = False
    retry_failed: bool = False
    plots_only: bool = False
    plots: bool = True
    bayesian_metrics: bool = False
    executor: str = "local"
    quiet: bool = False
    fitter_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise a UserError that names the first option out of its range."""
        budget = self.budget
        whole = {
            "chains": (budget.chains, 1),
            "draws": (budget.draws, 1),
            "tune": (budget.tune, 0),
            "jobs": (self.parallel, 1),
            **{f"seed[{place}]": (seed, 0) for place, seed in enumerate(self.seeds)},
        }
        for name, (value, least) in whole.items():
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise UserError(f"{name} = {value!r}: must be a whole number, {least} or more")
        if not self.seeds:
            raise UserError("seeds = []: at least one is needed")
        if len(set(self.seeds)) < len(self.seeds):
            raise UserError(f"seeds = {list(self.seeds)}: each may be given once")
        if not 0 < budget.target_accept < 1:
            raise UserError(f"target_accept = {budget.target_accept}: must lie between 0 and 1")
        for name, limit in {"timeout": self.timeout, "memory_limit": self.memory_limit}.items():
            if limit is not None and not (limit > 0 and math.isfinite(limit)):
                raise UserError(f"{name} = {limit}: must be a number above 0")
        if self.executor not in EXECUTORS:
            allowed = ", ".join(EXECUTORS)
            raise UserError(f"executor = '{self.executor}': must be one of {allowed}")
        priors = self.fitter_options.get("priors")
        if priors is not None and priors not in PRIORS:
            raise UserError(f"priors = '{priors}': must be one of {', '.join(PRIORS)}")


def read_beliefs(given: str) -> Any:
    """The beliefs of a JSON file; anything else is taken for the name of a set of beliefs.

    Raises
    ------
    UserError
        When the file is not there or does not hold a JSON object.
    """
    if not given.endswith(".json"):
        return given
    try:
        beliefs = json.loads(Path(given).expanduser().read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"--beliefs {given}: no such file") from None
    except ValueError as error:
        raise UserError(f"--beliefs {given}: not JSON ({error})") from None
    if not isinstance(beliefs, dict) or not all(isinstance(x, dict) for x in beliefs.values()):
        example = '{"TV": {"roas": [2.0, 0.5]}}'
        raise UserError(f"--beliefs {given}: must hold an object such as {example}")
    return beliefs


def several(value: Any) -> tuple[Any, ...]:
    """One value or many, as a tuple; None is none.

    Only plain collections are many: a dataset can be iterated over too, and is one.
    """
    if value is None:
        return ()
    if isinstance(value, list | tuple | set | frozenset | range | Iterator):
        return tuple(value)
    return (value,)
