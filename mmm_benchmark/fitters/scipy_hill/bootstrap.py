"""Moving-block bootstrap of the residuals (Kuensch, 1989, doi:10.1214/aos/1176347265)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        GeoDate,
    )


def default_block_length(dates: int) -> int:
    """Weeks to a block: the cube root of the series' length, the rate Kuensch derives."""
    return max(1, round(dates ** (1.0 / 3.0)))


def resample_blocks(residual: GeoDate, block_length: int, rng: np.random.Generator) -> GeoDate:
    """Lay blocks of consecutive residuals end to end until every date has one.

    Parameters
    ----------
    residual
        Shape (geo, date). All geos take the same blocks, so what they share in a week stays
        shared.
    block_length
        Weeks to a block, at most the number of dates.
    """
    dates = residual.shape[-1]
    blocks = -(-dates // block_length)
    first = rng.integers(0, dates - block_length + 1, size=blocks)
    weeks = (first[:, None] + np.arange(block_length)).ravel()[:dates]
    return residual[:, weeks]
