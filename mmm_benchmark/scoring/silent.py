"""Would anybody have noticed? Fits whose own checks are green and that are wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmm_benchmark.metrics import self_check
from mmm_benchmark.scoring.marks import failed_checks
from mmm_benchmark.scoring.scorable import Row, ScorableFit
from mmm_benchmark.scoring.series import ALL

#: A fit is wrong when the ROAS error of half its channels passes the first, or of any the second,
MEDIAN_ERROR, WORST_ERROR = self_check.MEDIAN_ERROR, self_check.WORST_ERROR
#: or when its 90% intervals of ROAS hold less than this share of the truths.
LEAST_COVERAGE = 0.75

NO_CHECKS = "no checks of its own"


def silent_rows(fit: ScorableFit, roas: Sequence[Row]) -> list[Row]:
    """One row for a fit, from its record and its rows of ``roas_recovery``."""
    errors = np.abs([row.get("roas_error", np.nan) for row in roas if row["channel"] != ALL])
    errors = errors[np.isfinite(errors)]
    if errors.size == 0:
        return [{"note": "true ROAS is not known"}]
    coverage = next(row["roas_covered_90"] for row in roas if row["channel"] == ALL)
    median, worst = float(np.median(errors)), float(errors.max())
    wrong = median > MEDIAN_ERROR or worst > WORST_ERROR or coverage < LEAST_COVERAGE
    green = not failed_checks(fit)
    return [
        {
            "checks_green": float(green),
            "median_roas_error": median,
            "worst_roas_error": worst,
            "roas_covered_90": coverage,
            "wrong": float(wrong),
            "silent_failure": float(green and wrong),
            "note": "" if fit.record.get("checks") else NO_CHECKS,
        }
    ]
