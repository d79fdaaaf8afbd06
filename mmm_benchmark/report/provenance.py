"""``summary/provenance.json``: what produced the figures beside it."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mmm_benchmark.store.fits import StoredFit

NAME = "provenance.json"
OWN = ("mmm-benchmark", "mmm-data-generator")


def write_provenance(fits: Sequence[StoredFit], folder: Path) -> Path:
    """Write versions, hardware, seeds, budgets and keys of ``fits``; return the file.

    ``mmm-benchmark reproduce`` needs the store and nothing else; this says it to people.
    """
    path = folder / NAME
    fresh = path.with_name(f".{NAME}.{os.getpid()}")
    fresh.write_text(json.dumps(provenance(fits), indent=1))
    fresh.replace(path)
    return path


def provenance(fits: Sequence[StoredFit]) -> dict[str, Any]:
    """What ``provenance.json`` holds."""
    jobs = [fit.job for fit in fits]
    versions: dict[str, dict[str, list[str]]] = {}
    for fit in fits:
        known = versions.setdefault(fit.job["fitter"], {})
        for name, found in (fit.record.get("versions") or {}).items():
            if str(found) not in known.setdefault(name, []):
                known[name].append(str(found))
    return {
        "fits": [fit.key for fit in fits],
        "datasets": sorted({job["dataset"]["id"] for job in jobs}),
        "seeds": sorted({job["seed"] for job in jobs}),
        "budgets": _distinct(job["budget"] for job in jobs),
        "fitters": {job["fitter"]: job["fitter_version"] for job in jobs},
        "versions": versions,
        # of each fit's own process; fits of older versions do not say it
        "hardware": _distinct(
            {**machine, "threads": fit.record.get("threads")}
            for fit in fits
            if (machine := fit.record.get("machine"))
        ),
        "summarised_by": {
            **{name: _version(name) for name in OWN},
            "python": platform.python_version(),
            "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        },
        "reproduce": "mmm-benchmark reproduce RESULTS",
    }


def _distinct(found: Any) -> list[Any]:
    """Each once, in an order that does not change."""
    return [json.loads(each) for each in sorted({json.dumps(one, sort_keys=True) for one in found})]


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
