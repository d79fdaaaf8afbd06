"""Rows of all fits -> one frame per table -> CSV."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from mmm_benchmark.report.kept_scores import Scorer, scorer
from mmm_benchmark.report.tables.columns import columns, typed
from mmm_benchmark.report.tables.plans import PLAN_TABLES, plans
from mmm_benchmark.report.tables.seeds import SEED_TABLES, seed_tables
from mmm_benchmark.report.tables.skill import ORACLE, accepted_as_reference, add_skill
from mmm_benchmark.scoring import Row, ScorableDataset, ScorableFit
from mmm_benchmark.scoring.identity import identity
from mmm_benchmark.scoring.marks import failed_checks
from mmm_benchmark.scoring.score import SCORED, TABLES

#: Digits in the CSV files; frames keep full precision.
FLOAT_FORMAT = "%.6g"


def build_tables(
    fits: Sequence[tuple[ScorableFit, ScorableDataset]],
    bayesian: bool = False,
    score: Scorer | None = None,
) -> dict[str, pd.DataFrame]:
    """Score every fit and gather the rows; tables with nothing to say keep their columns.

    ``score`` makes the rows of one fit, or remembers them (``report.kept_scores``).
    """
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    refused: set[str] = set()
    score = score or scorer()
    for fit, dataset in fits:
        scored = score(fit, dataset, bayesian)
        if fit.job["fitter"] == ORACLE and fit.ok and not accepted_as_reference(fit):
            refused.add(identity(fit)["fit"])
            for table in SCORED if failed_checks(fit) else ():
                _remark(scored[table], "refused as a reference: its own checks failed")
        for name in TABLES:
            rows[name] += scored[name]
    data = data_of(fits)
    frames = {}
    for name in TABLES:
        frame = pd.DataFrame(rows[name], columns=columns(name, bayesian))
        frame = typed(frame)
        if "skill_vs_oracle" in frame and len(frame):
            add_skill(frame, list(SCORED[name]), data(frame), refused)
        frames[name] = frame
    return frames | seed_tables(frames, data) | plans(fits)


def data_of(
    fits: Sequence[tuple[ScorableFit, ScorableDataset]],
) -> Callable[[pd.DataFrame], pd.Series]:
    """For the rows of a table, which data each was fitted to.

    Name and seed do not tell: the same may name other data, made by another version.
    """
    known = {}
    for fit, _ in fits:
        head = identity(fit)
        known[head["dataset"], head["seed"], head["fit"]] = fit.job["dataset"]["id"]

    def of(frame: pd.DataFrame) -> pd.Series:
        seeds = (None if pd.isna(seed) else int(seed) for seed in frame["seed"])
        heads = zip(frame["dataset"], seeds, frame["fit"], strict=True)
        return pd.Series([known[head] for head in heads], index=frame.index, dtype="str")

    return of


def write_tables(
    fits: Sequence[tuple[ScorableFit, ScorableDataset]],
    out_dir: Path,
    bayesian: bool = False,
    score: Scorer | None = None,
) -> dict[str, pd.DataFrame]:
    """Write one CSV per table into ``out_dir`` and return the frames by name.

    Each file appears complete or not at all, so a reader never sees half a table.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    frames = build_tables(fits, bayesian, score)
    for name, frame in frames.items():
        path = out_dir / f"{name}.csv"
        fresh = path.with_name(f".{name}.{os.getpid()}.csv")
        frame.to_csv(fresh, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
        fresh.replace(path)
    return frames


def read_tables(out_dir: Path) -> dict[str, pd.DataFrame]:
    """The tables that :func:`write_tables` wrote, with the same columns and types."""
    names = (*TABLES, *SEED_TABLES, *PLAN_TABLES)
    return {name: typed(pd.read_csv(out_dir / f"{name}.csv")) for name in names}


def _remark(rows: list[Row], note: str) -> None:
    for row in rows:
        row["note"] = "; ".join(part for part in (row.get("note", ""), note) if part)
