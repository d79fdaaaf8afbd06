"""From a stored fit to the run that would make it again. Nothing it names is imported or run.

The fitter is looked up in the registry by its name; what it was told is handed to the same options
of a run. What cannot be asked for that way is refused with a reason, never guessed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from mmm_benchmark.plan.choose import registered
from mmm_benchmark.plan.options import entries
from mmm_benchmark.store.fits import StoredFit

#: Options whose value in ``job.json`` is not what a user types: read from a table of tests.
NOT_TYPED = ("experiments",)


def order(fit: StoredFit) -> dict[str, Any] | str:
    """The options of the run that would make the fit again, or why there is none."""
    job = fit.job
    if not fit.ok:
        return f"stored as {fit.status}: there are no draws to compare"
    if job["fitter"] not in registered():
        return "its fitter is a file or of another distribution: name it with --fitter"
    if any(job["arguments"].get(name) is not None for name in NOT_TYPED):
        return "it was told experiments, whose table is not part of the store"
    told = {
        each.name: job["arguments"][each.name]
        for each in entries()
        if each.to_fitters and job["arguments"].get(each.name) is not None
    }
    return {"samplers": [job["fitter"]], "seed": job["seed"], **job["budget"], **told}


def grouped(fits: Iterable[StoredFit]) -> tuple[list[tuple[dict[str, Any], list[StoredFit]]],
                                                list[tuple[StoredFit, str]]]:  # fmt: skip
    """Fits that one run makes again, each group with its options; and those that none does."""
    groups: dict[str, list[StoredFit]] = defaultdict(list)
    orders: dict[str, dict[str, Any]] = {}
    refused = []
    for fit in fits:
        found = order(fit)
        if isinstance(found, str):
            refused.append((fit, found))
            continue
        name = json.dumps(found, sort_keys=True)
        orders[name] = found
        groups[name].append(fit)
    return [(orders[name], groups[name]) for name in sorted(groups)], refused


def changed(stored: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """What determines the answer and is another now, such as ``versions.scipy: 1.16 -> 1.17``."""
    from mmm_benchmark.plan.jobs import differences

    return [f"{name}: {old} -> {new}" for name, (old, new) in differences(stored, again).items()]
