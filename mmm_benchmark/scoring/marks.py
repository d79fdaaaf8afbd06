"""What a reader must know of a fit before comparing it: a mark, in every table and picture.

A pure function of what is stored and of the registry, so that fits made before a mark existed
carry it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from mmm_benchmark.schema import REFERENCE_KIND

if TYPE_CHECKING:
    from mmm_benchmark.scoring.scorable import ScorableFit

REFERENCE: Final = "reference"
KNOWS: Final = "knows the generator"
TOLD: Final = "told"
UNCHECKED: Final = "checks failed"

#: Mark -> the sign that follows the fitter's name on screen and in pictures.
SIGNS: Final[dict[str, str]] = {REFERENCE: "*", KNOWS: "†", TOLD: "§", UNCHECKED: "!"}
#: Mark -> what the sign means, for the line under a table or a picture.
MEANINGS: Final[dict[str, str]] = {
    REFERENCE: "a reference: knows the generating family",
    KNOWS: "was made with knowledge of the generator",
    TOLD: "was told something beforehand: beliefs or experiments",
    UNCHECKED: "its own checks failed: R-hat, ESS, divergences or others",
}
#: A reference on fixed values, which no law draws: others may beat it, and do.
WIDE_PRIOR: Final = "a posterior under a wide prior, not a limit of the data"
#: The named prior that states the generator's own law, if only by its marginals.
GENERATORS_OWN: Final = "published"
#: Settings of a fitter that hold what it was told.
TOLD_BY: Final = ("beliefs", "experiments")


def failed_checks(fit: ScorableFit) -> list[str]:
    """Name the checks of its record that a fit did not pass; the oracle's kind is none of them."""
    checks = fit.record.get("checks") or {}
    return [name for name, met in checks.items() if not met and name != REFERENCE_KIND]


def reference(fit: ScorableFit) -> str:
    """What a reference knows, empty for all others; one under a prior of its own is called that."""
    exact = (fit.record.get("checks") or {}).get(REFERENCE_KIND)
    return WIDE_PRIOR if exact is False else str(fit.job.get("reference") or "")


def knows(fit: ScorableFit) -> str:
    """What the fitter knows of the generator, in a sentence; empty for an honest one."""
    settings: dict[str, Any] = fit.job.get("settings") or {}
    if not reference(fit) and settings.get("prior") == GENERATORS_OWN:
        return "its prior is made of the published law of the generator"
    return str(
        reference(fit) or _known().get((fit.job["fitter"], fit.job.get("library") or ""), "")
    )


def marks(fit: ScorableFit) -> tuple[str, ...]:
    """The marks of a fit, in the order of :data:`SIGNS`."""
    settings: dict[str, Any] = fit.job.get("settings") or {}
    holds = {
        REFERENCE: bool(fit.job.get("reference")),
        KNOWS: bool(knows(fit)) and not fit.job.get("reference"),
        TOLD: any(settings.get(name) is not None for name in TOLD_BY),
        UNCHECKED: bool(failed_checks(fit)),
    }
    return tuple(mark for mark in SIGNS if holds[mark])


def join(found: Iterable[str]) -> str:
    """Marks as one cell of a table, each once, in the order of :data:`SIGNS`.

    ``found`` may hold single marks and cells that this function wrote.
    """
    every = {mark for cell in found for mark in str(cell).split(", ")}
    return ", ".join(mark for mark in SIGNS if mark in every)


def signs(cell: str) -> str:
    """The signs of a cell that :func:`join` wrote, for example ``†!``."""
    return "".join(sign for mark, sign in SIGNS.items() if mark in str(cell).split(", "))


def meanings(cells: Iterable[str]) -> list[tuple[str, str]]:
    """Sign and meaning of every mark that occurs in these cells."""
    return [(SIGNS[mark], MEANINGS[mark]) for mark in join(cells).split(", ") if mark]


@cache
def _known() -> dict[tuple[str, str], str]:
    from mmm_benchmark.plan.registry import BUILT_IN

    return {(entry.name, entry.group): entry.knows for entry in BUILT_IN if entry.knows}
