"""The moving-block bootstrap keeps the laws it promises."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common.hill import geometric_adstock, hill
from mmm_benchmark.fitters.scipy_hill.bootstrap import resample_blocks
from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill

pytestmark = pytest.mark.statistical


def test_variance_of_the_mean_of_a_correlated_series():
    """For AR(1) with phi = 0.5 it is (1 + phi) / (1 - phi) = 3 times that of white noise."""
    rng = np.random.default_rng(0)
    series = np.zeros(4_000)
    shocks = rng.normal(size=series.size)
    for t in range(1, series.size):
        series[t] = 0.5 * series[t - 1] + shocks[t]
    means = [resample_blocks(series[None], 40, rng).mean() for _ in range(2_000)]
    alone = [resample_blocks(series[None], 1, rng).mean() for _ in range(2_000)]
    assert np.var(means) / np.var(alone) == pytest.approx(3.0, rel=0.2)


def easy_world(seed: int) -> tuple[xr.Dataset, float]:
    """One channel, off every other fortnight, far from saturation: level and slope are seen."""
    rng = np.random.default_rng(seed)
    weeks = 78
    on = np.repeat(rng.random(weeks // 2) < 0.5, 2)
    spend = np.where(on, rng.uniform(200.0, 2_000.0, weeks), 0.0)
    contribution = 20_000.0 * hill(geometric_adstock(spend, 0.3), 3_000.0, 1.0)
    sales = 10_000.0 + contribution + rng.normal(0.0, 300.0, weeks)
    dates = np.datetime64("2022-01-03", "ns") + np.arange(weeks) * np.timedelta64(7, "D")
    observed = xr.Dataset(
        {
            "sales": (("geo", "date"), sales[None]),
            "spend": (("geo", "date", "channel"), spend[None, :, None]),
            "controls": (("geo", "date", "control"), np.empty((1, weeks, 0))),
            "population": (("geo",), [1e5]),
        },
        coords={"geo": ["all"], "date": dates, "channel": ["TV"], "control": np.array([], str)},
    )
    return observed, contribution.sum() / spend.sum()


def test_intervals_cover_the_true_roas_about_as_often_as_they_say():
    # plain least squares: a bootstrap shows spread, not the pull of penalties
    fitter = ScipyHill(bootstrap=60, starts=16, polished=2, fourier_order=1, regularisation=0.0)
    covered, worlds = 0, 30
    for seed in range(worlds):
        observed, roas = easy_world(seed)
        draws = fitter.fit(observed, Budget(), seed).posterior["roas"].values.ravel()
        low, high = np.quantile(draws, [0.1, 0.9])
        covered += low <= roas <= high
    # bounds that a true coverage of 80% leaves once in a thousand, on either side
    assert binom.ppf(0.001, worlds, 0.8) <= covered <= binom.ppf(0.999, worlds, 0.8)
