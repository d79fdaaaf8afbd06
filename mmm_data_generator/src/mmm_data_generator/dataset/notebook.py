"""A dataset in a notebook: its sizes, and a line for each channel."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def channel_table(observed: xr.Dataset, truth: xr.Dataset | None) -> pd.DataFrame:
    """Spend by channel, its share, the share of periods with spend, and the true ROAS if known."""
    import pandas as pd

    spend = observed["spend"].sum("geo").transpose("date", "channel").values
    total = spend.sum(axis=0)
    table = pd.DataFrame(
        {
            "spend": [f"{money:,.0f}" for money in total],
            "share of spend": [f"{part:.0%}" for part in total / max(total.sum(), 1e-300)],
            "periods with spend": [f"{part:.0%}" for part in (spend > 0).mean(axis=0)],
        },
        index=[str(channel) for channel in observed["channel"].values],
    )
    if truth is not None and "roas" in truth:
        roas = np.asarray(truth["roas"].values, dtype=float)
        table["true ROAS"] = ["–" if np.isnan(each) else f"{each:.2f}" for each in roas]
    return table


def html(headline: str, observed: xr.Dataset, truth: xr.Dataset | None) -> str:
    """The headline and the channels, as the notebook's own style shows tables."""
    dates = np.datetime_as_string(observed["date"].values, unit="D")
    sales = float(observed["sales"].sum())
    return (
        f"<p><code>{escape(headline)}</code><br>{dates[0]} to {dates[-1]}, sales {sales:,.0f}</p>"
        + channel_table(observed, truth).to_html(escape=True)
    )
