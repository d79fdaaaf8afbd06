"""What answers say of themselves, for the verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mmm_benchmark.metrics.self_check import BEGINS, NAMES


def own_words(diagnostics: pd.DataFrame) -> Iterator[str]:
    """A sentence for each fitter that judged itself, from its rows of ``diagnostics_summary``.

    Over several worlds: how often it said what.
    """
    judged = diagnostics[diagnostics["self_check"].notna()]
    for fitter, own in judged.groupby("fitter", sort=False):
        levels = own["self_check"].astype(int)
        if len(own) == 1:
            note, begin = str(own["note"].iloc[0]), BEGINS[levels.iloc[0]]
            yield f"{fitter} says of itself: {note[max(note.rfind(begin), 0) :]}."
            continue
        counts = [
            f"{name} on {number}"
            for level, name in enumerate(NAMES)
            if (number := int((levels == level).sum()))
        ]
        yield f"{fitter} says of itself: {'; '.join(counts)} of {len(own)} worlds."
