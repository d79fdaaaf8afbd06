"""What a fault did: survived, or what was lost, wrongly accepted, or shown to a user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

#: One kind of fault: ``try_(rng, place)`` tries it once in an empty folder; yields what was wrong.
Fault = Callable[[Random, Path], Iterator["Wrong"]]


@dataclass(frozen=True)
class Wrong:
    """One thing that did not hold. ``kind`` is one of KINDS."""

    kind: str
    what: str


KINDS = {
    "lost": "a finished fit is gone",
    "accepted": "a wrong result was taken for right",
    "traceback": "a user was shown a traceback",
    "left": "a process outlived its fit",
    "blocked": "the next run could not put it right",
}


@dataclass
class Tally:
    """Counts for one kind of fault."""

    name: str
    tried: int = 0
    survived: int = 0
    wrong: list[Wrong] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """How often that went wrong."""
        return sum(each.kind == kind for each in self.wrong)

    def add(self, found: list[Wrong]) -> None:
        """Take note of one trial."""
        self.tried += 1
        self.survived += not found
        self.wrong += found


def table(tallies: list[Tally]) -> str:
    """The figures, as the table of ``docs/faults.md``."""
    head = ["fault", "tried", "survived", "fits lost", "wrong results accepted",
            "tracebacks shown", "processes left", "not put right"]  # fmt: skip
    rows = [
        [each.name, each.tried, each.survived, *(each.count(kind) for kind in KINDS)]
        for each in tallies
    ]
    rows.append(["**all**", *(sum(row[i] for row in rows) for i in range(1, len(head)))])
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in lines)
