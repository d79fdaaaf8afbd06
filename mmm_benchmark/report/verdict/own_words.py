"""What answers say of themselves, for the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from mmm_benchmark.metrics.self_check import BEGINS, NAMES


def own_words(diagnostics: pd.DataFrame) -> Iterator[str]:
    """A sentence for each judgement of fitters of themselves, from ``diagnostics_summary``.

    Over several worlds: how often it said what. Fitters that say the same share a sentence.
    """
    judged = diagnostics[diagnostics["self_check"].notna()]
    said: dict[str, list[str]] = {}
    for fitter, own in judged.groupby("fitter", sort=False):
        said.setdefault(_said(own), []).append(str(fitter))
    for what, fitters in said.items():
        many = len(fitters) > 1
        yield f"{listed(fitters)} {'say of themselves' if many else 'says of itself'}: {what}."


def _said(own: pd.DataFrame) -> str:
    levels = own["self_check"].astype(int)
    if len(own) == 1:
        note, begin = str(own["note"].iloc[0]), BEGINS[levels.iloc[0]]
        return note[max(note.rfind(begin), 0) :]
    counts = [
        f"{name} on {number}"
        for level, name in enumerate(NAMES)
        if (number := int((levels == level).sum()))
    ]
    return f"{'; '.join(counts)} of {len(own)} worlds"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
