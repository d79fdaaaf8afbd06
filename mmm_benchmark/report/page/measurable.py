"""What ``mmm-benchmark recoverability`` found, as a section of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt

from mmm_benchmark.report.page.charts import finished, inline
from mmm_benchmark.report.plots.style import GREEN, ORANGE, RED
from mmm_benchmark.store.plain_files import read_object

FOLDER, ANSWER = "recoverability", "answer.json"
TEST = "only with a lift test"
COLOURS = {"can be measured": GREEN, TEST: ORANGE, "cannot": RED}
OFTEN = 2 / 3  # of worlds: from here on a channel can be measured


def measurable(results: Path) -> list[dict[str, Any]]:
    """A section for each study kept under the results; what cannot be read is left out."""
    sections = []
    for path in sorted((results / FOLDER).glob(f"*/{ANSWER}")):
        try:
            found = read_object(path)
            sections.append(_section(found))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sections


def _section(found: dict[str, Any]) -> dict[str, Any]:
    tried = bool(found["remedies"])
    rows = [
        {
            "channel": str(row["channel"]),
            "verdict": str(row["verdict"]),
            "found": float(row["found"]),
            "low": float(row["found_low"]),
            "high": float(row["found_high"]),
            "tested": row["found_with_test"] if tried else None,
        }
        for row in found["channels"]
    ]
    return {
        "name": str(found["name"]),
        "sentences": [str(line) for line in found["sentences"]],
        "key": {name: COLOURS[name] for name in COLOURS if tried or name != TEST},
        "tried": tried,
        "chart": _chart(rows),
        "rows": [
            {
                "channel": str(row["channel"]),
                "verdict": str(row["verdict"]),
                "found": f"{100 * row['found']:.0f}% [{100 * row['found_low']:.0f}, "
                f"{100 * row['found_high']:.0f}]",
                "error": f"{row['error_factor']:.1f}",
                "guess": f"{row['guess_factor']:.1f}",
                "narrower": _percent(row["narrower"]),
                "coverage": _percent(row["coverage_90"]),
            }
            for row in found["channels"]
        ],
        "remedies": [
            {
                "text": str(row["remedy"]),
                "error": f"{row['error_before']:.2f} → {row['error_after']:.2f}",
                "own": f"{row['own_error_before']:.1f} → {row['own_error_after']:.1f}"
                if row["channel"]
                else "–",
                "gain": f"{row['gain']:.3f} ± {2 * (row['gain_se'] or 0):.3f}",
            }
            for row in found["remedies"]
        ],
    }


def _chart(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Share of worlds in which each return is found, alone and told a lift test."""
    order = [row["channel"] for row in rows]
    percent = alt.Axis(format="%", tickCount=5)
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y("channel:N", sort=order, title=None, axis=alt.Axis(labelLimit=150))
    )
    colour = alt.Color(
        "verdict:N",
        scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
        legend=None,  # the page's own key wraps where a legend would be cut off
    )
    x = alt.X(
        "found:Q",
        title="share of worlds",
        axis=percent,
        scale=alt.Scale(domain=[0, 1]),
    )
    bars = base.mark_rule(strokeWidth=1.6).encode(x="low:Q", x2="high:Q", color=colour)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=x, color=colour, tooltip=["channel:N", "verdict:N", alt.Tooltip("found:Q", format=".0%")]
    )
    told = (
        base.mark_point(shape="diamond", size=60, color="currentColor")
        .encode(x="tested:Q")
        .transform_filter("datum.tested !== null")
    )
    often = alt.Chart(inline([{"x": OFTEN}]))
    line = often.mark_rule(strokeDash=[4, 4], color="currentColor", opacity=0.5).encode(x="x:Q")
    return finished(bars + points + told + line, 26 * len(rows) + 70)


def _percent(share: Any) -> str:
    return "–" if share is None else f"{100 * float(share):.0f}%"
