"""Do models of the same data agree, as far as their intervals allow?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pandas as pd

from mmm_benchmark.scoring.series import ALL

COLUMNS = (
    *("dataset", "seed", "channel", "agree", "models"),
    *("lowest", "lowest_by", "highest", "highest_by"),
)
#: Means closer than this share of the larger one are no disagreement, however narrow the intervals.
CLOSE = 0.2


def agreement(estimates: pd.DataFrame) -> pd.DataFrame:
    """By dataset and channel, whether the fits' 90% intervals of ROAS meet.

    Parameters
    ----------
    estimates
        The ``estimates`` table.

    Returns
    -------
    pandas.DataFrame
        ``agree`` is "yes", "no", or "" where fewer than two fits have an interval; ``lowest`` and
        ``highest`` are the posterior means at the ends. Two models disagree when their intervals
        do not meet and their means differ by more than a fifth of the larger one. References do
        not take part.
    """
    rows = estimates[(estimates["reference"] == "") & estimates["roas"].notna()]
    rows = rows.drop_duplicates(["dataset", "seed", "channel", "fitter"], keep="last")
    return pd.DataFrame(list(_channels(rows)), columns=list(COLUMNS))


def _channels(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    groups = rows.groupby(["dataset", "seed", "channel"], sort=False, dropna=False)
    for (dataset, seed, channel), own in groups:
        ordered = own.sort_values("roas")
        low, high = ordered.iloc[0], ordered.iloc[-1]
        judges = own[own["roas_q05"].notna()].to_dict("records")
        apart = any(disagree(one, other) for one, other in combinations(judges, 2))
        yield {
            "dataset": dataset,
            "seed": seed,
            "channel": channel,
            "agree": "" if len(judges) < 2 else "no" if apart else "yes",
            "models": len(own),
            "lowest": low["roas"],
            "lowest_by": low["fitter"],
            "highest": high["roas"],
            "highest_by": high["fitter"],
        }


def disagree(one: dict[Any, Any], other: dict[Any, Any]) -> bool:
    """Whether two fits' intervals of ROAS do not meet, and their means differ in earnest."""
    low, high = sorted((one, other), key=lambda row: row["roas"])
    far = high["roas"] - low["roas"] > CLOSE * max(abs(high["roas"]), abs(low["roas"]))
    return bool(far and low["roas_q95"] < high["roas_q05"])


def channels_only(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the row over all channels."""
    return frame[frame["channel"] != ALL]
