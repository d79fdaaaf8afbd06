"""What scoring needs of a stored fit and of a dataset; no more, so that fakes are easy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from mmm_benchmark.plan.jobs import SHORT_KEY
from mmm_benchmark.schema import REFERENCE_KIND

if TYPE_CHECKING:
    import xarray as xr

#: A reference on fixed values, which no law draws: it is not as good as the data allow.
WIDE_PRIOR = "a posterior under a wide prior, not a limit of the data"

#: One line of a table.
type Row = dict[str, Any]


class ScorableFit(Protocol):
    """A stored fit, whatever stored it."""

    @property
    def key(self) -> str: ...
    @property
    def job(self) -> Mapping[str, Any]: ...
    @property
    def record(self) -> Mapping[str, Any]: ...
    @property
    def ok(self) -> bool: ...
    def tree(self) -> xr.DataTree: ...


class ScorableDataset(Protocol):
    """A dataset whose truth is known, in part known, or not known at all."""

    @property
    def name(self) -> str: ...
    @property
    def seed(self) -> int | None: ...
    @property
    def observed(self) -> xr.Dataset: ...
    @property
    def truth(self) -> xr.Dataset | None: ...


def identity(fit: ScorableFit) -> Row:
    """The columns every table begins with, and the mark of a reference."""
    dataset = fit.job["dataset"]
    return {
        "dataset": dataset["name"],
        "seed": dataset.get("seed"),
        "fitter": fit.job["fitter"],
        "fit": fit.key[:SHORT_KEY],
        "reference": reference_of(fit),
    }


def reference_of(fit: ScorableFit) -> str:
    """What a reference knows, "" for all others; one under a prior of its own is called that."""
    exact = (fit.record.get("checks") or {}).get(REFERENCE_KIND)
    return WIDE_PRIOR if exact is False else fit.job.get("reference") or ""


def failure(fit: ScorableFit) -> str:
    """One line on why there is nothing to score."""
    return f"{fit.record['status']}: {fit.record.get('reason') or 'no reason recorded'}"
