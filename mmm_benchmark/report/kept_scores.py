"""Scores kept beside the fits: a fit is scored once, however often tables are made of it.

``results/scores/<key>.json`` holds the rows of one fit with a stamp of what they are a function
of: the fit, the dataset with its truth, and the code that scores. Another stamp, or a file that
cannot be read, and the fit is scored again. Names and marks are no part of it: they are put in
front of the rows when they are read.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.report.made_by import stamp_of
from mmm_benchmark.scoring import Row, ScorableDataset, ScorableFit, score_fit
from mmm_benchmark.scoring.identity import identity
from mmm_benchmark.scoring.market import Market
from mmm_benchmark.scoring.score import TABLES
from mmm_benchmark.store.datasets import DATASETS, load_dataset
from mmm_benchmark.store.plain_files import read_object
from mmm_benchmark.store.sealed_folder import MANIFEST, digest
from mmm_benchmark.store.shelf import DamagedError
from mmm_benchmark.store.shelves import shelf_of

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator import MMMDataset

SCORES = "scores"
#: The stations that a score is a function of, besides the generator that pays for plans.
SCORERS = ("metrics", "scoring")

type Tables = dict[str, list[Row]]
type Scorer = Callable[[ScorableFit, ScorableDataset, bool], Tables]


def scorer() -> Scorer:
    """Score every fit anew; the market of a dataset is made once."""
    markets: dict[str, Market] = {}

    def score(fit: ScorableFit, dataset: ScorableDataset, bayesian: bool) -> Tables:
        name = fit.job["dataset"]["id"]
        if name not in markets:
            markets[name] = Market(dataset)
        return score_fit(fit, dataset, bayesian, markets[name])

    return score


class KeptScores:
    """A scorer that remembers, for the fits of one results directory."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._shelf = shelf_of(results)
        self._score = scorer()
        self._datasets: dict[str, str] = {}

    def __call__(self, fit: ScorableFit, dataset: ScorableDataset, bayesian: bool) -> Tables:
        """Rows of every table, read where they are still true, else made and kept."""
        path = self._results / SCORES / f"{fit.key}{'.draws' if bayesian else ''}.json"
        stamp = self._stamp(fit)
        head = identity(fit)
        rows = self._read(path, stamp)
        if rows is None:
            scored = self._score(fit, dataset, bayesian)
            rows = {
                name: [{k: v for k, v in row.items() if k not in head} for row in scored[name]]
                for name in TABLES
            }
            self._keep(path, {"stamp": stamp, "rows": rows})
        return {name: [head | row for row in rows[name]] for name in TABLES}

    def _stamp(self, fit: ScorableFit) -> list[str]:
        """What the rows of a fit are a function of."""
        dataset = fit.job["dataset"]["id"]
        if dataset not in self._datasets:
            self._datasets[dataset] = self._manifest(dataset)
        return [scoring_stamp(), str(fit.record.get("finished_at")), self._datasets[dataset]]

    def _manifest(self, dataset: str) -> str:
        """Hash of what lists a dataset's files, truth included; nothing where it is not sound."""
        try:
            folder = self._shelf.fetch(DATASETS, dataset)
        except DamagedError as error:
            return f"damaged: {error}"
        return "" if folder is None else digest(folder / MANIFEST)

    def _read(self, path: Path, stamp: list[str]) -> Tables | None:
        try:
            found = read_object(path)
            rows = found["rows"]
            if found["stamp"] != stamp or set(rows) != set(TABLES):
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return rows

    def _keep(self, path: Path, content: dict[str, Any]) -> None:
        """Write the file whole or not at all; a place that takes no file costs time, no result."""
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.{os.getpid()}")
            fresh.write_text(json.dumps(content, default=float))
            fresh.replace(path)


@cache
def scoring_stamp() -> str:
    """Hash of the code that scores, the generator's worlds included, which pay for plans."""
    import mmm_data_generator

    own, generator = Path(__file__).parents[1], Path(mmm_data_generator.__file__).parent
    folders = [own / name for name in SCORERS]
    return stamp_of([*folders, generator / "world", generator / "dataset"])


class StoredDataset:
    """A dataset of a results directory that is read when something of it is asked for."""

    def __init__(self, results: Path, dataset_id: str) -> None:
        self._results, self._id = results, dataset_id

    @cached_property
    def whole(self) -> MMMDataset:
        """The dataset, read and verified."""
        return load_dataset(self._results, self._id)

    @property
    def name(self) -> str:
        """Name of the preset or of the source."""
        return self.whole.name

    @property
    def seed(self) -> int | None:
        """Seed of the draw."""
        return self.whole.seed

    @property
    def observed(self) -> xr.Dataset:
        """The observed half."""
        return self.whole.observed

    @property
    def truth(self) -> xr.Dataset | None:
        """The truth, where it is known."""
        return self.whole.truth

    @property
    def world(self) -> Any:
        """The world behind it; DataError where none is known."""
        return self.whole.world

    def counterfactual(self, spend: Any) -> xr.Dataset:
        """The outcome of another spend plan under the same world."""
        return self.whole.counterfactual(spend)
