"""One entrant's scores on the suite: a CSV of one row a task, and its metadata beside it.

``results/suite-2026.1/NAME.csv`` and ``NAME.json``. Standard library only.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmm_benchmark.errors import UserError, unknown
from mmm_benchmark.suite.tasks import VERSIONS, by_name

#: Raised when a column, a unit or a rule changes; other files are refused by name.
FORMAT = 1
POOLS = ("honest", "told", "references")
STATUSES = ("ok", "skipped", "error", "timeout", "memory", "killed")

LABELS = ("suite", "task", "cell", "fingerprint", "fitter", "status", "reason")
COUNTS = ("checks_failed",)
COST = {"seconds": "seconds", "memory_mb": "MB"}
#: Leading measures and their units, in the order of the columns. ``docs/metrics.md`` defines each.
MEASURES = {
    "total_error": "share of sales, signed",
    "total_crps": "share of sales",
    "roas_error": "share of true media sales",
    "roas_crps": "share of true media sales",
    "energy_score": "share of true media sales",
    "null_credit": "share of estimated media sales",
    "order": "rank correlation",
    "coverage_90": "share of channels",
    "coverage_90_se": "share of channels",
    "interval_score": "share of true media sales",
    "gain_share": "share of the best possible gain",
    "gain_probability": "probability",
    "silent_failure": "1 or 0",
    "holdout_error": "share of sales held out",
}
COLUMNS = (*LABELS, *COUNTS, *MEASURES, *COST)
#: What a number of some columns can be; None is no bound.
BOUNDS: dict[str, tuple[float | None, float | None]] = {
    **dict.fromkeys(("total_crps", "roas_error", "roas_crps", "energy_score"), (0.0, None)),
    **dict.fromkeys(("interval_score", "holdout_error", "seconds", "memory_mb"), (0.0, None)),
    **dict.fromkeys(("null_credit", "coverage_90", "gain_probability"), (0.0, 1.0)),
    "coverage_90_se": (0.0, 1.0),
    "silent_failure": (0.0, 1.0),
    "order": (-1.0, 1.0),
    "gain_share": (None, 1.0),
    "checks_failed": (0.0, None),
}
SLACK = 1e-6  # of rounding
REQUIRED = (
    *("format", "suite", "fitter", "library", "pool", "knows", "fitter_version", "versions"),
    *("settings", "budget", "seed", "hardware", "command", "timing", "units", "verified"),
)


@dataclass(frozen=True)
class Row:
    """What came of one task; measures that the fit cannot give are NaN."""

    task: str
    status: str
    reason: str
    values: Mapping[str, float]  # checks_failed, measures and cost

    @property
    def ok(self) -> bool:
        """Whether the fit finished."""
        return self.status == "ok"


@dataclass(frozen=True)
class Entry:
    """An entrant: its metadata, and its rows by task."""

    name: str
    metadata: Mapping[str, Any]
    rows: Mapping[str, Row]

    @property
    def pool(self) -> str:
        """``honest``, ``told`` (beliefs or experiments) or ``references``."""
        return str(self.metadata["pool"])

    @property
    def knows(self) -> str | None:
        """What it owes to the generator, though it competes; None for all others."""
        return self.metadata["knows"]

    def value(self, task: str, name: str) -> float:
        """One number of one task; NaN where it was not run, failed, or cannot say."""
        row = self.rows.get(task)
        return row.values.get(name, math.nan) if row is not None else math.nan


def read_entry(path: Path) -> Entry:
    """Read an entrant's CSV and the JSON beside it.

    Raises
    ------
    UserError
        One line with the place: a file that is not there, columns, units, versions, tasks or
        fingerprints that do not fit, a number that is none or cannot be.
    """
    metadata = _metadata(path.with_suffix(".json"), path)
    tasks = by_name(metadata["suite"])
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            _check_columns(path, table.fieldnames or [])
            lines = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"'{path}' cannot be read: {error}") from None
    rows: dict[str, Row] = {}
    for number, line in enumerate(lines, start=2):
        where = f"'{path}', line {number}"
        if None in line or None in line.values():
            raise UserError(f"{where}: must have {len(COLUMNS)} cells")
        task = tasks.get(line["task"])
        if task is None:
            raise UserError(f"{where}: {unknown('task', line['task'], tasks)}")
        own = {"suite": metadata["suite"], "cell": task.cell, "fitter": metadata["fitter"]}
        for column, expected in {**own, "fingerprint": task.fingerprint}.items():
            if line[column] != expected:
                raise UserError(f"{where}: {column} is '{line[column]}', not '{expected}'")
        if task.name in rows:
            raise UserError(f"{where}: task '{task.name}' is there twice")
        rows[task.name] = _row(where, line)
    if not rows:
        raise UserError(f"'{path}' holds no task")
    return Entry(path.stem, metadata, rows)


def _metadata(path: Path, table: Path) -> dict[str, Any]:
    if not table.is_file():
        raise UserError(f"'{table}' is not there")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"'{path}' is not there; every table of scores has its metadata") from None
    except ValueError as error:
        raise UserError(f"'{path}': not JSON ({error})") from None
    missing = [name for name in REQUIRED if not isinstance(found, dict) or name not in found]
    if missing:
        raise UserError(f"'{path}': lacks {', '.join(missing)}")
    if found["format"] != FORMAT:
        raise UserError(f"'{path}': format is {found['format']!r}, not {FORMAT}; submit again")
    if found["suite"] not in VERSIONS:
        raise UserError(f"'{path}': {unknown('suite', str(found['suite']), VERSIONS)}")
    if found["pool"] not in POOLS:
        raise UserError(f"'{path}': {unknown('pool', str(found['pool']), POOLS)}")
    for name, unit in {**MEASURES, **COST}.items():
        if (given := found["units"].get(name)) != unit:
            raise UserError(f"'{path}': unit of {name} is {given!r}, not '{unit}'")
    if not isinstance(found["versions"], dict) or not found["versions"]:
        raise UserError(f"'{path}': versions must name the packages that fitted")
    return found


def _check_columns(path: Path, found: list[str] | Any) -> None:
    missing = [name for name in COLUMNS if name not in found]
    stray = [name for name in found if name not in COLUMNS]
    if missing or stray:
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has unknown {', '.join(stray)}"] if stray else []
        raise UserError(f"'{path}': columns do not fit: {'; '.join(parts)}")


def _row(where: str, line: Mapping[str, str]) -> Row:
    if line["status"] not in STATUSES:
        raise UserError(f"{where}: {unknown('status', line['status'], STATUSES)}")
    values = {name: _number(where, name, line[name]) for name in (*COUNTS, *MEASURES, *COST)}
    return Row(line["task"], line["status"], line["reason"], values)


def _number(where: str, name: str, text: str) -> float:
    if text == "":
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise UserError(f"{where}: {name} is '{text}', no number") from None
    low, high = BOUNDS.get(name, (None, None))
    small, large = (
        low is not None and value < low - SLACK,
        high is not None and value > high + SLACK,
    )
    if small or large or not math.isfinite(value):
        raise UserError(f"{where}: {name} is {text}, must be {_range(low, high)} ({_unit(name)})")
    return value


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"{low:g} or more"
    return "finite" if high is None else f"{high:g} or less"


def _unit(name: str) -> str:
    return {**MEASURES, **COST}.get(name, "a count")


def write_entry(path: Path, metadata: Mapping[str, Any], rows: list[Row]) -> None:
    """Write an entrant's CSV and its JSON; numbers with six significant digits."""
    tasks = by_name(metadata["suite"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for row in rows:
            task = tasks[row.task]
            numbers = {
                name: "" if math.isnan(value) else f"{value:.6g}"
                for name, value in row.values.items()
            }
            labels = {
                "suite": metadata["suite"],
                "task": row.task,
                "cell": task.cell,
                "fingerprint": task.fingerprint,
                "fitter": metadata["fitter"],
                "status": row.status,
                "reason": " ".join(row.reason.split()),
            }
            table.writerow(labels | numbers)
    text = json.dumps(metadata, indent=2, sort_keys=True, ensure_ascii=False)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def read_all(directory: Path) -> list[Entry]:
    """Every entrant of a directory, by name.

    Raises
    ------
    UserError
        When the directory is not there, holds no table, or one does not fit.
    """
    if not directory.is_dir():
        raise UserError(f"'{directory}' is not there; give the folder of the suite's results")
    found = [read_entry(path) for path in sorted(directory.glob("*.csv"))]
    if not found:
        raise UserError(f"'{directory}' holds no table of scores; make one with: submit FITTER")
    return found
