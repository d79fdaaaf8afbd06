"""How far a posterior moved from the fit's own prior; and what the stated prior says."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from mmm_benchmark.fitters.common.stated_prior import parameters, prior_of_roas
from mmm_benchmark.scoring import score_fit
from mmm_benchmark.scoring.prior_influence import NO_PRIOR, prior_rows
from tests.factories import tiny_observed


def laws(mean: list[float], sd: list[float], seed: int) -> xr.Dataset:
    draws = np.random.default_rng(seed).normal(mean, sd, (1, 20_000, len(mean)))
    return xr.Dataset({"roas": (("chain", "draw", "channel"), draws)}, {"channel": ["a", "b"]})


def test_contraction_and_shift_of_normal_laws() -> None:
    prior, posterior = laws([2.0, 1.0], [1.0, 1.0], 1), laws([3.0, 1.0], [0.25, 1.0], 2)
    a, b, over_all = prior_rows(posterior, prior)
    assert a["contraction"] == pytest.approx(0.75, abs=0.02)
    assert a["shift"] == pytest.approx(1, abs=0.05)
    assert b["contraction"] == pytest.approx(0, abs=0.05)
    assert b["shift"] == pytest.approx(0, abs=0.05)
    assert over_all["contraction"] == pytest.approx((a["contraction"] + b["contraction"]) / 2)
    assert over_all["channel"] == "all"


def test_a_fit_without_a_prior_says_so(toy, make_fit) -> None:
    fit = make_fit(toy)
    assert score_fit(fit, toy)["prior_influence"][0]["note"] == NO_PRIOR
    fit.groups["prior"] = fit.groups["posterior"][["roas"]] * 2
    rows = score_fit(fit, toy)["prior_influence"]
    assert len(rows) == toy.observed.sizes["channel"] + 1
    assert rows[-1]["contraction"] == pytest.approx(0.5, abs=1e-5)
    estimates = score_fit(fit, toy)["estimates"]
    assert [row["contraction"] for row in estimates] == [row["contraction"] for row in rows]
    assert np.isnan(score_fit(make_fit(toy), toy)["estimates"][0]["shift"])


@pytest.mark.parametrize("draws", [20_000])
def test_the_inverse_gamma_has_the_mean_and_spread_it_is_given(draws: int) -> None:
    """Given mu and s, sigma ~ InverseGamma(2 + (mu/s)^2, mu (1 + (mu/s)^2)): its cdf is uniform."""
    rng = np.random.default_rng(3)
    found = parameters(rng, np.array([1.0, 2.0]), 2, draws)
    again = np.random.default_rng(3)  # the same mu and s
    mu = np.array([1.0, 2.0]) * np.abs(again.standard_normal((draws, 2)))
    s = 1.5 * np.abs(again.standard_normal((draws, 1)))
    a = 2 + (mu / s) ** 2
    law = stats.invgamma(a[..., None], scale=(mu * (a - 1))[..., None])
    rank = law.cdf(found["sigma"])
    assert stats.kstest(rank[:, 0, 0], "uniform").pvalue > 1e-3
    assert stats.kstest(rank[:, 1, 1], "uniform").pvalue > 1e-3
    # two geos of one channel are independent once mu and s are known
    assert abs(np.corrcoef(rank[:, 0, 0], rank[:, 0, 1])[0, 1]) < 0.03


def test_prior_returns_are_in_the_currency_of_the_data() -> None:
    observed = tiny_observed()
    plain = prior_of_roas(observed, "neutral", 1, draws=50)["roas"]
    dear = observed.assign(sales=10 * observed["sales"], spend=5 * observed["spend"])
    np.testing.assert_allclose(
        prior_of_roas(dear, "neutral", 1, draws=50)["roas"], 2 * plain, rtol=1e-5
    )
    assert (plain >= 0).all()
