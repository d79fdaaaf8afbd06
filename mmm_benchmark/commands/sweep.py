"""``sweep``: what no stored fit or dataset needs any more, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmm_benchmark.commands.typed import ResultsOption


def sweep(
    results: ResultsOption = Path("results"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove leftovers: of runs that died, and of fits that were replaced in an object store."""
    from mmm_benchmark.store.place import called
    from mmm_benchmark.store.shelves import shelf_of

    found = shelf_of(results).sweep(remove=not dry_run)
    for name in found:
        print(name)
    verb = "would be removed" if dry_run else "removed"
    print(f"{len(found)} leftover{'s' * (len(found) != 1)} {verb} from {called(results)}")
