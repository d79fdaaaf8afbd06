"""Tables and stored fits -> ``report.html``, complete or not at all."""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.report.page import board, charts, world
from mmm_benchmark.report.page.measurable import measurable
from mmm_benchmark.report.page_file import PAGE
from mmm_benchmark.report.tables.views import dataset_label
from mmm_benchmark.report.verdict import verdict
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.identity import identity
from mmm_benchmark.scoring.scorable import ScorableDataset, ScorableFit

if TYPE_CHECKING:
    import pandas as pd

HERE = Path(__file__).parent
#: Datasets shown in detail; with more, the board still has them all.
DETAILED = 12


def write_page(
    fits: Sequence[tuple[ScorableFit, ScorableDataset]],
    tables: Mapping[str, pd.DataFrame],
    results: Path,
) -> Path:
    """Write the page and return its path.

    Parameters
    ----------
    fits
        Stored fits, failures too, with their datasets.
    tables
        What ``write_tables`` returned for the same fits.
    results
        The directory of results; the page is ``report.html`` in it.

    Raises
    ------
    UserError
        When the file cannot be written.
    """
    text = page(fits, tables, results)
    path = results / PAGE
    fresh = path.with_name(f".{PAGE}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise UserError(f"cannot write the page '{path}': {error.strerror}") from None
    return path


def page(
    fits: Sequence[tuple[ScorableFit, ScorableDataset]],
    tables: Mapping[str, pd.DataFrame],
    results: Path,
) -> str:
    """The whole page as text: nothing in it is loaded from anywhere else."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE / "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    with charts.making():
        shown = content(fits, tables)
    script, style = library() + read("page.js"), read("page.css")
    return environment.get_template("page.html").render(
        script=script,
        style=style,
        policy=policy(script, style),
        **shown,
        measurable=measurable(results),
    )


def content(
    fits: Sequence[tuple[ScorableFit, ScorableDataset]], tables: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """What the template shows, all of it plain data."""
    said = verdict(tables)
    entries = board.board(tables)
    measures = board.shown(entries)
    groups: dict[str, list[tuple[ScorableFit, ScorableDataset]]] = {}
    for fit, dataset in fits:
        if fit.ok:
            groups.setdefault(dataset_label(dict(identity(fit))), []).append((fit, dataset))
    worlds = [
        world.section(label, group, tables) for label, group in list(groups.items())[:DETAILED]
    ]
    rows = score_rows(entries)
    return {
        "verdict": said,
        "entries": entries,
        "measures": measures,
        "seeds": max((entry["seeds"] for entry in entries), default=0),
        "datasets": list(dict.fromkeys(entry["dataset"] for entry in entries)),
        "fitters": list(dict.fromkeys(entry["fitter"] for entry in entries)),
        "scores": charts.scores(rows, measures) if rows else None,
        "meanings": marks.meanings(tables["runtime_comparison"]["mark"]),
        "worlds": worlds,
        "more_worlds": max(0, len(groups) - DETAILED),
        "failures": tables["failures"].to_dict("records"),
        "provenance": provenance(fits),
    }


def score_rows(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The board as rows for its chart."""
    return [
        {
            "dataset": entry["dataset"],
            "fitter": entry["fitter"],
            "measure": title,
            "mean": found["mean"],
            "low": found["mean"] - (found["error"] or 0.0),
            "high": found["mean"] + (found["error"] or 0.0),
            "text": found["text"],
        }
        for entry in entries
        for title, found in entry["scores"].items()
    ]


def provenance(
    fits: Sequence[tuple[ScorableFit, ScorableDataset]],
) -> list[tuple[str, str]]:
    """What produced these figures: command, machine, versions, seeds, and how time was taken."""
    versions: dict[str, set[str]] = {}
    for fit, _ in fits:
        for name, version in (fit.record.get("versions") or {}).items():
            versions.setdefault(name, set()).add(str(version))
    seeds = sorted({str(fit.job.get("seed")) for fit, _ in fits})
    budgets = sorted({_budget(fit.job.get("budget") or {}) for fit, _ in fits} - {""})
    threads = sorted({str(fit.record["threads"]) for fit, _ in fits if "threads" in fit.record})
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    found = {
        "this page was made by": command,
        "on": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": ", ".join(
            f"{name} {' and '.join(sorted(known))}" for name, known in sorted(versions.items())
        ),
        "seeds of the fits": ", ".join(seeds),
        "sampling": "; ".join(budgets),
        "threads a fit": ", ".join(threads),
        "time": "wall-clock seconds of each fit's own process, imports and compilation included",
    }
    return [(name, text) for name, text in found.items() if text]


def _budget(budget: Mapping[str, Any]) -> str:
    if not budget:
        return ""
    return "{chains} chains of {tune} + {draws}".format(**budget)


def library() -> str:
    """Vega, Vega-Lite and Vega-Embed, as the well-kept package carries them."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def policy(script: str, style: str) -> str:
    """A content-security policy: this script and this style run, and nothing else is fetched."""
    return (
        f"default-src 'none'; script-src '{digest(script)}'; style-src '{digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """The source expression of an inline script or style (CSP level 2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def read(name: str) -> str:
    """A file of the page's own."""
    return (HERE / "template" / name).read_text(encoding="utf-8")
