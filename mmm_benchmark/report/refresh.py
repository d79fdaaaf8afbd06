"""Tables and plots of a set of stored fits, made again only when something changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.store.datasets import load_dataset
from mmm_benchmark.store.fits import StoredFit

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = "summary"
STAMP = ".stamp.json"
#: The modules whose change makes what was drawn before out of date.
MAKERS = ("scoring", "metrics", "report/tables", "report/plots")


def summarise(
    fits: Sequence[StoredFit],
    results: Path,
    *,
    bayesian: bool,
    pictures: bool = True,
    again: bool = False,
) -> dict[str, pd.DataFrame]:
    """Write tables and, with ``pictures``, plots of ``fits``; return the tables by name.

    When the same fits were summarised last and every file is still there, the tables are read
    back instead; ``again`` makes everything anew.
    """
    stamp = results / SUMMARY / STAMP
    inputs = _inputs(fits, bayesian, pictures)
    if not again and (tables := _up_to_date(stamp, inputs, results)) is not None:
        return tables

    from mmm_benchmark.report.tables import write_tables

    stamp.unlink(missing_ok=True)
    datasets = {
        name: load_dataset(results, name) for name in {fit.job["dataset"]["id"] for fit in fits}
    }
    pairs = [(fit, datasets[fit.job["dataset"]["id"]]) for fit in fits]
    tables = write_tables(pairs, results / SUMMARY, bayesian)
    made = [results / SUMMARY / f"{name}.csv" for name in tables]
    if pictures:
        from mmm_benchmark.report import plots

        made += plots.draw_all(pairs, results, tables=tables, redraw=again)
    sizes = {path.relative_to(results).as_posix(): path.stat().st_size for path in made}
    stamp.write_text(json.dumps({"inputs": inputs, "files": sizes}, indent=1))
    return tables


def _inputs(fits: Sequence[StoredFit], bayesian: bool, pictures: bool) -> dict[str, Any]:
    """What the summary is a function of."""
    code = hashlib.sha256()
    here = Path(__file__).parents[1]
    for name in MAKERS:
        for file in sorted((here / name).rglob("*.py")):
            code.update(file.read_bytes())
    return {
        "fits": [[fit.key, fit.job["dataset"]["id"], fit.record["finished_at"]] for fit in fits],
        "bayesian": bayesian,
        "pictures": pictures,
        "code": code.hexdigest(),
    }


def _up_to_date(
    stamp: Path, inputs: dict[str, Any], results: Path
) -> dict[str, pd.DataFrame] | None:
    try:
        known = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None
    if known["inputs"] != inputs:
        return None
    for name, size in known["files"].items():
        path = results / name
        if not path.is_file() or path.stat().st_size != size:
            return None

    from mmm_benchmark.report.tables import read_tables

    return read_tables(results / SUMMARY)
