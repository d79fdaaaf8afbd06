"""Writes the file of a suite's tasks: ``python -m mmm_benchmark.suite.freeze``.

Run once for a version: a later change of a task's data is a new version, never a new file. Seeds
follow from the order of the cells and from nothing that a fit has shown; they differ between
cells, which would else share what they do not move and count one draw of luck thirteen times.
Seeds from 9000 on are held out for whoever verifies.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from mmm_benchmark.suite.fingerprint import fingerprint
from mmm_benchmark.suite.tasks import VERSION

#: Cells of the suite and their families, in the order of tables.
CELLS = {
    "base": "published",
    "geo": "published_geo",
    "straight": "published_straight",
    "bent": "published_bent",
    "long": "published_long",
    "baseline": "published_baseline",
    "moving": "published_moving",
    "null": "published_null",
    "demand": "published_demand",
    "collinear": "published_collinear",
    "short": "published_short",
    "many": "published_many",
    "returns": "published_returns",
}
WORLDS = {"base": 6, "geo": 6}  # of the full edition; three of every other
COLUMNS = (
    *("cell", "family", "seed", "lite", "geos", "weeks", "channels", "controls"),
    "fingerprint",
)


def rows() -> list[dict[str, str]]:
    """Every task of the suite with its sizes and fingerprint, its data made anew."""
    from mmm_data_generator import generate_mmm_dataset

    made = []
    for place, (cell, family) in enumerate(CELLS.items()):
        for number in range(1, WORLDS.get(cell, 3) + 1):
            seed = 100 * place + number
            observed = generate_mmm_dataset(family, seed=seed).observed
            sizes = {f"{dim}s": str(observed.sizes[dim]) for dim in ("geo", "channel", "control")}
            made.append(
                {
                    "cell": cell,
                    "family": family,
                    "seed": str(seed),
                    "lite": str(int(number == 1)),
                    "weeks": str(observed.sizes["date"]),
                    "fingerprint": fingerprint(observed),
                    **sizes,
                }
            )
    return made


def main() -> int:
    """Write the file, unless there is one."""
    path = Path(__file__).with_name(f"{VERSION}.csv")
    if path.exists():
        print(f"error: {path} is there: a suite is frozen; name a new version", file=sys.stderr)
        return 2
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows())
    return 0


if __name__ == "__main__":
    sys.exit(main())
