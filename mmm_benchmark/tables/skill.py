"""How a fit compares with the best the data allow, and with a plain constant-coefficient fit."""

from __future__ import annotations

import pandas as pd

from mmm_benchmark.metrics.arrays import ratio
from mmm_benchmark.scoring.seams import ScorableFit

#: The reference that knows the generating family.
ORACLE = "oracle"
#: The baseline: least squares with constant coefficients, a point estimate.
CONSTANT = "scipy"


def accepted_as_reference(fit: ScorableFit) -> bool:
    """Say whether an oracle's own checks allow it to stand for the limit of the data.

    No recorded check means that nobody looked, so it is refused too.
    """
    checks = fit.record.get("checks") or {}
    return fit.ok and bool(checks) and all(checks.values())


def add_skill(frame: pd.DataFrame, labels: list[str], refused: set[tuple[object, ...]]) -> None:
    """Fill ``skill_vs_oracle`` and ``skill_vs_constant``, in place.

    Each is the reference's CRPS over the fit's own on the same row of the same dataset and seed:
    1 is as good as the reference, 0.5 twice its error. They are empty where there is no such
    reference row.

    Parameters
    ----------
    frame
        A recovery table with a ``crps`` column.
    labels
        The columns that name a row within one fit.
    refused
        ``(dataset, seed)`` of oracles whose checks failed.
    """
    where = ["dataset", "seed", *labels]
    for column, fitter in (("skill_vs_oracle", ORACLE), ("skill_vs_constant", CONSTANT)):
        reference = frame.loc[frame["fitter"] == fitter, [*where, "crps"]]
        reference = reference.drop_duplicates(where)
        if fitter == ORACLE and refused:
            pairs = pd.Series(zip(reference["dataset"], reference["seed"], strict=True))
            reference = reference[[pair not in refused for pair in pairs]]
        matched = frame[where].merge(reference, on=where, how="left")["crps"].to_numpy(float)
        own = frame["crps"].to_numpy(float)
        frame[column] = ratio(matched, own)  # empty for a score of exactly zero
