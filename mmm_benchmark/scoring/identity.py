"""The columns that every table begins and ends with: which fit a row is of, and its marks."""

from __future__ import annotations

from mmm_benchmark.plan.jobs import SHORT_KEY
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.scorable import Row, ScorableFit


def identity(fit: ScorableFit) -> Row:
    """The columns every table begins with, and the marks that every table ends with."""
    dataset = fit.job["dataset"]
    return {
        "dataset": dataset["name"],
        "seed": dataset.get("seed"),
        "fitter": fit.job["fitter"],
        "fit": fit.key[:SHORT_KEY],
        "reference": marks.reference(fit),
        "knows": marks.knows(fit),
        "mark": marks.join(marks.marks(fit)),
    }
