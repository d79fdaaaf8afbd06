"""The one table to see first: how near each fit is to the truth, or, unknown, what each says."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from mmm_benchmark.report.tables.estimates_view import cell
from mmm_benchmark.report.tables.views import (
    Format,
    dataset_label,
    fine,
    percent,
    plain,
    points,
    seconds,
)
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.series import ALL

#: (table, its rows, column, heading, format), in the order of the columns.
SHOWN: tuple[tuple[str, dict[str, str], str, str, Format], ...] = (
    ("total_recovery", {"part": "media"}, "error", "total media, points", points),
    ("roas_recovery", {"channel": ALL}, "roas_error", "ROAS error", percent),
    ("roas_recovery", {"channel": ALL}, "roas_covered_90", "90% hold", percent),
    ("decision_recovery", {"channel": ALL}, "gain_share", "gain kept", plain),
    ("contribution_recovery", {"geo": ALL, "channel": ALL}, "crps", "weekly CRPS", fine),
    ("runtime_comparison", {}, "total_s", "seconds", seconds),
)
WHO = ["dataset", "seed", "fitter", "fit"]


def key_tables(tables: Mapping[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """At most two frames of text: recovery by fit, and returns where no truth is known.

    Parameters
    ----------
    tables
        Frames by name, as ``write_tables`` returns them.
    """
    scored = tables["contribution_recovery"]
    known = set(scored.loc[scored["crps"].notna(), "dataset"])
    return [
        frame
        for frame in (_recovery(tables, known), _returns(tables["estimates"], known))
        if not frame.empty
    ]


def _recovery(tables: Mapping[str, pd.DataFrame], known: set[str]) -> pd.DataFrame:
    runs = tables["runtime_comparison"]
    status = tables["failures"].set_index(WHO[:1] + WHO[2:])["status"].to_dict()
    lines: dict[tuple[Any, ...], list[str]] = {
        _identity(row): []
        for row in runs.to_dict("records")
        if row["dataset"] in known or (row["dataset"], row["fitter"], row["fit"]) in status
    }
    for name, where, column, _, show in SHOWN:
        frame = tables[name].dropna(subset=column)
        for label, wanted in where.items():
            frame = frame[frame[label] == wanted]
        cells = {_identity(row): show(row[column]) for row in frame.to_dict("records")}
        for identity, line in lines.items():
            line.append(cells.get(identity, "–"))
    for (dataset, _, fitter, fit), line in lines.items():
        if (dataset, fitter, fit) in status:
            line[:] = [str(status[dataset, fitter, fit]), *[""] * (len(SHOWN) - 1)]
    names = [_name(row) for row in runs.to_dict("records") if _identity(row) in lines]
    headings = [heading for _, _, _, heading, _ in SHOWN]
    return pd.DataFrame(list(lines.values()), columns=headings, index=names)


def _returns(estimates: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    rows = estimates[~estimates["dataset"].isin(known) & estimates["roas"].notna()]
    cells: dict[str, dict[str, str]] = {}
    for row in rows.to_dict("records"):
        channel = "all media" if row["channel"] == ALL else str(row["channel"])
        line = cells.setdefault(f"{dataset_label(row)}: ROAS of {channel}", {})
        line[f"{row['fitter']}{marks.signs(str(row['mark']))}"] = cell(row)
    return pd.DataFrame.from_dict(cells, orient="index").fillna("–")


def _identity(row: Mapping[Hashable, Any]) -> tuple[Any, ...]:
    seed = row["seed"]
    return (row["dataset"], None if pd.isna(seed) else seed, row["fitter"], row["fit"])


def _name(row: Mapping[Hashable, Any]) -> str:
    return f"{dataset_label(row)} / {row['fitter']}{marks.signs(str(row['mark']))}"
