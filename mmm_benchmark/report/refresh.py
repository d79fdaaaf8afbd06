"""Tables and plots of a set of stored fits, made again only when something changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.report.aside import aside
from mmm_benchmark.report.made_by import code_stamp
from mmm_benchmark.report.provenance import write_provenance
from mmm_benchmark.store.datasets import DATASETS
from mmm_benchmark.store.fits import StoredFit
from mmm_benchmark.store.plain_files import is_plain, read_object
from mmm_benchmark.store.sealed_folder import MANIFEST, digest

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = "summary"
STAMP = ".stamp.json"


def summarise(
    fits: Sequence[StoredFit],
    results: Path,
    *,
    bayesian: bool,
    pictures: bool = True,
    page: bool = True,
    again: bool = False,
) -> dict[str, pd.DataFrame]:
    """Write tables, ``pictures`` and the ``page`` of ``fits``; return the tables by name.

    When the same fits were summarised last and every file is still there, the tables are read
    back instead; ``again`` makes everything anew.
    """
    stamp = results / SUMMARY / STAMP
    inputs = _inputs(fits, results, bayesian, pictures, page)
    if not again and (tables := _up_to_date(stamp, inputs, results)) is not None:
        return tables

    from mmm_benchmark.report.kept_scores import KeptScores, StoredDataset
    from mmm_benchmark.report.tables import write_tables

    if stamp.is_dir() and not stamp.is_symlink():
        shutil.rmtree(stamp)
    stamp.unlink(missing_ok=True)
    names = {fit.job["dataset"]["id"] for fit in fits}
    datasets = {name: StoredDataset(results, name) for name in names}
    pairs = [(fit, datasets[fit.job["dataset"]["id"]]) for fit in fits]
    tables = write_tables(pairs, results / SUMMARY, bayesian, KeptScores(results))
    made = [results / SUMMARY / f"{name}.csv" for name in tables]
    made.append(write_provenance(fits, results / SUMMARY))
    written = None
    if page:
        from mmm_benchmark.report.page import write_page

        def write() -> str:
            return str(write_page(pairs, tables, results))

        written = aside(write) if pictures else write
    if pictures:
        from mmm_benchmark.report import plots

        made += plots.draw_all(pairs, results, tables=tables, redraw=False)
    if written is not None:
        made.append(Path(written()))
    known = {path.relative_to(results).as_posix(): digest(path) for path in made}
    stamp.write_text(json.dumps({"inputs": inputs, "files": known}, indent=1))
    return tables


def _inputs(
    fits: Sequence[StoredFit], results: Path, bayesian: bool, pictures: bool, page: bool
) -> dict[str, Any]:
    """What the summary is a function of."""
    names = sorted({fit.job["dataset"]["id"] for fit in fits})
    manifests = [results / DATASETS / name / MANIFEST for name in names]
    return {
        "fits": [[fit.key, fit.job["dataset"]["id"], fit.record["finished_at"]] for fit in fits],
        "datasets": [digest(path) if is_plain(path) else "" for path in manifests],
        "bayesian": bayesian,
        "pictures": pictures,
        "page": page,
        "code": code_stamp(),
    }


def _up_to_date(
    stamp: Path, inputs: dict[str, Any], results: Path
) -> dict[str, pd.DataFrame] | None:
    try:  # a stamp of another shape is no stamp: everything is made again
        known = read_object(stamp)
        files = dict(known["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if known.get("inputs") != inputs or any(
        _altered(results / name, files[name]) for name in files
    ):
        return None

    from mmm_benchmark.report.tables import read_tables

    return read_tables(results / SUMMARY)


def _altered(path: Path, checksum: object) -> bool:
    return not is_plain(path) or digest(path) != checksum
