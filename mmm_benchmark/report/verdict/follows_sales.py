"""Which channels' spend follows sales: where models go wrong together, and fit well."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mmm_benchmark.report.verdict.own_words import listed
from mmm_data_generator.dataset.overview import FOLLOWS


def follows_sales(estimates: pd.DataFrame) -> Iterator[str]:
    """A sentence that names such channels, from the rows of one dataset's channels; or none."""
    known = estimates.drop_duplicates("channel")
    found = known[known["spend_with_sales"] > FOLLOWS]
    if found.empty:
        return
    named = [
        f"{row['channel']} ({row['spend_with_sales']:.2f})" for row in found.to_dict("records")
    ]
    if len(named) == 1:
        yield (
            f"Spend on {found['channel'].iloc[0]} follows sales (correlation "
            f"{found['spend_with_sales'].iloc[0]:.2f}): what the models credit to it may be demand "
            "it did not cause."
        )
    else:
        yield (
            f"Spend on {listed(named)} follows sales (correlation in "
            "brackets): what the models credit to them may be demand they did not cause."
        )
