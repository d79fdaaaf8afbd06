"""From stored fits to ranks, and from ranks to a table: uniform or not, and what intervals hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmm_benchmark.calibration.quantities import QUANTITIES, quantities, rank
from mmm_benchmark.metrics.calibration import LEVELS, coverage, sort_draws
from mmm_benchmark.metrics.uniformity import Uniformity, uniformity
from mmm_benchmark.scoring.marks import failed_checks
from mmm_benchmark.store.datasets import load_dataset
from mmm_benchmark.store.fits import StoredFit

if TYPE_CHECKING:
    import pandas as pd

TIES = 0x71E5
#: Two ranks among fewer draws cannot be told apart finely enough to say anything.
LEAST_DRAWS = 19


@dataclass(frozen=True)
class Ranked:
    """Where the truth of one world lies among the draws of one fit."""

    seed: int
    quantity: str
    rank: int
    draws: int
    held: tuple[int, ...]  # 1 where the central interval of each of LEVELS holds the truth


@dataclass(frozen=True)
class Study:
    """All ranks of one fitter under one law, and what became of the other worlds."""

    fitter: str
    law: str
    ranks: Sequence[Ranked]
    failures: Sequence[str]  # one line each
    flagged: int  # fits whose own checks failed; they count like all others

    def of(self, quantity: str) -> list[Ranked]:
        """The ranks of one quantity, one world each, among the most usual number of draws."""
        found = [each for each in self.ranks if each.quantity == quantity]
        if not found:
            return []
        draws = [each.draws for each in found]
        usual = max(set(draws), key=draws.count)
        return [each for each in found if each.draws == usual]

    def uniformity(self, quantity: str) -> Uniformity:
        """The ECDF of one quantity's ranks beside its band."""
        found = self.of(quantity)
        return uniformity(np.array([each.rank for each in found]), found[0].draws)

    @property
    def quantities(self) -> list[str]:
        """Those that this fitter answers."""
        return [name for name in QUANTITIES if self.of(name)]


def study(fitter: str, law: str, fits: Iterable[StoredFit], results: Path) -> Study:
    """Rank the truth of every world among the draws of its fit."""
    ranks: list[Ranked] = []
    failures = []
    flagged = 0
    for fit in fits:
        if not fit.ok:
            failures.append(
                f"{fit.job['dataset']['seed']}: {fit.record['status']}, {fit.record['reason']}"
            )
            continue
        flagged += bool(failed_checks(fit))
        ranks += ranked(fit, results)
    return Study(fitter, law, ranks, failures, flagged)


def ranked(fit: StoredFit, results: Path) -> Iterator[Ranked]:
    """The ranks of one world; none from fits that give a point instead of draws."""
    dataset = load_dataset(results, fit.job["dataset"]["id"])
    seed = int(fit.job["dataset"]["seed"])
    ties = np.random.default_rng(np.random.SeedSequence([TIES, seed]))
    with fit.tree() as tree:
        found = quantities(tree["posterior"].to_dataset(), dataset, seed)
    for name, quantity in found.items():
        if quantity.draws.size < LEAST_DRAWS:
            continue
        ordered = sort_draws(quantity.draws)
        truth = np.array(quantity.truth)
        held = tuple(coverage(ordered, truth, level)[0] for level in LEVELS)
        yield Ranked(seed, name, rank(quantity, ties), quantity.draws.size, held)


def table(found: Study) -> pd.DataFrame:
    """One row a quantity: is it uniform, which way does it lean, what do its intervals hold."""
    import pandas as pd
    from scipy.stats import binomtest

    rows = []
    for name in found.quantities:
        ranks, uniform = found.of(name), found.uniformity(name)
        row: dict[str, object] = {
            "fitter": found.fitter,
            "law": found.law,
            "quantity": name,
            "worlds": len(ranks),
            "failed": len(found.failures),
            "own_checks_failed": found.flagged,
            "draws": ranks[0].draws,
            "p_uniform": uniform.p_value,
            "ecdf_distance": uniform.distance,
            # below a half: truths lie low among the draws, the fitter says too much
            "mean_rank": float(np.mean([each.rank for each in ranks]) / ranks[0].draws),
        }
        for place, level in enumerate(LEVELS):
            test = binomtest(sum(each.held[place] for each in ranks), len(ranks))
            ends = test.proportion_ci(0.95)
            row |= {
                f"coverage_{level:.0%}".rstrip("%"): test.statistic,
                f"coverage_{level:.0%}_low".replace("%", ""): ends.low,
                f"coverage_{level:.0%}_high".replace("%", ""): ends.high,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def rank_table(found: Study) -> pd.DataFrame:
    """Every rank, so that anybody can make another test of them."""
    import pandas as pd

    return pd.DataFrame(
        [(each.seed, each.quantity, each.rank, each.draws) for each in found.ranks],
        columns=["seed", "quantity", "rank", "draws"],
    )
