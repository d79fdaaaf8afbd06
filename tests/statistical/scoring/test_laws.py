"""Laws the measures obey: closed forms, uniformity, nominal coverage, unbiasedness."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmm_benchmark.metrics import calibration, recovery

pytestmark = pytest.mark.statistical


def gaussian_crps(mean: np.ndarray, sd: float, y: np.ndarray) -> np.ndarray:
    """Closed form for a normal forecast (Gneiting & Raftery 2007, eq. 22 and below)."""
    z = (y - mean) / sd
    cdf = np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in z])
    pdf = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return sd * (z * (2 * cdf - 1) + 2 * pdf - 1 / math.sqrt(math.pi))


def exact_posterior(
    rng: np.random.Generator, series: int, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Truth ~ N(0, 1), data = truth + N(0, 1); draws from the posterior N(data / 2, 1 / 2)."""
    truth = rng.normal(size=series)
    data = truth + rng.normal(size=series)
    sample = data[:, None] / 2 + math.sqrt(0.5) * rng.normal(size=(series, draws))
    return sample, truth


@pytest.mark.parametrize("draws", [2, 5, 500])
def test_crps_is_unbiased_for_the_gaussian_closed_form(draws: int) -> None:
    rng = np.random.default_rng(11)
    y = rng.normal(0, 3, 20_000)
    sample = rng.normal(1.0, 2.0, (20_000, draws))
    gap = calibration.crps(calibration.sort_draws(sample), y) - gaussian_crps(
        np.full(20_000, 1.0), 2.0, y
    )
    standard_error = gap.std(ddof=1) / math.sqrt(gap.size)
    assert abs(gap.mean()) < 4 * standard_error
    assert standard_error < 0.02


def test_crps_prefers_the_right_spread() -> None:
    rng = np.random.default_rng(12)
    truth = rng.normal(size=40_000)
    scores = {
        spread: calibration.crps(
            calibration.sort_draws(rng.normal(0, spread, (truth.size, 30))), truth
        ).mean()
        for spread in (0.5, 1.0, 2.0)
    }
    assert min(scores, key=scores.__getitem__) == 1.0


@pytest.mark.parametrize("level", calibration.LEVELS)
@pytest.mark.parametrize("draws", [40, 500])
def test_an_exact_posterior_covers_at_its_nominal_rate(level: float, draws: int) -> None:
    sample, truth = exact_posterior(np.random.default_rng(13), 20_000, draws)
    covered, counted = calibration.coverage(calibration.sort_draws(sample), truth, level)
    assert counted == truth.size
    standard_error = math.sqrt(level * (1 - level) / counted)
    assert abs(covered / counted - level) < 4 * standard_error


def test_pit_of_an_exact_posterior_is_uniform() -> None:
    sample, truth = exact_posterior(np.random.default_rng(14), 5_000, 99)
    values = calibration.pit(calibration.sort_draws(sample), truth)
    # one per cent critical value of Kolmogorov-Smirnov
    assert calibration.pit_distance(values) < 1.63 / math.sqrt(values.size)
    narrow = sample.mean(-1, keepdims=True) + 0.5 * (sample - sample.mean(-1, keepdims=True))
    too_sure = calibration.pit(calibration.sort_draws(narrow), truth)
    assert calibration.pit_distance(too_sure) > 3 * 1.63 / math.sqrt(values.size)


def test_pit_distance_agrees_with_scipy() -> None:
    from scipy.stats import kstest

    values = np.random.default_rng(15).beta(1.2, 1.0, 300)
    assert calibration.pit_distance(values) == pytest.approx(kstest(values, "uniform").statistic)


def test_coverage_error_holds_its_own_promise() -> None:
    """Nine times in ten the pooled coverage lies within 1.645 standard errors of nominal."""
    rng = np.random.default_rng(16)
    hits = 0
    for _ in range(300):
        covered, counted = [], []
        for _ in range(25):  # series whose points share one error
            shared = rng.normal(0, 0.7)
            truth = rng.normal(0, 1, 30) + shared
            sample = rng.normal(0, math.sqrt(1.49), (30, 60))
            inside, total = calibration.coverage(calibration.sort_draws(sample), truth, 0.8)
            covered.append(inside)
            counted.append(total)
        error = calibration.coverage_standard_error(np.array(covered), np.array(counted))
        hits += abs(sum(covered) / sum(counted) - 0.8) < 1.645 * error
    assert 0.83 < hits / 300 < 0.97


def test_draws_move_as_the_truth_does_and_their_mean_moves_less() -> None:
    rng = np.random.default_rng(17)
    sample, truth = exact_posterior(rng, 60 * 200, 50)
    sample, truth = sample.reshape(60, 200, 50), truth.reshape(60, 200)
    draws = recovery.variation_ratio(sample, truth[..., None], axis=-2)
    mean = recovery.variation_ratio(sample.mean(-1), truth)
    assert draws.mean() == pytest.approx(1.0, abs=0.02)
    # the posterior mean is data / 2, with standard deviation sqrt(1 / 2)
    assert mean.mean() == pytest.approx(math.sqrt(0.5 + 0.5 / 50), abs=0.02)
