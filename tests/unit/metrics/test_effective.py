"""All series at once against ``arviz_stats``, which takes one after another."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from mmm_benchmark.metrics import effective


def example(kind: str, shape: tuple[int, int, int]) -> np.ndarray:
    rng = np.random.default_rng(7)
    noise = rng.standard_normal(shape)
    if kind == "independent":
        return noise
    if kind == "sticky":
        return np.cumsum(noise, axis=-1) * 0.1 + 0.3 * rng.standard_normal(shape)
    if kind == "alternating":
        return noise * 0.1 + (-1.0) ** np.arange(shape[-1])
    if kind == "ties":
        return np.round(noise)
    if kind == "apart":
        return noise + 5 * np.arange(shape[1])[:, None]
    jumps = rng.random(shape) < 0.05  # stays where it is for long
    return np.maximum.accumulate(np.where(jumps, noise, -9.0), axis=-1)


@pytest.mark.parametrize("kind", ["independent", "sticky", "alternating", "ties", "apart", "stays"])
@pytest.mark.parametrize("shape", [(5, 4, 200), (5, 2, 101), (3, 1, 51), (4, 4, 8), (3, 3, 11)])
def test_every_series_is_as_the_library_has_it(kind: str, shape: tuple[int, int, int]):
    values = example(kind, shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "bulk": effective.ess_bulk(values),
            "tail": effective.ess_tail(values),
            "mean": effective.ess_mean(values),
        }
        for name, sizes in found.items():
            more = {"prob": (0.05, 0.95)} if name == "tail" else {}
            expected = array_stats.ess(values, method=name, **more)
            np.testing.assert_allclose(sizes, expected, rtol=1e-8, err_msg=name)
        if shape[1] > 1:
            expected = array_stats.rhat(values)
            np.testing.assert_allclose(effective.rhat(values), expected, rtol=1e-10)


def test_independent_draws_count_in_full():
    values = np.random.default_rng(1).standard_normal((200, 4, 500))
    # over 200 series the mean of an estimate that strays by some percent is known to one
    assert np.mean(effective.ess_mean(values)) == pytest.approx(2000, rel=0.05)
    assert np.mean(effective.rhat(values)) == pytest.approx(1.0, abs=0.002)
