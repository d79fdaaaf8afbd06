"""An entrant's scores from its stored fits: the rows and the metadata of a submission."""

from __future__ import annotations

import math
import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.errors import UserError, unknown
from mmm_benchmark.leaderboard.entry import COST, FORMAT, MEASURES, Row
from mmm_benchmark.scoring.leading import leading
from mmm_benchmark.scoring.marks import TOLD_BY, failed_checks, knows
from mmm_benchmark.scoring.records import total_s
from mmm_benchmark.store.datasets import load_dataset
from mmm_benchmark.store.fits import Store, StoredFit
from mmm_benchmark.suite.fingerprint import fingerprint
from mmm_benchmark.suite.tasks import VERSION, by_name, check_unchanged, tasks

if TYPE_CHECKING:
    from mmm_data_generator import MMMDataset

TIMING = (
    "seconds: from just before the fitter's module is imported to the return of its fit; "
    "memory: largest resident set of the worker"
)
#: What must be the same in all fits of one submission.
SAME = ("fitter_version", "settings", "budget", "seed", "versions")


def fits_of(store: Store, fitter: str, task_names: Sequence[str]) -> dict[str, StoredFit]:
    """The stored fits of one fitter to the suite's tasks, all made in one way.

    Where a fitter was run in several ways (budget, settings, version), the way that covers most
    tasks counts, of two equal ones the later.

    Raises
    ------
    UserError
        When there is none.
    """
    ways: dict[str, dict[str, StoredFit]] = {}
    fitters = set()
    for fit in sorted(store, key=lambda fit: fit.record["finished_at"]):
        dataset = fit.job["dataset"]
        name = f"{dataset['name']}@{dataset['seed']}"
        fitters.add(fit.job["fitter"])
        if fit.job["fitter"] == fitter and name in task_names:
            way = repr([fit.job[each] for each in SAME])
            ways[way] = {**ways.pop(way, {}), name: fit}  # the latest way last
    if not ways:
        if fitter not in fitters and fitters:
            raise unknown("fitter among the stored fits", fitter, fitters)
        raise UserError(
            f"'{fitter}' has no stored fit to a task of suite {VERSION}; make them with: "
            f"mmm-benchmark run --suite lite --samplers {fitter}"
        )
    return max(reversed(ways.values()), key=len)


def score(fit: StoredFit, dataset: MMMDataset, task: str) -> Row:
    """One task's row; a failure keeps its reason and has no measures."""
    record = fit.record
    peak = record.get("peak_rss_mb")
    cost = {
        "seconds": float(total_s(fit)),
        "memory_mb": math.nan if peak is None else float(peak),
    }
    if not fit.ok:
        empty = dict.fromkeys(("checks_failed", *MEASURES), math.nan)
        return Row(task, fit.status, record.get("reason") or "", {**empty, **cost})
    found = leading(fit, dataset)
    measures = {name: float(found.get(name, math.nan)) for name in MEASURES}
    checks = {"checks_failed": float(len(failed_checks(fit)))}
    return Row(task, "ok", "", {**checks, **measures, **cost})


def submission(
    results: Path, fitter: str, note: str = ""
) -> tuple[dict[str, Any], list[Row], Counter[str]]:
    """Metadata, rows in the order of the suite, and how many tasks have which status.

    Raises
    ------
    UserError
        When nothing is stored, or data are not those of the suite.
    """
    names = by_name()
    fits = fits_of(Store(results), fitter, tuple(names))
    rows = []
    for task in tasks("full"):
        if (fit := fits.get(task.name)) is None:
            continue
        dataset = load_dataset(results, fit.job["dataset"]["id"])
        check_unchanged(task.name, fingerprint(dataset.observed))
        rows.append(score(fit, dataset, task.name))
    first = next(iter(fits.values()))
    return metadata_of(fits, first, note), rows, Counter(row.status for row in rows)


def metadata_of(fits: Mapping[str, StoredFit], first: StoredFit, note: str) -> dict[str, Any]:
    """What determined the scores, and the machine they were timed on."""
    job, budget = first.job, first.job["budget"]
    reference = job.get("reference")
    told = any(job["settings"].get(name) is not None for name in TOLD_BY)
    command = (
        f"mmm-benchmark run --suite {'lite' if len(fits) <= len(tasks('lite')) else 'full'} "
        f"--samplers {job['fitter']} --chains {budget['chains']} --draws {budget['draws']} "
        f"--tune {budget['tune']} --target-accept {budget['target_accept']} --seed {job['seed']}"
        f"{said(job['settings'])}"
    )
    return {
        "format": FORMAT,
        "suite": VERSION,
        "fitter": job["fitter"],
        "library": job["library"],
        "pool": "references" if reference else "told" if told else "honest",
        "knows": reference or knows(first) or None,
        "exact": bool((first.record.get("checks") or {}).get("bayes_optimal")),
        "fitter_version": job["fitter_version"],
        "versions": {**job["versions"], "python": platform.python_version()},
        "settings": job["settings"],
        "budget": dict(budget),
        "seed": job["seed"],
        "hardware": {
            "machine": platform.machine(),
            "system": platform.system(),
            "cores": os.cpu_count(),
            "threads": first.record.get("threads"),
        },
        "command": command,
        "timing": f"{TIMING}. {note}".strip(),
        "units": {**MEASURES, **COST},
        "verified": None,
        "fits": {task: fit.key for task, fit in sorted(fits.items())},
    }


def said(settings: Mapping[str, Any]) -> str:
    """What a run must say besides; what is no name came from a file."""
    return "".join(
        f" --{name} {value if isinstance(value, str) else 'FILE'}"
        for name in ("prior", *TOLD_BY)
        if (value := settings.get(name)) is not None
    )
