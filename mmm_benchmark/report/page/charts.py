"""The charts of the page, as Vega-Lite specifications made by Altair.

Text and axes take the page's own colour, so that one chart serves light, dark and print.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import altair as alt
import pandas as pd

from mmm_benchmark.report.page.board import Measure
from mmm_benchmark.report.plots.style import look

INK = "currentColor"
TRUTH = "truth"
ROWS = "rows"  # a chart's one table, by name
CHECKED = False  # whether charts are held against the schema of Vega-Lite: half of their time


def making() -> AbstractContextManager[None]:
    """Charts are made in this block, held against the schema or not."""
    from altair.utils.schemapi import debug_mode

    return debug_mode(CHECKED)


def finished(chart: Any, height: int | None) -> dict[str, Any]:
    """The specification with the page's look."""
    quiet = {"gridColor": INK, "gridOpacity": 0.12, "domainColor": INK, "tickColor": INK}
    sized = chart.properties(width="container", background="transparent")
    if height is not None:
        sized = sized.properties(height=height)
    text = {"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11}
    styled = (
        sized.configure(
            font="system-ui, sans-serif", autosize={"type": "fit", "contains": "padding"}
        )
        .configure_axis(**text, **quiet)
        .configure_view(stroke=None)
    )  # configure() comes first: it takes the place of all that was configured before
    # what is wrong in a chart is found by the tests, which have it checked against the schema
    return dict(styled.to_dict(validate=CHECKED))


def colours(fitters: list[str]) -> alt.Scale:
    """The colour that each fitter has in every picture of the suite; truth is the page's ink."""
    return alt.Scale(
        domain=[*fitters, TRUTH], range=[*(look(fitter).colour for fitter in fitters), INK]
    )


def scores(rows: list[dict[str, Any]], measures: list[Measure]) -> dict[str, Any]:
    """Means with their standard errors; the page sets ``dataset`` and ``measure``."""
    fitters = list(dict.fromkeys(row["fitter"] for row in rows))
    first = measures[0].title
    dataset = alt.param(name="dataset", value=rows[0]["dataset"])
    measure = alt.param(name="measure", value=first)
    base = (
        alt.Chart(inline(rows))
        .transform_filter("datum.dataset == dataset && datum.measure == measure")
        .encode(
            y=alt.Y("fitter:N", sort=alt.SortField("mean"), title=None),
            color=alt.Color("fitter:N", scale=colours(fitters), legend=None),
        )
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("mean:Q", title=None, scale=alt.Scale(zero=False, padding=8)),
        tooltip=["fitter:N", "text:N"],
    )
    errors = base.mark_rule(strokeWidth=1.6).encode(x="low:Q", x2="high:Q")
    return finished((errors + points).add_params(dataset, measure), 24 * len(fitters) + 30)


def roas(rows: pd.DataFrame) -> dict[str, Any]:
    """Return of each channel: truth where known, each model's mean and 90% interval.

    Parameters
    ----------
    rows
        Columns ``channel``, ``model``, ``roas``, ``low``, ``high``.
    """
    models = [model for model in dict.fromkeys(rows["model"]) if model != TRUTH]
    order = list(dict.fromkeys(rows["channel"]))
    base = alt.Chart(values(rows)).encode(
        y=alt.Y("channel:N", sort=order, title=None, axis=alt.Axis(labelLimit=150)),
        yOffset=alt.YOffset("model:N", sort=[*models, TRUTH]),
        color=alt.Color("model:N", scale=colours(models), legend=None),
        tooltip=["channel:N", "model:N", "roas:Q", "low:Q", "high:Q"],
    )
    chart = base.mark_rule(strokeWidth=1.6).encode(
        x=alt.X("low:Q", title="sales per unit of spend"), x2="high:Q"
    ) + base.mark_point(filled=True, size=45, opacity=1).encode(x="roas:Q")
    lines = len(models) + (TRUTH in set(rows["model"])) + 1
    return finished(chart, max(90, 11 * lines * len(order)) + 60)


def path(rows: pd.DataFrame, models: list[str], x: str, kind: str, title: str) -> dict[str, Any]:
    """Lines with 90% bands over weeks (``kind`` "T") or spend multipliers ("Q").

    Parameters
    ----------
    rows
        Columns ``x``, ``model``, ``mean``, ``low``, ``high``.
    """
    base = alt.Chart(alt.NamedData(ROWS)).encode(  # no copy of the rows for every step
        x=alt.X(f"x:{kind}", title=x),
        color=alt.Color("model:N", scale=colours(models), legend=None),
    )
    axis = alt.Axis(format="~s", tickCount=4)
    bands = base.mark_area(opacity=0.15).encode(
        y=alt.Y("low:Q", title=title, axis=axis), y2="high:Q"
    )
    lines = base.mark_line(strokeWidth=1.5).encode(
        y="mean:Q", tooltip=["model:N", alt.Tooltip(f"x:{kind}", title=x or "week"), "mean:Q"]
    )
    return finished(bands + lines, 150) | {"datasets": {ROWS: plain(rows)}}


def calibration(rows: pd.DataFrame, models: list[str]) -> dict[str, Any]:
    """Share of true values inside intervals of each level, beside what the level promises."""
    line = alt.Chart(inline([{"x": 0}, {"x": 1}])).mark_line(
        strokeDash=[4, 4], color=INK, opacity=0.5
    )
    diagonal = line.encode(x="x:Q", y="x:Q")
    percent = (alt.Tooltip("level:Q", format="%"), alt.Tooltip("held:Q", format=".0%"))
    axis = alt.Axis(format="%", values=[0, 0.5, 0.8, 0.9, 1])
    chart = alt.Chart(values(rows)).encode(
        x=alt.X("level:Q", title="interval", axis=axis),
        y=alt.Y("held:Q", title="holds the truth", axis=axis, scale=alt.Scale(domain=[0, 1])),
        color=alt.Color("model:N", scale=colours(models), legend=None),
        tooltip=["model:N", *percent],
    )
    return finished(diagonal + chart.mark_line(point=True), 240)


def values(rows: pd.DataFrame) -> alt.Data:
    """Rows as plain values, to four digits: what an eye can see, and a page that stays small."""
    return inline(plain(rows))


def plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The same as records; what is missing is left out."""
    return [
        {str(key): short(value) for key, value in record.items() if value == value}
        for record in rows.to_dict("records")
    ]


def short(value: Any) -> Any:
    """A number to four significant digits; anything else as it is."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def inline(records: list[dict[str, Any]]) -> alt.Data:
    """Records inside the specification: nothing is fetched."""
    return alt.Data(values=records)  # type: ignore[no-untyped-call]
