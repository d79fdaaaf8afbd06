"""The scores of every fitter on every dataset, as a board: means over seeds with their error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmm_benchmark.report.tables.views import Format, percent, plain, seconds
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.series import ALL


@dataclass(frozen=True)
class Measure:
    """One column of the board."""

    table: str
    column: str
    title: str
    reading: str
    show: Format
    best: float | None  # the right value; None: lower is better and 0 is best


MEASURES = (
    Measure(
        *("contribution_recovery", "crps", "CRPS"),
        "distance of the posterior of each channel's contribution from the truth, in mean channels",
        plain,
        None,
    ),
    Measure(
        *("contribution_recovery", "coverage_90", "90% intervals hold"),
        "share of the true contributions inside the 90% intervals; 90% is right",
        percent,
        0.9,
    ),
    Measure(
        *("total_recovery", "error", "total media"),
        "error of all media together, in shares of sales",
        percent,
        0.0,
    ),
    Measure(
        *("roas_recovery", "roas_error", "ROAS error"),
        "mean size of the relative error of each channel's return",
        percent,
        None,
    ),
    Measure(
        *("decision_recovery", "gain_share", "gain from its plan"),
        "share of the best possible gain that acting on the fit brings; below 0 money is lost",
        percent,
        1.0,
    ),
    Measure(
        *("performance_metrics", "r2", "R² of sales"),
        "fit to the data; says nothing of recovery",
        plain,
        1.0,
    ),
    Measure(
        *("runtime_comparison", "total_s", "seconds"), "of the whole fit, imports and all", seconds,
        None,
    ),
)  # fmt: skip


def board(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """One entry per dataset and fitter: its marks, and by measure mean, error and text."""
    return list(_entries({measure: _over_all(tables, measure) for measure in MEASURES}, tables))


def shown(entries: list[dict[str, Any]]) -> list[Measure]:
    """The measures that any entry has."""
    return [each for each in MEASURES if any(each.title in entry["scores"] for entry in entries)]


def _entries(
    frames: Mapping[Measure, pd.DataFrame], tables: Mapping[str, pd.DataFrame]
) -> Iterator[dict[str, Any]]:
    runs = tables["runtime_comparison"]
    for (dataset, fitter), own in runs.groupby(["dataset", "fitter"], sort=False):
        scores = {}
        for measure, frame in frames.items():
            here = frame[(frame["dataset"] == dataset) & (frame["fitter"] == fitter)]
            values = here[measure.column].dropna().to_numpy(float)
            if len(values):
                scores[measure.title] = score(measure, values)
        mark = marks.join(own["mark"])
        yield {
            "dataset": str(dataset),
            "fitter": str(fitter),
            "signs": marks.signs(mark),
            "reference": bool((own["reference"] != "").any()),
            "seeds": len(own),
            "scores": scores,
        }


def score(measure: Measure, values: Any) -> dict[str, Any]:
    """Mean over seeds, its standard error where there are several, and how it is written."""
    mean = float(values.mean())
    error = float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
    text = measure.show(mean) + (f" ± {measure.show(error)}" if error is not None else "")
    return {"mean": mean, "error": error, "text": text}


def _over_all(tables: Mapping[str, pd.DataFrame], measure: Measure) -> pd.DataFrame:
    frame = tables.get(measure.table)
    if frame is None or measure.column not in frame:
        return pd.DataFrame({"dataset": [], "fitter": [], measure.column: []})
    for label in ("geo", "channel"):
        if label in frame:
            frame = frame[frame[label] == ALL]
    if "part" in frame:
        frame = frame[frame["part"] == "media"]
    return frame
