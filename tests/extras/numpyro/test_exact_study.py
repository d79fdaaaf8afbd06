"""The study's errors of points are those that repetition shows."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.exact_study import point_error


@pytest.mark.parametrize("p", [0.05, 0.5, 0.95])
def test_errors_of_points_are_those_of_repeated_samples(p: float) -> None:
    rng = np.random.default_rng(0)
    found = [point_error(rng.standard_normal((4, 250, 1)), p, None) for _ in range(60)]
    points, errors = (np.array([each[i][0] for each in found]) for i in (0, 1))
    assert errors.mean() == pytest.approx(points.std(), rel=0.35)


def test_draws_that_stand_for_many_say_less() -> None:
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((4, 250, 1))
    four = np.repeat(draws[:, :, None], 4, axis=2).reshape(4, 1000, 1)
    once = point_error(draws, 0.5, np.ones((4, 250)))[1]
    repeated = point_error(four, 0.5, np.full((4, 1000), 4))[1]
    assert repeated == pytest.approx(once, rel=0.2)
    assert point_error(four, 0.5, np.ones((4, 1000)))[1] < 0.7 * once
