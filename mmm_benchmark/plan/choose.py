"""Which fitters a run means: names, libraries, files; every name checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from mmm_benchmark.environments.load import split_file_target
from mmm_benchmark.errors import UserError, unknown
from mmm_benchmark.plan.registry import BUILT_IN, FitterEntry

GROUP = "mmm_benchmark.fitters"


def registered() -> dict[str, FitterEntry]:
    """All fitters by name: the built-in ones, then those of other distributions.

    Raises
    ------
    UserError
        When a distribution registers a name that is already taken.
    """
    entries = {entry.name: entry for entry in BUILT_IN}
    for point in entry_points(group=GROUP):
        owner = point.dist.name if point.dist is not None else "unknown"
        if point.name in entries:
            raise UserError(f"distribution '{owner}' registers fitter '{point.name}' a second time")
        entries[point.name] = FitterEntry(
            name=point.name,
            target=point.value,
            group=owner,
            summary=f"from {owner}",
            packages=() if point.dist is None else (owner,),
        )
    return entries


def select(
    entries: Mapping[str, FitterEntry], samplers: Sequence[str], libraries: Sequence[str]
) -> list[FitterEntry]:
    """The entries meant by ``--samplers`` and ``--libraries``; the quick ones by neither.

    A library stands for all its fitters, unless some of them are named.
    """
    for name in samplers:
        if name not in entries:
            raise unknown("sampler", name, entries)
    known = {entry.group for entry in entries.values()}
    for library in libraries:
        if library not in known:
            raise unknown("library", library, known)
    if not samplers and not libraries:
        return [entry for entry in entries.values() if entry.quick]
    chosen = [entries[name] for name in dict.fromkeys(samplers)]
    for entry in chosen:
        if libraries and entry.group not in libraries:
            raise UserError(
                f"sampler '{entry.name}' is of library '{entry.group}', which --libraries "
                f"({', '.join(libraries)}) leaves out"
            )
    named = {entry.group for entry in chosen}
    return chosen + [
        entry for entry in entries.values() if entry.group in libraries and entry.group not in named
    ]


def file_entry(target: str, name: str, packages: Sequence[str]) -> FitterEntry:
    """The entry of a fitter given by file, once its name is known."""
    path, cls = split_file_target(target)
    absolute = str(path.expanduser().resolve()) + (f":{cls}" if cls else "")
    return FitterEntry(
        name=name,
        target=absolute,
        group="file",
        summary=f"from {Path(path).name}",
        packages=tuple(packages),
    )
