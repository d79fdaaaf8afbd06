"""What a worker left in its folder, read on trust of nothing: ``fit.json`` and ``fit.nc``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.errors import ContractError
from mmm_benchmark.fit import Fit
from mmm_benchmark.store.plain_files import is_plain, read_object

if TYPE_CHECKING:
    import xarray as xr

#: What a worker may say of its fit; the rest is the parent's to say.
OUTCOMES = ("ok", "skipped", "error", "memory")
GROUPS = ("posterior", "posterior_predictive", "forecast", "prior", "sample_stats")


class BadAnswerError(Exception):
    """The files of a worker are not an answer; the message says why, in one line."""


def read_record(path: Path, longest: float) -> dict[str, Any]:
    """The record that a worker wrote, with every field of the type it must have.

    Parameters
    ----------
    longest
        Seconds that the worker can have taken at most; a record that claims more is no record.

    Raises
    ------
    BadAnswerError
        When it is anything else.
    """
    try:
        record = read_object(path)
    except (OSError, ValueError) as error:
        raise BadAnswerError(f"the worker's {path.name} cannot be read: {error}") from None
    wrong = _misfit(record, longest)
    if wrong is not None:
        raise BadAnswerError(f"the worker's {path.name} has no sound '{wrong}'")
    return record


def _misfit(record: dict[str, Any], longest: float) -> str | None:
    """The first field that is not what it must be."""
    texts = {"versions": (str, type(None)), "machine": (str, int)}
    numbers = ("diagnostics", "parameter_counts", "seconds")
    if record.get("status") not in OUTCOMES:
        return "status"
    reason = record.get("reason")
    if (reason is None) != (record["status"] == "ok") or not isinstance(reason, str | None):
        return "reason"
    for name in ("total_s", "peak_rss_mb"):
        if name in record and not (_number(record[name]) and 0 <= record[name] < math.inf):
            return name
    if record.get("total_s", 0.0) > longest:
        return "total_s"
    for name in numbers:
        if not _mapping(record.get(name, {}), lambda value: _number(value)):
            return name
    for name, kinds in texts.items():
        if not _mapping(record.get(name, {}), lambda value, kinds=kinds: isinstance(value, kinds)):
            return name
    if not _mapping(record.get("checks", {}), lambda value: isinstance(value, bool)):
        return "checks"
    notes = record.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        return "notes"
    return None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mapping(value: Any, sound: Any) -> bool:
    return isinstance(value, dict) and all(sound(each) for each in value.values())


def check_answer(path: Path, observed: xr.Dataset) -> None:
    """Hold the draws in ``path`` against what every fitter promises.

    Raises
    ------
    BadAnswerError
        With the first promise they break.
    """
    from mmm_benchmark.run.answer_checks import broken_promises

    if not is_plain(path):
        raise BadAnswerError(f"the worker left no {path.name}")
    try:
        problem = next(broken_promises(read_fit(path), observed), None)
    except ContractError as error:
        problem = str(error)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        problem = f"{path.name} cannot be read ({type(error).__name__}: {error})"
    if problem is not None:
        raise BadAnswerError(" ".join(problem.split()))


def read_fit(path: Path) -> Fit:
    """The groups of ``fit.nc``, in memory."""
    from mmm_data_generator.dataset import netcdf

    with netcdf.read_groups(path) as tree:
        groups = {name: tree[name].to_dataset().load() for name in GROUPS if name in tree.children}
    return Fit(
        posterior=groups["posterior"],
        posterior_predictive=groups.get("posterior_predictive"),
        forecast=groups.get("forecast"),
        prior=groups.get("prior"),
        sample_stats=groups.get("sample_stats"),
    )
