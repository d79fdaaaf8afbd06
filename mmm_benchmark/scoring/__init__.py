"""Stored fit + truth -> tidy rows: the labelled shell around ``mmm_benchmark.metrics``.

One module for each table; :func:`score_fit` calls them all. Rows are plain dicts with ``dataset``,
``seed``, ``fitter`` and, where they apply, ``geo``, ``channel`` and ``parameter``. A measure that
cannot be known is NaN and the row's ``note`` says why.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""

from mmm_benchmark.scoring.scorable import Row, ScorableDataset, ScorableFit
from mmm_benchmark.scoring.score import TABLES, score_fit

__all__ = ["TABLES", "Row", "ScorableDataset", "ScorableFit", "score_fit"]
