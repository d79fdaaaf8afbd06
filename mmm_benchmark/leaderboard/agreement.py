"""Whether a refit agrees with a submission, within what seeds and platforms may change."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from mmm_benchmark.leaderboard.entry import Entry, Row

#: Two scores agree when they differ by less than ABSOLUTE + RELATIVE times the larger: draws of
#: another machine move a score by a few percent, another model by far more.
ABSOLUTE, RELATIVE = 0.02, 0.10
COMPARED = ("total_error", "roas_error", "roas_crps", "energy_score", "gain_share")


def sample(entry: Entry, n: int, seed: int) -> list[str]:
    """Tasks to refit: ``n`` of those that finished, at random."""
    finished = [name for name, row in entry.rows.items() if row.ok]
    return sorted(random.Random(seed).sample(finished, min(n, len(finished))))


def disagreements(entry: Entry, refitted: Sequence[Row]) -> list[str]:
    """One line for each score that differs by more than the tolerance, or each lost fit."""
    lines = []
    for row in refitted:
        if not row.ok:
            lines.append(f"{row.task}: the refit ended as {row.status} ({row.reason})")
            continue
        for name in COMPARED:
            submitted, here = entry.value(row.task, name), row.values[name]
            if math.isnan(submitted) and math.isnan(here):
                continue
            allowed = ABSOLUTE + RELATIVE * max(abs(submitted), abs(here))
            if math.isnan(submitted) != math.isnan(here) or abs(submitted - here) > allowed:
                lines.append(
                    f"{row.task}: {name} is {submitted:.4g} in the file and {here:.4g} here "
                    f"(allowed: {allowed:.2g} apart)"
                )
    return lines
