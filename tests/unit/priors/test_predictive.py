"""What a prior says of returns, shares and curves, against laws that are known."""

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark.errors import UserError
from mmm_benchmark.priors.predictive import drawn_channel, prior_predictive, response
from mmm_benchmark.priors.prior import NAMED, prior_of
from mmm_data_generator import generate_mmm_dataset


@pytest.fixture(scope="module")
def observed() -> xr.Dataset:
    return generate_mmm_dataset("small_business", seed=3).observed


def test_returns_have_the_law_that_is_stated(observed: xr.Dataset) -> None:
    prior = prior_of({"*": {"roas": {"lognormal": [0.2, 0.9]}}})
    drawn = prior_predictive(observed, prior, draws=4000)
    logs = np.log(drawn.roas)
    assert logs.shape == (4000, 4)
    assert logs.mean() == pytest.approx(0.2, abs=4 * 0.9 / 16_000**0.5)
    assert logs.std() == pytest.approx(0.9, rel=0.03)
    per_spend = observed["sales"].values.sum() / observed["spend"].values.sum((0, 1))
    assert drawn.roas == pytest.approx(drawn.share * per_spend)


def test_channels_draw_on_their_own(observed: xr.Dataset) -> None:
    drawn = prior_predictive(observed, NAMED["meridian"], draws=2000)
    correlation = np.corrcoef(np.log(drawn.roas), rowvar=False)
    assert np.abs(correlation - np.eye(4)).max() < 4 / 2000**0.5


def test_steady_spend_has_the_elasticity_of_the_hill_curve() -> None:
    """slope (1 - h), h = 1 / (1 + half^slope), once carry-over has filled up."""
    slope, half = np.array([0.5, 1.0, 2.0]), np.array([0.3, 1.0, 2.0])
    height, bend = response(np.full((2, 3000), 7.0), np.array([0.25, 0.75]), 0 * slope, half, slope)
    risen = 1 / (1 + half**slope)
    assert height == pytest.approx(risen)
    assert bend == pytest.approx(slope * (1 - risen))


def test_elasticity_is_the_slope_of_the_logs() -> None:
    rng = np.random.default_rng(0)
    spend = rng.gamma(2.0, 1.0, (1, 60)) * (rng.random((1, 60)) < 0.7)
    at = (np.array([1.0]), np.array([0.6]), np.array([1.1]), np.array([1.7]))
    _, bend = response(spend, *at)
    one, decay, half, slope = at  # more spend on the same curve: a lower half-saturation
    up, _ = response(spend, one, decay, half / 1.001, slope)
    down, _ = response(spend, one, decay, half * 1.001, slope)
    assert bend == pytest.approx(np.log(up / down) / np.log(1.001**2), rel=1e-4)


def test_sales_at_full_saturation_are_used_in_part() -> None:
    prior = prior_of({"*": {"effect": 0.8, "half_saturation": 1.0, "slope": 1.0}})
    spend, rng = np.full((1, 5000), 3.0), np.random.default_rng(1)
    share, bend = drawn_channel(prior.every, spend, np.ones(1), 10.0, rng, 50)
    assert share == pytest.approx(0.4, rel=1e-2)
    assert bend == pytest.approx(0.5, rel=1e-2)


def test_a_channel_that_is_not_there_is_said(observed: xr.Dataset) -> None:
    with pytest.raises(UserError, match="unknown channel of prior 'Emial'"):
        prior_predictive(observed, prior_of({"Emial": {"slope": 1.0}}))
