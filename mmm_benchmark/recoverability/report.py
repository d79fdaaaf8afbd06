"""The study run for a person: progress, the answer in words, tables, a picture, the page."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmm_benchmark.recoverability.answers import askers
from mmm_benchmark.recoverability.history import History
from mmm_benchmark.recoverability.picture import draw_picture
from mmm_benchmark.recoverability.study import Study, study, write
from mmm_benchmark.recoverability.words import sentences, verdicts
from mmm_benchmark.report.page.measurable import ANSWER, FOLDER
from mmm_benchmark.report.page_file import PAGE, check_page
from mmm_benchmark.run.executors.local import cores
from mmm_benchmark.store.fits import check_writable


def run(
    history: History,
    *,
    fitters: Sequence[str],
    worlds: int,
    hidden_share: float,
    remedies: bool,
    seed: int,
    results: Path,
) -> Study:
    """Run the study, print the answer and write its files under ``results``."""
    check_writable(results)
    check_page(results)
    folder = results / FOLDER / _safe(history.name)
    with Line() as line:
        found = study(
            history,
            askers(fitters, results / FOLDER / "answers", cores(), seed),
            worlds=worlds,
            hidden_share=hidden_share,
            seed=seed,
            remedies=remedies,
            progress=line,
        )
    said = sentences(found)
    print("\n".join(said))
    table = verdicts(found)
    paths = write(found, folder)
    table.to_csv(folder / "verdicts.csv", index=False, float_format="%.4g", lineterminator="\n")
    picture = draw_picture(found, folder)
    _keep(folder / ANSWER, answer(found, said))
    page = write_section(results)
    print(f"tables: {paths[0].parent}; picture: {picture}; one page: {page}")
    return found


def answer(found: Study, said: Sequence[str]) -> dict[str, Any]:
    """What the page shows, as plain data."""
    first = found.channels[found.channels["fitter"] == found.fitters[0]]
    joined = verdicts(found).merge(
        first[["channel", "error_factor", "guess_factor", "narrower", "coverage_90"]], on="channel"
    )
    return {
        "name": found.history.name,
        "sentences": list(said),
        "channels": _records(joined),
        "remedies": _records(found.remedies.head(12)),
        "fitters": list(found.fitters),
    }


def write_section(results: Path) -> Path:
    """Make ``report.html`` again, with what is stored of fits, if anything is."""
    from mmm_benchmark.report.page import write_page
    from mmm_benchmark.report.refresh import summarise
    from mmm_benchmark.report.tables.build import build_tables
    from mmm_benchmark.store.fits import Store

    latest = {
        (fit.job["dataset"]["id"], fit.job["fitter"]): fit
        for fit in sorted(Store(results), key=lambda fit: (fit.ok, fit.record["finished_at"]))
    }
    if latest:
        fits = [latest[place] for place in sorted(latest)]
        summarise(fits, results, bayesian=False, pictures=False, page=True, again=True)
        return results / PAGE
    return write_page([], build_tables([]), results)


class Line:
    """One line of progress that is written over on a terminal, and a line a quarter elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._last = ""
        self._said = -1

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *error: object) -> None:
        if self._live and self._last:
            print(file=sys.stderr)

    def __call__(self, what: str, done: int, many: int) -> None:
        """Say how far one part of the work is."""
        if self._live:
            print(f"\r\x1b[2K{what}: {done} of {many}", end="", file=sys.stderr, flush=True)
        elif what != self._last or 4 * done // max(many, 1) > self._said:
            print(f"{what}: {done} of {many}", file=sys.stderr, flush=True)
        self._said = 4 * done // max(many, 1)
        self._last = what


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if value != value else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _keep(path: Path, content: dict[str, Any]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps(content, indent=1, default=float), encoding="utf-8")
    part.replace(path)


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name).lstrip(".") or "data"
