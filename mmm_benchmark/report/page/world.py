"""What the page shows of one dataset: returns, contributions, curves, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmm_benchmark.metrics.calibration import LEVELS
from mmm_benchmark.report.page import charts
from mmm_benchmark.report.page.plan import plan_section
from mmm_benchmark.report.plots.gather import TOGETHER, Band, View, view
from mmm_benchmark.report.plots.style import look
from mmm_benchmark.report.tables.views import plain
from mmm_benchmark.report.verdict.agreement import agreement
from mmm_benchmark.scoring.roas import true_roas
from mmm_benchmark.scoring.scorable import ScorableDataset, ScorableFit
from mmm_benchmark.scoring.series import ALL

#: More lines or panels than these are no picture; the tables have the rest.
MODELS, CHANNELS = 8, 12

type Scored = tuple[ScorableFit, ScorableDataset]


def section(
    label: str, fits: Sequence[Scored], tables: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """Everything the template needs for one dataset whose fits succeeded."""
    keys = {fit.key[:8] for fit, _ in fits}
    own = {
        name: frame[frame["fit"].astype(str).str[:8].isin(keys)]
        for name, frame in tables.items()
        if "fit" in frame
    }
    order = ranked(own, [fit.job["fitter"] for fit, _ in fits])
    chosen = order[:MODELS]
    dataset, named = fits[0][1], fits[0][0].job["dataset"]
    spend = dataset.observed["spend"].sum(("geo", "date")).values
    largest = sorted(np.argsort(-spend)[:CHANNELS].tolist())
    views = {
        fit.job["fitter"]: view(fit, dataset) for fit, _ in fits if fit.job["fitter"] in chosen
    }
    seen = {model: views[model] for model in chosen if model in views}
    returns = roas_rows(dataset, own["estimates"], chosen)
    names = [str(dataset.observed["channel"].values[i]) for i in largest]
    left = [
        *order[MODELS:],
        *([f"{len(spend) - CHANNELS} smaller channels"] if len(spend) > CHANNELS else []),
    ]
    return {
        "label": label,
        "models": [{"name": model, "colour": look(model).colour} for model in seen],
        "truth": dataset.truth is not None,
        "roas": charts.roas(returns[returns["channel"].isin(names)]),
        "returns": return_table(returns),
        "agreement": disagreements(own["estimates"]),
        "contributions": [
            (names[k], charts.path(contribution_rows(dataset, seen, i), list(seen), "", "T", ""))
            for k, i in enumerate(largest)
        ],
        "curves": [
            (
                names[k],
                charts.path(
                    curve_rows(dataset, seen, i), list(seen), "spend, times today's", "Q", ""
                ),
            )
            for k, i in enumerate(largest)
        ],
        "calibration": calibration_chart(own["contribution_recovery"], chosen),
        "sales_calibration": None
        if dataset.truth is not None
        else calibration_chart(own["performance_metrics"], chosen),
        "plan": plan_section(tables, named["name"], named.get("seed")),
        "left": left,
    }


def ranked(own: Mapping[str, pd.DataFrame], fitters: list[str]) -> list[str]:
    """Nearest to the truth first where it is known, else in the order of the run."""
    frame = own["contribution_recovery"]
    frame = frame[(frame["geo"] == ALL) & (frame["channel"] == ALL)].dropna(subset="crps")
    known = list(frame.sort_values("crps")["fitter"])
    return list(dict.fromkeys([*known, *fitters]))


def roas_rows(dataset: ScorableDataset, estimates: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    """Rows for :func:`~mmm_benchmark.report.page.charts.roas`."""
    rows = estimates[estimates["fitter"].isin(models) & (estimates["channel"] != ALL)]
    rows = rows.rename(columns={"fitter": "model", "roas_q05": "low", "roas_q95": "high"})
    rows = rows[["channel", "model", "roas", "low", "high"]].dropna(subset="roas")
    if dataset.truth is None or not {"roas", "contribution"} & set(dataset.truth.data_vars):
        return rows
    spend = dataset.observed["spend"].sum(("geo", "date")).values
    channels = [str(channel) for channel in dataset.observed["channel"].values]
    truth = pd.DataFrame(
        {"channel": channels, "model": charts.TRUTH, "roas": true_roas(dataset.truth, spend)}
    )
    return pd.concat([rows, truth], ignore_index=True)


def return_table(rows: pd.DataFrame) -> dict[str, Any]:
    """The same figures as text, for who reads rather than looks."""
    models = list(dict.fromkeys(rows["model"]))
    cells = {(row["channel"], row["model"]): _written(row) for row in rows.to_dict("records")}
    channels = list(dict.fromkeys(rows["channel"]))
    return {
        "models": models,
        "rows": [
            (channel, [cells.get((channel, model), "–") for model in models])
            for channel in channels
        ],
    }


def _written(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["low"]):
        return plain(row["roas"])
    return f"{plain(row['roas'])} ({plain(row['low'])} to {plain(row['high'])})"


def contribution_rows(
    dataset: ScorableDataset, views: Mapping[str, View], channel: int
) -> pd.DataFrame:
    """One channel's contribution by week, over all geos, by model and true."""
    weeks = pd.DatetimeIndex(dataset.observed["date"].values).strftime("%Y-%m-%d")
    frames = [
        _frame(weeks, model, _together(seen.contribution), channel) for model, seen in views.items()
    ]
    if dataset.truth is not None and "contribution" in dataset.truth:
        true = dataset.truth["contribution"].sum("geo").values[:, channel]
        frames.append(pd.DataFrame({"x": weeks, "model": charts.TRUTH, "mean": true}))
    return pd.concat(frames, ignore_index=True)


def curve_rows(dataset: ScorableDataset, views: Mapping[str, View], channel: int) -> pd.DataFrame:
    """One channel's response curve by spend multiplier, by model and true."""
    from mmm_benchmark.schema import SPEND_MULTIPLIERS

    frames = [
        _frame(SPEND_MULTIPLIERS, model, seen.curve, channel)
        for model, seen in views.items()
        if seen.curve is not None
    ]
    if dataset.truth is not None and "response_curve" in dataset.truth:
        true = dataset.truth["response_curve"]
        x = true["spend_multiplier"].values
        frames.append(pd.DataFrame({"x": x, "model": charts.TRUTH, "mean": true.values[channel]}))
    return pd.concat(frames, ignore_index=True)


def _together(bands: Mapping[str, Band]) -> Band:
    return bands[TOGETHER] if TOGETHER in bands else next(iter(bands.values()))


def _frame(x: Any, model: str, band: Band, channel: int) -> pd.DataFrame:
    frame = pd.DataFrame({"x": list(x), "model": model, "mean": band.mean[channel]})
    if band.low is not None and band.high is not None:
        frame["low"], frame["high"] = band.low[channel], band.high[channel]
    return frame


def calibration_chart(recovery: pd.DataFrame, models: list[str]) -> dict[str, Any] | None:
    """Coverage at every level, of contributions or of sales; None where there is none."""
    rows = recovery[recovery["geo"] == ALL]
    rows = rows[rows["channel"] == ALL] if "channel" in rows else rows
    rows = rows[rows["fitter"].isin(models)]
    long = pd.DataFrame(
        [
            {"model": row["fitter"], "level": level, "held": row[f"coverage_{round(100 * level)}"]}
            for row in rows.to_dict("records")
            for level in LEVELS
        ],
        columns=["model", "level", "held"],
    ).dropna()
    return None if long.empty else charts.calibration(long, list(dict.fromkeys(long["model"])))


def disagreements(estimates: pd.DataFrame) -> list[str]:
    """Channels on which models differ by more than their intervals allow."""
    found = agreement(estimates)
    found = found[(found["agree"] == "no") & (found["channel"] != ALL)]
    return [
        f"{row['channel']}: {plain(row['lowest'])} ({row['lowest_by']}) to "
        f"{plain(row['highest'])} ({row['highest_by']})"
        for row in found.to_dict("records")
    ]
