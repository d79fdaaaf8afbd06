"""Experiments as the libraries' own interfaces take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Tests as the generator's frame, with totals over each test beside what is per week."""
    import pandas as pd

    frame = pd.DataFrame(list(rows))
    for name in ("date", "end_date"):
        frame[name] = pd.to_datetime(frame[name])
    totals = {"spend_change": "delta_x", "lift": "delta_y", "lift_se": "sigma"}
    return frame.assign(**{name: frame[each] * frame["weeks"] for name, each in totals.items()})
