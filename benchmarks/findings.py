"""The figures of docs/findings.md, from the shipped scores: ``python benchmarks/findings.py``.

Every figure with its 95% interval: worlds drawn again within their cell where all 45 tasks
finished, tasks drawn again otherwise.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmm_benchmark.leaderboard import standing
from mmm_benchmark.leaderboard.entry import Entry, read_all
from mmm_benchmark.suite.tasks import VERSION, Task, tasks

LONGER = Path(__file__).parent / "results" / "suite_budget"  # four chains of 1000 + 1000
TOLD = Path(__file__).parent / "results" / "suite_prior"  # --prior NAME, a folder each
MOMENTS = TOLD.with_name("suite_prior_moments")  # the same, told to the network by mean, variance
JOINT = Path(__file__).parent / "results" / "suite_joint"  # --prior published, the whole law
SHIPPED = Path(__file__).parents[1] / "results" / f"suite-{VERSION}"
ENOUGH = 10  # tasks that a correlation is asked of
NAMES = ("total_error", "roas_error", "energy_score", "order", "coverage_90", "gain_share")


def values(entry: Entry, chosen: list[Task], name: str) -> standing.Array:
    """One measure of the tasks."""
    return np.array([entry.value(task.name, name) for task in chosen])


def shown(estimate: standing.Estimate) -> str:
    """A figure with its interval; a dash where a fitter cannot say."""
    if np.isnan(estimate.value):
        return "–"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def of_one(entry: Entry) -> None:
    """What one entrant's own scores say."""
    finished = [task for task in tasks("full") if (r := entry.rows.get(task.name)) and r.ok]
    weight = standing.resamples([task.cell for task in finished])
    print(f"\n{entry.name}: {len(finished)} tasks finished")
    for name in NAMES:
        print(f"  {name:44} {shown(standing.mean_of(values(entry, finished, name), weight))}")
    green = values(entry, finished, "checks_failed") == 0
    wrong = np.where(green, values(entry, finished, "silent_failure"), np.nan)
    found = standing.mean_of(wrong, weight)
    print(f"  {'wrong where checks are green':44} {shown(found)} of {green.sum()}")
    lost = values(entry, finished, "gain_share") < 0
    print(f"  {'plans that lose money':44} {int(lost.sum())} of {len(finished)}")
    if len(finished) >= ENOUGH:
        related = shown(_related(entry, finished))
        print(f"  {'rank correlation of ROAS error and gain lost':44} {related}")


def _related(entry: Entry, finished: list[Task]) -> standing.Estimate:
    error = values(entry, finished, "roas_error")
    lost = 1 - values(entry, finished, "gain_share")
    rng = np.random.default_rng(0)
    drawn = [rng.integers(len(error), size=len(error)) for _ in range(standing.RESAMPLES)]
    draws = np.array([_spearman(error[at], lost[at]) for at in drawn])
    return standing.estimate(_spearman(error, lost), draws)


def _spearman(x: standing.Array, y: standing.Array) -> float:
    ranked = standing.ranks(x[:, None])[:, 0], standing.ranks(y[:, None])[:, 0]
    return float(np.corrcoef(*ranked)[0, 1])


def by_cell(entry: Entry, name: str) -> None:
    """What each cell adds to the base, on one measure, and how sure that is."""
    print(f"\n{entry.name}, {name}: cell less base")
    every = list(tasks("full"))
    score = {cell: [] for cell in dict.fromkeys(task.cell for task in every)}
    for task in every:
        score[task.cell].append(entry.value(task.name, name))
    rng = np.random.default_rng(0)

    def means(cell: str) -> standing.Array:
        own = np.array(score[cell])
        return own[rng.integers(len(own), size=(standing.RESAMPLES, len(own)))].mean(1)

    for cell in score:
        if cell != "base":
            at = float(np.mean(score[cell]) - np.mean(score["base"]))
            print(f"  {cell:12} {shown(standing.estimate(at, means(cell) - means('base')))}")


def beside(first: Entry, second: Entry, failed: bool | None = None) -> None:
    """Two entrants on the tasks that both finished.

    With ``failed`` only on those where the second's own checks failed, or did not.
    """
    both = [
        task
        for task in tasks("full")
        if all((r := entry.rows.get(task.name)) and r.ok for entry in (first, second))
        and (failed is None or failed == bool(second.value(task.name, "checks_failed")))
    ]
    if failed is not None:
        print(f"  where checks of {second.name} {'failed' if failed else 'are green'}:")
    if len(both) < 2:
        return
    weight = standing.resamples([task.cell for task in both])
    for name in ("energy_score", "roas_crps", "total_crps"):
        a, b = values(first, both, name), values(second, both, name)
        found = standing.skill_of(standing.log_ratio(a, b), weight)
        won = int((a < b).sum())
        print(
            f"  {first.name} against {second.name}, {name}: skill {shown(found)}, "
            f"better on {won} of {len(both)}"
        )
    for name in ("gain_share", "total_error", "coverage_90"):
        difference = values(first, both, name) - values(second, both, name)
        found = standing.mean_of(difference, weight)
        print(f"  {first.name} less {second.name}, {name}: {shown(found)} on {len(both)}")


def main() -> None:
    """Print every figure."""
    entries = {entry.name: entry for entry in read_all(SHIPPED)}
    for entry in entries.values():
        of_one(entry)
    for name in ("energy_score", "gain_share"):
        by_cell(entries["scipy"], name)
    print("\nin pairs, on the tasks that both finished")
    for first in entries.values():
        for second in entries.values():
            if first.name < second.name:
                beside(first, second)
    print("\nfour chains of 1000 + 1000 (first) beside two of 500 + 500")
    for longer in read_all(LONGER):
        of_one(longer)
        beside(longer, entries[longer.name])
    for folder in sorted(TOLD.iterdir()):
        print(f"\ntold --prior {folder.name} (first), beside its own and the exact reference")
        for told in read_all(folder):
            of_one(told)
            beside(told, entries[told.name])
            beside(told, entries["oracle"])
    print("\ntold --prior published (first), beside --prior neutral: one model, one kind of curve")
    told_law = {entry.name: entry for entry in read_all(TOLD / "published")}
    beside(told_law["exact"], next(e for e in read_all(TOLD / "neutral") if e.name == "exact"))
    print("\ntold the joint law (first), beside the exact reference and its marginals")
    for whole in read_all(JOINT):
        of_one(whole)
        beside(whole, entries["oracle"])
        beside(whole, entries["oracle"], failed=False)
        beside(whole, entries["oracle"], failed=True)
        beside(whole, told_law["exact"])
    print(
        "\nthe network told published (first), beside exact told its marginals, and told by moments"
    )
    beside(told_law["diffusion-fast"], told_law["exact"])
    beside(told_law["diffusion-fast"], read_all(MOMENTS / "published")[0])
    beside(told_law["diffusion-fast"], entries["scipy-bootstrap"])


if __name__ == "__main__":
    main()
