"""``leaderboard``, ``submit`` and ``verify``: scores set side by side, made and checked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from mmm_benchmark.commands.typed import ResultsOption
from mmm_benchmark.errors import UserError
from mmm_benchmark.suite.tasks import VERSION

SHIPPED = Path("results") / f"suite-{VERSION}"


def leaderboard(
    directory: Annotated[Path, typer.Argument(help="The folder of everyone's scores.")] = SHIPPED,
    also: Annotated[
        list[Path] | None, typer.Option("--with", help="A table of scores from elsewhere.")
    ] = None,
    edition: Annotated[str, typer.Option(help="lite or full.")] = "lite",
    pool: Annotated[str, typer.Option(help="honest, told, references, or all of them.")] = "all",
    by: Annotated[
        str, typer.Option(help="Order by: energy_score, roas_crps, total_crps or regret.")
    ] = "energy_score",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The honest pool as a table of a README.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Also write CSV files here.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Also draw the first pool (PNG or SVG).")
    ] = None,
) -> None:
    """Everyone's scores on the suite: skill, ranks and wins with their intervals, no fit made."""
    from mmm_benchmark.leaderboard.board import board
    from mmm_benchmark.leaderboard.entry import POOLS, read_all, read_entry
    from mmm_benchmark.leaderboard.text import lines_of, markdown_of, write_csv
    from mmm_benchmark.suite.tasks import tasks

    chosen = tasks(edition)
    entries = read_all(directory) + [read_entry(path) for path in also or []]
    names = [entry.name for entry in entries]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"two tables are called '{twice}'; rename one")
    if markdown:
        print("\n".join(markdown_of(board(entries, chosen, "honest", by))))
        return
    pools = [each for each in POOLS if any(entry.pool == each for entry in entries)]
    boards = [board(entries, chosen, each, by) for each in (pools if pool == "all" else [pool])]
    print(f"suite {VERSION}, {edition} edition, {len(entries)} entrants\n")
    for each in boards:
        print("\n".join(lines_of(each)) + "\n")
        for path in write_csv(each, out) if out is not None else ():
            print(path)
    if picture is not None and boards:
        from mmm_benchmark.leaderboard.picture import draw

        draw(boards[0], picture)
        print(picture)


def submit(
    fitter: Annotated[str, typer.Argument(help="The fitter whose stored fits are meant.")],
    results: ResultsOption = Path("results"),
    out: Annotated[Path, typer.Option(help="Where the table goes.")] = SHIPPED,
    note: Annotated[str, typer.Option(help="What to say of the timings.")] = "",
    add: Annotated[
        bool, typer.Option("--add", help="Keep the tasks the table has that are not stored here.")
    ] = False,
) -> None:
    """Score the stored fits of one fitter on the suite: one CSV, and its metadata."""
    from mmm_benchmark.leaderboard.adding import added
    from mmm_benchmark.leaderboard.entry import read_entry, write_entry
    from mmm_benchmark.leaderboard.submit import submission

    metadata, rows, count = submission(results, fitter, note)
    path = out / f"{fitter}{'-told' if metadata['pool'] == 'told' else ''}.csv"
    if add:
        metadata, rows = added(read_entry(path), metadata, rows)
        count = Counter(row.status for row in rows)
    write_entry(path, metadata, rows)
    print(f"{path}: " + ", ".join(f"{n} {status}" for status, n in sorted(count.items())))


def verify(
    file: Annotated[Path, typer.Argument(help="A submitted table of scores (CSV).")],
    fits: Annotated[int, typer.Option("--tasks", help="How many tasks to fit again.")] = 3,
    seed: Annotated[int, typer.Option(help="Chooses them.")] = 0,
    fitter: Annotated[
        Path | None, typer.Option(help="The fitter's file, where it is none of ours.")
    ] = None,
    results: ResultsOption = Path("verified"),
) -> int:
    """Fit a sample of a submission's tasks again, in its own way, and compare the scores."""
    from mmm_benchmark.leaderboard.agreement import ABSOLUTE, RELATIVE, disagreements, sample
    from mmm_benchmark.leaderboard.entry import read_entry

    entry = read_entry(file)
    if fits < 1:
        raise UserError(f"--tasks {fits}: at least one task must be fitted again")
    chosen = sample(entry, fits, seed)
    if not chosen:
        raise UserError(f"'{file}' holds no fit that finished")

    from mmm_benchmark.api import run_benchmark
    from mmm_benchmark.leaderboard.submit import submission

    budget = entry.metadata["budget"]
    run_benchmark(
        datasets=chosen,
        samplers=None if fitter else entry.metadata["fitter"],
        fitter=None if fitter is None else str(fitter),
        seed=entry.metadata["seed"],
        results=results,
        plots=False,
        **budget,
    )
    _, rows, _ = submission(results, entry.metadata["fitter"])
    found = disagreements(entry, [row for row in rows if row.task in chosen])
    for line in found:
        print(line)
    verdict = "disagrees" if found else "agrees"
    print(
        f"{entry.name} {verdict} on {', '.join(chosen)} "
        f"(tolerance: {ABSOLUTE:g} + {RELATIVE:.0%} of the score)"
    )
    return 1 if found else 0
