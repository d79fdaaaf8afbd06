"""What scoring needs of a stored fit and of a dataset; no more, so that fakes are easy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import xarray as xr

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


def failure(fit: ScorableFit) -> str:
    """One line on why there is nothing to score."""
    return f"{fit.record['status']}: {fit.record.get('reason') or 'no reason recorded'}"
