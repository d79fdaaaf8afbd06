"""Draws of a prior are kept whatever the prior holds possible, and keep their quantiles."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from mmm_benchmark import schema
from mmm_benchmark.errors import ContractError
from mmm_benchmark.fitters.common.prior_draws import labelled
from mmm_benchmark.testing import example_observed


def test_a_prior_without_end_does_not_fail_the_fit():
    observed = example_observed(geos=1)
    draws = np.exp(60.0 * np.random.default_rng(0).standard_normal((400, 3)))
    draws[7, 1] = np.inf  # what a log-normal law overflows to
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = labelled(observed, draws)
    schema.check(found, schema.PRIOR, "prior")
    middle = np.quantile(found["roas"][0], (0.16, 0.5, 0.84), axis=0)
    np.testing.assert_allclose(middle, np.quantile(draws, (0.16, 0.5, 0.84), axis=0), rtol=1e-5)


def test_what_is_no_number_is_still_refused():
    draws = np.ones((5, 3))
    draws[0, 0] = np.nan
    with pytest.raises(ContractError, match="'roas' holds NaN"):
        schema.check(labelled(example_observed(geos=1), draws), schema.PRIOR, "prior")
