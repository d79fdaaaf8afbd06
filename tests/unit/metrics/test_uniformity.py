"""Ranks beside uniform ones: the band holds as often as it says, and sees what it should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from mmm_benchmark.metrics.uniformity import PROBABILITY, uniformity

WORLDS, DRAWS = 60, 39


def inside(ranks: np.ndarray) -> bool:
    found = uniformity(ranks, DRAWS)
    return bool(((found.low <= found.ecdf) & (found.ecdf <= found.high)).all())


@pytest.mark.statistical
def test_a_calibrated_ecdf_stays_in_its_band_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    sets = 1000
    ranks = rng.integers(DRAWS + 1, size=(sets, WORLDS))
    stayed = sum(inside(each) for each in ranks)
    # counts are whole: the band may hold a little more than asked, by less than 3 points
    assert binom.ppf(1e-4, sets, PROBABILITY) <= stayed <= binom.isf(1e-4, sets, PROBABILITY + 0.03)
    small = np.mean([uniformity(each, DRAWS).p_value <= 0.05 for each in ranks])
    assert binom.ppf(1e-4, sets, 0.02) / sets <= small <= binom.isf(1e-4, sets, 0.05) / sets


@pytest.mark.parametrize(
    "ranks",
    [
        np.random.default_rng(1).binomial(DRAWS, 0.5, 200),  # too wide
        np.random.default_rng(2).choice([0, DRAWS], 200),  # too sure
        np.random.default_rng(3).integers(DRAWS // 2, size=200),  # leans
    ],
)
def test_what_is_not_calibrated_leaves_the_band(ranks: np.ndarray) -> None:
    assert not inside(ranks)
    assert uniformity(ranks, DRAWS).p_value < 0.01


def test_every_rank_alike_lies_on_the_line() -> None:
    found = uniformity(np.arange(DRAWS + 1), DRAWS)
    np.testing.assert_allclose(found.ecdf, found.at)
    assert found.distance == pytest.approx(0.0, abs=1e-12)
    assert found.p_value > 0.99


@pytest.mark.parametrize("ranks", [[], [-1], [DRAWS + 1]])
def test_no_ranks_are_refused(ranks: list[int]) -> None:
    with pytest.raises(ValueError, match="from 0 to 39"):
        uniformity(np.array(ranks, dtype=int), DRAWS)
