"""New scores put beside those an entrant has: a suite run in pieces, on several machines."""

from __future__ import annotations

from typing import Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.leaderboard.entry import Entry, Row
from mmm_benchmark.leaderboard.submit import SAME
from mmm_benchmark.suite.tasks import tasks


def added(
    entry: Entry, metadata: dict[str, Any], rows: list[Row]
) -> tuple[dict[str, Any], list[Row]]:
    """The entry's rows and the new ones, in the order of the suite; of two of a task the new one.

    Parameters
    ----------
    entry
        What was submitted before.
    metadata, rows
        A new submission, as ``submission`` makes it.

    Raises
    ------
    UserError
        When the two were not made in one way: scores of two versions are no entrant.
    """
    for name in SAME:
        if (before := entry.metadata[name]) != (now := metadata[name]):
            raise UserError(
                f"{entry.name}: {name} was {before}, is {now}; "
                "scores made in two ways are not one entrant: submit without --add"
            )
    of_task = {**entry.rows, **{row.task: row for row in rows}}
    both = dict(metadata)
    both["fits"] = dict(sorted({**entry.metadata.get("fits", {}), **metadata["fits"]}.items()))
    if len(of_task) > len(tasks("lite")):
        both["command"] = metadata["command"].replace("--suite lite", "--suite full")
    if (before := entry.metadata["timing"]) != metadata["timing"]:
        both["timing"] = f"{metadata['timing']} Tasks submitted before: {before}"
    return both, [of_task[task.name] for task in tasks("full") if task.name in of_task]
