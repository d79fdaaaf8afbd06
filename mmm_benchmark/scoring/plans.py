"""Where no truth pays for a plan, the other models do: ``plans.csv`` and ``plan_gains.csv``.

Today's budget is planned on each model's mean response curves, each channel within 30%, as in
``decision_recovery``. Each plan's gain is then asked of every model of the same data, its own and
the others: models that disagree about a channel disagree about moving its money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics.arrays import FloatArray
from mmm_benchmark.metrics.budget import Curves
from mmm_benchmark.scoring.decision import curves_of, planned_by
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL
from mmm_data_generator.dataset.overview import FOLLOWS, spend_with_sales

if TYPE_CHECKING:
    import xarray as xr

#: A gain below this share of sales is no reason to move money.
NOTHING = 1e-4
#: A channel whose spend grows by more than this gets more.
MORE = 0.02
ADVICE = {
    "yes": "every model expects a gain from it",
    "no": "do not move money on this: another model expects a loss",
    "alone": "no other model to ask: one model alone cannot be checked",
    "nothing": "it expects next to nothing: leave the budget as it is",
}


def plan_tables(
    posteriors: Mapping[str, xr.Dataset], observed: xr.Dataset
) -> tuple[list[Row], list[Row]]:
    """Plans by fitter and channel, and what each plan earns under every model.

    Parameters
    ----------
    posteriors
        By fitter; ``response_curve (chain, draw, channel, spend_multiplier)`` in the order of
        the observed channels.
    observed
        The data they were fitted to.

    Returns
    -------
    plans
        ``fitter, channel, spend, multiplier, planned``, then a row over all with the gain that
        the plan's own model expects, the least gain under another, and ``move_money``.
    gains
        ``fitter, judge, gain, gain_q05, gain_q95, share_of_sales``: the plan of ``fitter`` on the
        curves of ``judge``; currency over the window.
    """
    spend = observed["spend"].sum(("geo", "date")).values
    sales = float(observed["sales"].sum())
    channels = [str(channel) for channel in observed["channel"].values]
    chases = spend_with_sales(observed) > FOLLOWS
    curves = {fitter: curves_of(posterior) for fitter, posterior in posteriors.items()}
    plans: list[Row] = []
    gains: list[Row] = []
    for fitter, (believed, _) in curves.items():
        plan = planned_by(believed, spend)
        earned = {judge: gain_rows(plan, *own) for judge, own in curves.items()}
        gains += [
            {"fitter": fitter, "judge": judge, **row, "share_of_sales": row["gain"] / sales}
            for judge, row in earned.items()
        ]
        plans += [
            {
                "fitter": fitter,
                "channel": channel,
                "spend": money,
                "multiplier": times,
                "planned": money * times,
            }
            for channel, money, times in zip(channels, spend, plan, strict=True)
        ]
        risky = [
            channel
            for channel, times, chasing in zip(channels, plan, chases, strict=True)
            if chasing and times > 1 + MORE
        ]
        plans.append({"fitter": fitter, "channel": ALL, "spend": spend.sum(),
                      "planned": float(spend @ plan),
                      **_said(fitter, earned, sales, risky)})  # fmt: skip
    return plans, gains


def gain_rows(plan: FloatArray, believed: Curves, drawn: Curves) -> dict[str, float]:
    """What a plan earns beyond today's on a model's curves: of their mean, and its 90% interval."""
    today = np.ones(len(plan))
    mean = float((believed(plan) - believed(today)).sum())
    each = (drawn(plan) - drawn(today)).sum(axis=0)  # draw
    low, high = np.quantile(each, (0.05, 0.95)) if each.size > 1 else (np.nan, np.nan)
    return {"gain": mean, "gain_q05": float(low), "gain_q95": float(high)}


def _said(
    fitter: str, earned: Mapping[str, Mapping[str, float]], sales: float, risky: Sequence[str]
) -> Row:
    own = earned[fitter]["gain"]
    others = {judge: row["gain"] for judge, row in earned.items() if judge != fitter}
    if own <= NOTHING * sales:
        advice = "nothing"
    elif not others:
        advice = "alone"
    else:
        advice = "no" if min(others.values()) < 0 else "yes"
    note = ADVICE[advice]
    if risky and advice == "yes":
        note += (
            f", but it puts more on {' and '.join(risky)}, where spend follows sales and all "
            "models may be wrong together"
        )
    worst = min(others, key=lambda judge: others[judge]) if others else ""
    return {
        "expected_gain": own,
        "expected_share": own / sales,
        "least_gain": others.get(worst, np.nan),
        "least_share": others.get(worst, np.nan) / sales,
        "least_by": worst,
        "move_money": advice,
        "note": note,
    }
