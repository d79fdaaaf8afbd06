"""One sentence for one refusal, one meaning of each check, whichever fitter says it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark import estimands
from mmm_benchmark.errors import UserError
from mmm_benchmark.fitters.common import report
from tests.factories import tiny_observed


def without_spend(channel: str) -> xr.Dataset:
    observed = tiny_observed(n_geos=2)
    silent = observed["channel"] == channel
    return observed.assign(spend=observed["spend"].where(~silent, 0.0))


def test_a_channel_that_never_spends_is_named():
    observed = without_spend("channel_1")
    sentence = "channel 'channel_1' never spends; leave it out"
    assert report.silent_channel(observed) == report.nothing_to_scale(observed) == sentence


def test_a_channel_silent_in_one_geo_only_is_taken():
    observed = tiny_observed(n_geos=2)
    spend = observed["spend"].copy()
    spend[0, :, 0] = 0.0
    assert report.nothing_to_scale(observed.assign(spend=spend)) is None


def test_a_geo_without_sales_is_named_by_models_that_divide_by_the_largest():
    observed = tiny_observed(n_geos=2)
    sales = observed["sales"].copy()
    sales[1] = 0.0
    empty = observed.assign(sales=sales)
    assert report.silent_channel(empty) is None
    assert report.nothing_to_scale(empty) == "geo 'geo_1' has no positive sales; leave it out"


def test_a_setting_outside_its_list_is_one_line():
    report.one_of("slope", "one", ("gamma", "one"))
    with pytest.raises(UserError, match=r"^slope = 'two'; allowed: gamma, one$"):
        report.one_of("slope", "two", ("gamma", "one"))


@pytest.mark.parametrize(
    ("diagnostics", "checks"),
    [
        ({"r_hat": 1.009, "ess_bulk": 401.0, "divergences": 0.0}, (True, True, True)),
        ({"r_hat": 1.01, "ess_bulk": 400.0, "divergences": 1.0}, (False, False, False)),
        ({}, (False, False)),  # what could not be diagnosed has not been met
    ],
)
def test_checks_hold_strictly_and_ask_only_what_was_said(diagnostics, checks):
    found = report.convergence_checks(diagnostics)
    assert tuple(found.values()) == checks
    assert (
        list(found)[: len(checks)]
        == ["r_hat_below_1_01", "ess_above_400", "no_divergences"][: len(checks)]
    )


def test_parameters_are_counted_by_role_less_what_is_fixed():
    free = {
        "alpha": np.zeros((4, 10, 3)),
        "half": np.zeros((4, 10, 3)),
        "beta": np.zeros((4, 10, 2, 3)),
        "noise": np.zeros((4, 10)),
        "level": np.zeros((4, 10, 2)),
        "path_7": np.zeros((4, 10, 5)),
    }
    roles = {"alpha": "adstock", "half": "saturation", "beta": "effects", "noise": "noise"}
    roles["level"] = "baseline"
    counts = {"adstock": 3, "saturation": 3, "effects": 6, "noise": 1, "baseline": 1}
    found = report.parameter_counts(free, roles, fixed={"level": 1})
    assert found == counts  # a name without a role is not free
    with_time = report.parameter_counts(free, roles, otherwise="time", fixed={"level": 1})
    assert with_time == counts | {"time": 5}


def test_noise_has_the_stated_spread_in_each_geo():
    observed = tiny_observed(n_geos=2, n_weeks=200)
    shape = (1, 200, 2, 200)
    posterior = estimands.posterior(
        observed,
        contribution=np.zeros((*shape, 2)),
        baseline=np.full(shape, 10.0),
        control_contribution=np.zeros((*shape, 1)),
        response=estimands.Response(
            np.zeros((1, 200, 2, 11)), np.zeros((1, 200, 2)), np.zeros((1, 200, 2))
        ),
    )
    noise = np.broadcast_to([1.0, 3.0], (1, 200, 2))
    sales = report.noisy_sales(observed, posterior, noise, seed=1)["sales"]
    again = report.noisy_sales(observed, posterior, noise, seed=1)["sales"]
    xr.testing.assert_identical(sales, again)
    # 40,000 draws a geo: a standard deviation is known to 0.4%, a mean to 0.5% of it
    np.testing.assert_allclose(sales.std(("chain", "draw", "date")), [1.0, 3.0], rtol=0.02)
    np.testing.assert_allclose(sales.mean(("chain", "draw", "date")), 10.0, atol=0.08)
