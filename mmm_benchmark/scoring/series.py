"""Scores of many series side by side, and how they become rows.

Rows labelled ``all`` pool series so that errors cannot cancel: each measure is the mean over its
series, of *absolute* values where the measure is signed; counts add up; coverage pools its points.
Errors that have a scale are pooled in their unit and set over the mean scale, the mean channel of
the world: a channel without any effect is in, and divides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmm_benchmark.metrics import calibration, predictive
from mmm_benchmark.metrics.arrays import FloatArray
from mmm_benchmark.scoring.scorable import Row

ALL = "all"

#: Measures with a sign: a row that pools series takes the mean of their sizes.
SIGNED = frozenset(
    {"bias", "level_error", "share_error", "roas_error", "marginal_roas_error", "error"}
)
#: Counts: a row that pools series adds them up.
SUMMED = frozenset({"mape_skipped"})


@dataclass
class SeriesScores:
    """Measures of ``n`` series, each named by its labels.

    Attributes
    ----------
    labels
        One mapping per series, for example ``{"geo": "geo_a", "channel": "TV"}``.
    measures
        By name, shape ``(n,)``.
    by_draw
        The same measures of every draw, shape ``(n, draws)``; empty unless asked for.
    scales
        For measures given in their unit, what each series is to be set over, ``(n,)``: a row of
        one series over its own, a pooled row over the mean of its series; where that is zero
        over the mean of the world.
    covered, counted
        Points inside the central interval of each level, and points that count, ``(n,)``.
    only_series
        Measures that mean nothing once pooled (a true value, an interval end).
    notes
        One sentence per series, or "".
    """

    labels: list[dict[str, str]]
    measures: dict[str, FloatArray]
    by_draw: dict[str, FloatArray] = field(default_factory=dict)
    scales: dict[str, FloatArray] = field(default_factory=dict)
    covered: dict[float, FloatArray] = field(default_factory=dict)
    counted: FloatArray | None = None
    only_series: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    def rows(self, keeping: Sequence[tuple[str, ...]]) -> list[Row]:
        """One row per series, then the pooled rows.

        Parameters
        ----------
        keeping
            For each kind of pooled row the labels it keeps; the others become ``all``. ``()``
            pools everything into one row.
        """
        single = [{**label, **self._pool(np.array([i]))} for i, label in enumerate(self.labels)]
        pooled = [row for kept in keeping for row in self._pooled_rows(kept)]
        return single + pooled

    def _pooled_rows(self, kept: tuple[str, ...]) -> list[Row]:
        groups: dict[tuple[str, ...], list[int]] = {}
        for i, label in enumerate(self.labels):
            groups.setdefault(tuple(label[name] for name in kept), []).append(i)
        names = list(self.labels[0]) if self.labels else []
        return [
            dict.fromkeys(names, ALL)
            | dict(zip(kept, group, strict=True))
            | self._pool(np.array(members), pooled=True)
            for group, members in groups.items()
        ]

    def _pool(self, members: FloatArray, pooled: bool = False) -> Row:
        row: Row = {}
        for name, values in self.measures.items():
            hidden = pooled and name in self.only_series
            over = self._scale(name, members)
            row[name] = float("nan") if hidden else pool(name, values[members], pooled) / over
            if name in self.by_draw:
                draws = pool_draws(name, self.by_draw[name][members], pooled) / over
                row |= spread(name, np.full_like(draws, np.nan) if hidden else draws)
        if self.counted is not None:
            counted = self.counted[members]
            for level, covered in self.covered.items():
                total = counted.sum()
                percent = round(100 * level)
                row[f"coverage_{percent}"] = covered[members].sum() / total if total else np.nan
                row[f"coverage_{percent}_se"] = calibration.coverage_standard_error(
                    covered[members], counted
                )
        row["note"] = merge_notes([self.notes[i] for i in members] if self.notes else [])
        return row

    def _scale(self, name: str, members: FloatArray) -> float:
        """What a row's measure is divided by; NaN in a world without any effect."""
        scales = self.scales.get(name)
        if scales is None:
            return 1.0
        own, world = scales[members].mean(), scales.mean()
        return float(own if own > 0 else world) or float("nan")


def pool(name: str, values: FloatArray, pooled: bool = True) -> float:
    """One figure for several series; series where the measure is undefined do not count."""
    values = np.asarray(values, np.float64)
    known = values[np.isfinite(values)]
    if known.size == 0:
        return float("nan")
    if name in SUMMED:
        return float(known.sum())
    if name == "durbin_watson" and pooled:
        return predictive.folded_durbin_watson(known)
    if name in SIGNED and pooled:
        known = np.abs(known)
    return float(known.mean())


def pool_draws(name: str, values: FloatArray, pooled: bool) -> FloatArray:
    """Like :func:`pool` for every draw: ``(series, draws)`` to ``(draws,)``."""
    known = values[np.isfinite(values).all(axis=1)]
    if known.shape[0] == 0:
        return np.full(values.shape[1], np.nan)
    if name == "durbin_watson" and pooled:
        return 2.0 - np.abs(known - 2.0).mean(axis=0)
    if name in SIGNED and pooled:
        known = np.abs(known)
    return known.mean(axis=0)


def spread(name: str, values: FloatArray) -> Row:
    """Mean, standard deviation and 5% and 95% quantiles over draws; one draw has no spread."""
    row = dict.fromkeys((f"{name}_mean", f"{name}_sd", f"{name}_q05", f"{name}_q95"), np.nan)
    if not np.isfinite(values).all():
        return row
    row[f"{name}_mean"] = float(values.mean())
    if values.size > 1:
        row[f"{name}_sd"] = float(values.std(ddof=1))
        row[f"{name}_q05"], row[f"{name}_q95"] = map(float, np.quantile(values, (0.05, 0.95)))
    return row


def merge_notes(notes: Sequence[str]) -> str:
    """Say each thing once, with how many series it concerns when not all."""
    counts = {note: notes.count(note) for note in dict.fromkeys(notes) if note}
    return "; ".join(
        note if count == len(notes) else f"{count} of {len(notes)} series: {note}"
        for note, count in counts.items()
    )
