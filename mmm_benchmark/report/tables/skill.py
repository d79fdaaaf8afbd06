"""How a fit compares with the best the data allow, and with a plain constant-coefficient fit."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from mmm_benchmark.metrics.arrays import ratio
from mmm_benchmark.schema import REFERENCE_KIND
from mmm_benchmark.scoring.marks import failed_checks
from mmm_benchmark.scoring.scorable import ScorableFit

#: The reference that knows the generating family.
ORACLE = "oracle"
#: The baseline: least squares with constant coefficients, a point estimate.
CONSTANT = "scipy"


def accepted_as_reference(fit: ScorableFit) -> bool:
    """Say whether an oracle's own checks allow it to stand for the limit of the data.

    It must be the posterior under the very law the world was drawn from: under a wide prior of
    its own it is one more method, which others may beat. No recorded check means that nobody
    looked, so it is refused too.
    """
    checks = fit.record.get("checks") or {}
    return fit.ok and bool(checks.get(REFERENCE_KIND)) and not failed_checks(fit)


def add_skill(
    frame: pd.DataFrame, labels: list[str], data: pd.Series, refused: Collection[str]
) -> None:
    """Fill ``skill_vs_oracle`` and ``skill_vs_constant``, in place.

    Each is the reference's CRPS over the fit's own on the same row of the same data: 1 is as good
    as the reference, 0.5 twice its error. They are empty where there is no such reference row.

    Parameters
    ----------
    frame
        A recovery table with a ``crps`` column.
    labels
        The columns that name a row within one fit.
    data
        Which data each row was fitted to; a name and a seed alone could be those of others.
    refused
        ``fit`` of the oracles whose checks failed.
    """
    own = frame.assign(data=data.to_numpy())
    where = ["data", *labels]
    for column, fitter in (("skill_vs_oracle", ORACLE), ("skill_vs_constant", CONSTANT)):
        usable = (own["fitter"] == fitter) & ~own["fit"].isin(list(refused))
        reference = own.loc[usable, [*where, "crps"]].drop_duplicates(where)
        matched = own[where].merge(reference, on=where, how="left")["crps"].to_numpy(float)
        # empty for a score of exactly zero
        frame[column] = ratio(matched, own["crps"].to_numpy(float))
