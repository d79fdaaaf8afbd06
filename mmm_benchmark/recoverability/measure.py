"""How near an answer is to the truth of its simulated world, channel by channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from mmm_benchmark.recoverability.answers import Answer
from mmm_benchmark.recoverability.history import Array
from mmm_benchmark.recoverability.lift import Belief
from mmm_benchmark.recoverability.worlds import Drawn
from mmm_benchmark.schema import SPEND_MULTIPLIERS
from mmm_benchmark.scoring.decision import decision_rows
from mmm_benchmark.scoring.market import Market

#: A return is found where the estimate is within this factor of it.
FACTOR = 1.5
FARTHEST = float(np.log(10.0))  # an error beyond a factor of ten counts as ten


def log_error(estimate: Array, truth: Array) -> Array:
    """Size of the error in logs, at most :data:`FARTHEST`."""
    ratio = np.maximum(estimate, 1e-12) / np.maximum(truth, 1e-12)
    return np.minimum(np.abs(np.log(ratio)), FARTHEST)


def channel_rows(
    drawn: Drawn, answer: Answer, fitter: str, prior: Array, channels: tuple[str, ...]
) -> list[dict[str, Any]]:
    """One row a channel: truth, estimate, interval, error, and how much narrower than before.

    Parameters
    ----------
    prior
        Draws of returns over total sales, (draw, channel): what was known before.
    """
    truth, mark = drawn.roas, np.median(answer.roas, 0)
    low, high = np.quantile(answer.roas, (0.05, 0.95), axis=0)
    before_low, before, before_high = np.quantile(prior, (0.05, 0.5, 0.95), axis=0)
    width = np.log(np.maximum(high, 1e-12) / np.maximum(low, 1e-12))
    many = len(answer.roas) > 1
    total = float(drawn.dataset.observed["sales"].sum())
    error, guess = log_error(mark, truth), log_error(before * total, truth)
    return [
        {
            "world": drawn.law.place,
            "hidden": bool(drawn.followers),
            "followed": channel in drawn.followers,
            "fitter": fitter,
            "channel": channel,
            "true_roas": truth[j],
            "roas": mark[j],
            "roas_q05": low[j] if many else np.nan,
            "roas_q95": high[j] if many else np.nan,
            "log_error": error[j],
            "found": float(error[j] <= np.log(FACTOR)),
            "over": float(np.log(max(mark[j], 1e-12) / max(truth[j], 1e-12))),
            "guess_log_error": guess[j],
            "covered": float(low[j] <= truth[j] <= high[j]) if many else np.nan,
            "log_width": width[j] if many else np.nan,
            "narrower": 1 - width[j] / np.log(before_high[j] / before_low[j]) if many else np.nan,
        }
        for j, channel in enumerate(channels)
    ]


def world_row(drawn: Drawn, answer: Answer, fitter: str) -> dict[str, Any]:
    """What holds for a world as a whole: the best channel's name, and what the plan earns."""
    observed = drawn.dataset.observed
    curves = xr.Dataset(
        {
            "response_curve": (
                ("chain", "draw", "channel", "spend_multiplier"),
                answer.response_curve[None],
            )
        },
        coords={
            "channel": observed["channel"].values,
            "spend_multiplier": np.array(SPEND_MULTIPLIERS),
        },
    )
    plan = decision_rows(curves, observed, Market(drawn.dataset))[-1]
    sales = float(observed["sales"].sum())
    mark = np.median(answer.roas, 0)
    return {
        "world": drawn.law.place,
        "hidden": bool(drawn.followers),
        "fitter": fitter,
        "r2": answer.r2,
        "named_best": float(mark.argmax() == drawn.roas.argmax()),
        "gain": plan["money_gained"] / sales,
        "gain_possible": plan["best_gain"] / sales,
        "gain_promised": plan["promised_gain"] / sales,
        "loses_money": plan["loses_money"],
    }


def channel_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over worlds by fitter and channel, with the standard error of the share found."""
    found = rows.groupby(["fitter", "channel"], sort=False)
    table = found.agg(
        worlds=("world", "size"),
        found=("found", "mean"),
        error_factor=("log_error", lambda x: float(np.exp(x.median()))),
        guess_factor=("guess_log_error", lambda x: float(np.exp(x.median()))),
        narrower=("narrower", "mean"),
        width_factor=("log_width", lambda x: float(np.exp(x.median()))),
        coverage_90=("covered", "mean"),
    )
    low, high = wilson(table["found"].to_numpy(), table["worlds"].to_numpy())
    table["found_low"], table["found_high"] = low, high
    for name, chosen in (("calm", ~rows["hidden"]), ("hidden", rows["followed"])):
        own = rows[chosen].groupby(["fitter", "channel"], sort=False)
        table[f"found_{name}"] = own["found"].mean()
        table[f"over_factor_{name}"] = np.exp(own["over"].median())
    return table.reset_index()


def wilson(share: Array, n: Array, z: float = 1.6449) -> tuple[Array, Array]:
    """Ends of the 90% interval of a share of ``n`` (Wilson 1927)."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return middle - reach, middle + reach


def belief_rows(
    drawn: Drawn, belief: Belief, channels: tuple[str, ...], truth: Array
) -> pd.DataFrame:
    """Error of each channel's return under a belief; columns ``channel``, ``log_error``, ..."""
    error = log_error(belief.roas, truth)
    return pd.DataFrame(
        {
            "world": drawn.law.place,
            "channel": channels,
            "log_error": error,
            "found": (error <= np.log(FACTOR)).astype(float),
        }
    )
