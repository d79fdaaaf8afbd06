"""The plan section of the page, for data whose truth nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmm_benchmark.report.tables.plans import GAINS, PLANS
from mmm_benchmark.report.tables.plans_view import moves, percent
from mmm_benchmark.scoring.series import ALL


def plan_section(
    tables: Mapping[str, pd.DataFrame], name: str, seed: int | None
) -> dict[str, Any] | None:
    """Each model's plan, and what every model says that it earns; None where there is none.

    Parameters
    ----------
    tables
        Frames by name; ``plans`` and ``plan_gains`` among them.
    name, seed
        The dataset.
    """
    own, gains = (_of(tables.get(table), name, seed) for table in (PLANS, GAINS))
    if own.empty:
        return None
    models = list(dict.fromkeys(own["fitter"]))
    cells = {(row["fitter"], row["judge"]): row for row in gains.to_dict("records")}
    rows = []
    for model in models:
        mine = own[own["fitter"] == model]
        whole = mine[mine["channel"] == ALL].iloc[0]
        rows.append(
            {
                "model": model,
                "moves": moves(mine),
                "gains": [percent(cells[model, judge]["share_of_sales"]) for judge in models],
                "loses": [bool(cells[model, judge]["gain"] < 0) for judge in models],
                "advice": str(whole["note"]),
                "refused": bool(whole["move_money"] == "no"),
            }
        )
    return {"models": models, "rows": rows}


def _of(frame: pd.DataFrame | None, name: str, seed: int | None) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame()
    same = frame["seed"].isna() if seed is None else frame["seed"] == seed
    return frame[(frame["dataset"] == name) & same]
