"""What is lost by acting on a fit: ``decision_recovery.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.metrics.arrays import FloatArray
from mmm_benchmark.metrics.budget import Curves, best_plan
from mmm_benchmark.scoring.contribution import ONE_DRAW
from mmm_benchmark.scoring.market import Market
from mmm_benchmark.scoring.posterior import flat_draws
from mmm_benchmark.scoring.scorable import Row
from mmm_benchmark.scoring.series import ALL

if TYPE_CHECKING:
    import xarray as xr

#: A planner who believes a fit acts on a gain that is at least this probable.
SURE = 0.9
#: A best gain below this share of sales is rounding: there is nothing to decide.
NOTHING = 1e-9
NO_GAIN = "no budget within reach earns more than today's"


def curves_of(posterior: xr.Dataset) -> tuple[Curves, Curves]:
    """Response curves of a posterior: their means, and every draw."""
    multipliers = posterior["spend_multiplier"].values
    draws = np.moveaxis(flat_draws(posterior["response_curve"]), -1, 1)  # channel, draw, multiplier
    return Curves(multipliers, draws.mean(axis=1)), Curves(multipliers, draws)


def planned_by(believed: Curves, spend: FloatArray) -> FloatArray:
    """The plan (channel,) that earns most on these curves at today's budget, within reach."""
    return best_plan(lambda m: float(believed(m).sum()), spend, slope=believed.slope)


def decision_rows(posterior: xr.Dataset, observed: xr.Dataset, market: Market) -> list[Row]:
    """One row per channel with its plan, then one over all with what the plan earns.

    The plan is the best on the posterior mean of the response curves, at today's budget, each
    channel within reach of today; the true world pays.
    """
    believed, drawn = curves_of(posterior)
    plan = planned_by(believed, market.spend)
    today = np.ones(len(plan))
    gains = (drawn(plan) - drawn(today)).sum(axis=0)  # draw
    many = gains.size > 1
    probability = float((gains > 0).mean()) if many else np.nan
    over_all: Row = {
        "promised_gain": float((believed(plan) - believed(today)).sum()),
        "probability_of_gain": probability,
        "says_do_not": float(probability < SURE) if many else np.nan,
    }
    notes = [] if many else [ONE_DRAW]
    best = np.full(len(plan), np.nan)
    if market.known:
        best, gain = market.best, market.gain(plan)
        most = max(market.best_gain, gain)
        worth = most > NOTHING * float(observed["sales"].sum())
        over_all |= {
            "money_gained": gain,
            "best_gain": most,
            "gain_share": gain / most if worth else np.nan,
            "loses_money": float(gain < 0),
        }
        notes += [market.note] + ([] if worth else [NO_GAIN])
    else:
        notes.append("true response is not known: the plan alone")
    labels = [str(channel) for channel in observed["channel"].values]
    rows: list[Row] = [
        {"channel": channel, "planned": own, "best": right, "note": ""}
        for channel, own, right in zip(labels, plan, best, strict=True)
    ]
    note = "; ".join(filter(None, notes))
    return [*rows, {"channel": ALL, **over_all, "note": note}]
