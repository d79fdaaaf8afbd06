"""One fit and its dataset, to the rows of every table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mmm_benchmark.scoring.coefficient import coefficient_rows
from mmm_benchmark.scoring.contribution import contribution_rows
from mmm_benchmark.scoring.decision import decision_rows
from mmm_benchmark.scoring.estimates import estimate_rows
from mmm_benchmark.scoring.holdout import holdout_rows
from mmm_benchmark.scoring.identity import identity
from mmm_benchmark.scoring.market import Market
from mmm_benchmark.scoring.parameter import parameter_rows
from mmm_benchmark.scoring.performance import performance_rows
from mmm_benchmark.scoring.posterior import aligned
from mmm_benchmark.scoring.prior_influence import prior_rows
from mmm_benchmark.scoring.records import diagnostics_row, ess_row, failure_row, runtime_row
from mmm_benchmark.scoring.roas import roas_rows
from mmm_benchmark.scoring.scorable import Row, ScorableDataset, ScorableFit, failure
from mmm_benchmark.scoring.series import ALL
from mmm_benchmark.scoring.silent import silent_rows
from mmm_benchmark.scoring.total import total_rows

if TYPE_CHECKING:
    import xarray as xr

#: Tables of scores, with the labels their rows carry.
SCORED: dict[str, tuple[str, ...]] = {
    "performance_metrics": ("geo",),
    "contribution_recovery": ("geo", "channel"),
    "coefficient_recovery": ("geo", "channel"),
    "parameter_recovery": ("geo", "channel", "parameter"),
    "roas_recovery": ("channel",),
    "total_recovery": ("part",),
    "decision_recovery": ("channel",),
    "holdout_accuracy": ("geo",),
    "prior_influence": ("channel",),
    "silent_failures": (),
    "estimates": ("channel",),
}
#: Labels that no row pools over.
UNPOOLED = frozenset({"parameter", "part"})
#: Tables read from the record alone, one row per fit.
RECORDED: dict[str, Callable[[ScorableFit], Row]] = {
    "runtime_comparison": runtime_row,
    "ess_comparison": ess_row,
    "diagnostics_summary": diagnostics_row,
}
TABLES = (*SCORED, *RECORDED, "failures")


def score_fit(
    fit: ScorableFit,
    dataset: ScorableDataset,
    bayesian: bool = False,
    market: Market | None = None,
) -> dict[str, list[Row]]:
    """Rows of every table for one fit.

    Parameters
    ----------
    fit
        A stored fit or a stored failure; a failure becomes one row with its reason everywhere.
    dataset
        The data it was fitted to; ``truth`` may be None or hold only part of the contract.
    bayesian
        Also compute every measure for each draw and add ``_mean``, ``_sd``, ``_q05``, ``_q95``.
    market
        The dataset's own, handed on from fit to fit, so that its best plan is sought only once.
    """
    head = identity(fit)
    if fit.ok:
        tree = fit.tree()
        try:
            rows = _scored(tree, fit, dataset, bayesian, market or Market(dataset))
        finally:
            tree.close()
    else:
        rows = {name: [_empty(labels, failure(fit))] for name, labels in SCORED.items()}
    rows |= {name: [make(fit)] for name, make in RECORDED.items()}
    rows["failures"] = [] if fit.ok else [failure_row(fit)]
    return {name: [head | row for row in rows[name]] for name in TABLES}


def _scored(
    tree: xr.DataTree,
    fit: ScorableFit,
    dataset: ScorableDataset,
    bayesian: bool,
    market: Market,
) -> dict[str, list[Row]]:
    observed, truth = dataset.observed, dataset.truth
    what = f"fit of '{fit.job['fitter']}' on '{dataset.name}'"
    posterior = aligned(tree["posterior"].to_dataset(), observed, what)
    predictive = None
    if "posterior_predictive" in tree.children:
        predictive = aligned(tree["posterior_predictive"].to_dataset(), observed, what)
    prior = None
    if "prior" in tree.children:
        prior = aligned(tree["prior"].to_dataset(), observed, what)
    forecast = None
    if "forecast" in tree.children:
        forecast = aligned(tree["forecast"].to_dataset(), observed, what)
    if truth is not None:
        truth = aligned(truth, observed, f"truth of '{dataset.name}'")

    def known(table: str, variable: str, rows: Callable[[xr.Dataset], list[Row]]) -> list[Row]:
        if truth is None or variable not in truth:
            return [_empty(SCORED[table], f"true {variable} is not known")]
        return rows(truth)

    def coefficients(truth: xr.Dataset) -> list[Row]:
        if "coefficient" not in posterior:
            return [_empty(SCORED["coefficient_recovery"], "the model has no coefficient path")]
        return coefficient_rows(posterior, truth, bayesian)

    roas = known(
        "roas_recovery",
        "contribution",
        lambda truth: roas_rows(posterior, observed, truth, bayesian),
    )
    moved = prior_rows(posterior, prior)
    return {
        "performance_metrics": performance_rows(posterior, predictive, observed, truth, bayesian),
        "contribution_recovery": known(
            "contribution_recovery",
            "contribution",
            lambda truth: contribution_rows(posterior, truth, bayesian),
        ),
        "coefficient_recovery": known("coefficient_recovery", "coefficient", coefficients),
        "parameter_recovery": parameter_rows(posterior, truth, bayesian),
        "roas_recovery": roas,
        "total_recovery": known(
            "total_recovery",
            "contribution",
            lambda truth: total_rows(posterior, observed, truth),
        ),
        "decision_recovery": decision_rows(posterior, observed, market),
        "holdout_accuracy": holdout_rows(forecast, truth),
        "prior_influence": moved,
        "silent_failures": silent_rows(fit, roas),
        "estimates": estimate_rows(posterior, observed, moved),
    }


def _empty(labels: tuple[str, ...], note: str) -> Row:
    """A row that carries a reason and no measure; it stands with the rows over all."""
    return {label: "" if label in UNPOOLED else ALL for label in labels} | {"note": note}
