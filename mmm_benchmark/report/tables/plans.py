"""Plans on data whose truth nobody knows: ``plans.csv`` and ``plan_gains.csv``, over all fits."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mmm_benchmark.report.tables.columns import typed
from mmm_benchmark.scoring import Row, ScorableDataset, ScorableFit
from mmm_benchmark.scoring.plans import plan_tables
from mmm_benchmark.scoring.posterior import aligned

PLANS, GAINS = "plans", "plan_gains"
PLAN_TABLES: dict[str, tuple[str, ...]] = {
    PLANS: (
        *("dataset", "seed", "fitter", "channel", "spend", "multiplier", "planned"),
        *("expected_gain", "expected_share", "least_gain", "least_share", "least_by"),
        *("move_money", "note"),
    ),
    GAINS: (
        *("dataset", "seed", "fitter", "judge", "gain", "gain_q05", "gain_q95"),
        "share_of_sales",
    ),
}


def plans(fits: Sequence[tuple[ScorableFit, ScorableDataset]]) -> dict[str, pd.DataFrame]:
    """Both tables; where a truth is known it pays for plans instead (``decision_recovery``).

    References do not take part, and of several fits of one fitter to the same data the last does.
    """
    groups: dict[str, list[tuple[ScorableFit, ScorableDataset]]] = {}
    for fit, dataset in fits:
        if fit.ok and not fit.job.get("reference") and dataset.truth is None:
            groups.setdefault(fit.job["dataset"]["id"], []).append((fit, dataset))
    rows: dict[str, list[Row]] = {name: [] for name in PLAN_TABLES}
    for own in groups.values():
        observed, posteriors = own[0][1].observed, {}
        for fit, dataset in own:
            tree = fit.tree()
            try:
                posterior = tree["posterior"].to_dataset()[["response_curve"]].load()
            finally:
                tree.close()
            what = f"fit of '{fit.job['fitter']}' on '{dataset.name}'"
            posteriors[str(fit.job["fitter"])] = aligned(posterior, observed, what)
        named = own[0][0].job["dataset"]
        head = {"dataset": named["name"], "seed": named.get("seed")}
        for name, found in zip(PLAN_TABLES, plan_tables(posteriors, observed), strict=True):
            rows[name] += [head | row for row in found]
    return {
        name: typed(pd.DataFrame(rows[name], columns=list(columns)))
        for name, columns in PLAN_TABLES.items()
    }
