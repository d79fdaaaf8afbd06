"""``suite show``: the tasks of the suite, with the fingerprints of their data."""

from __future__ import annotations

from typing import Annotated

import typer


def show(
    edition: Annotated[str, typer.Argument(help="lite or full.")] = "full",
    version: Annotated[str, typer.Option("--version", help="Which suite.")] = "",
) -> None:
    """The tasks of a suite: cell, sizes and the fingerprint of what is observed."""
    from mmm_benchmark.commands.lines import aligned
    from mmm_benchmark.suite.tasks import VERSION, tasks

    version = version or VERSION
    table: list[tuple[str, ...]] = []
    table.append(
        ("TASK", "CELL", "EDITION", "GEOS", "WEEKS", "CHANNELS", "CONTROLS", "FINGERPRINT")
    )
    chosen = tasks(edition, version)
    for task in chosen:
        sizes = (task.geos, task.weeks, task.channels, task.controls)
        editions = "lite, full" if task.lite else "full"
        table.append((task.name, task.cell, editions, *map(str, sizes), task.fingerprint))
    print("\n".join(aligned(table)))
    print(f"\nsuite {version}, {edition}: {len(chosen)} tasks")
