"""``exact`` and NUTS answer alike under the same prior and likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.numpyro_mmm.exact import Exact
from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM
from mmm_benchmark.testing import example_observed

QUANTILES = (0.05, 0.5, 0.95)
WANDERING = {"base": "meridian", "baseline_wanders": True}


def totals(fit) -> np.ndarray:
    """Contribution of each channel over the window, (draw, channel)."""
    return fit.posterior["contribution"].sum(("geo", "date")).values.reshape(-1, 2)


@pytest.mark.parametrize(("geos", "prior"), [(1, None), (2, None), (1, WANDERING)])
def test_points_of_contributions_agree_within_monte_carlo_error(geos: int, prior: Any):
    observed = example_observed(geos=geos, weeks=60)
    exact = Exact(prior=prior).fit(observed, Budget(chains=4, draws=500), 1)
    nuts = NumpyroMMM(prior=prior).fit(observed, Budget(chains=2, draws=800, tune=400), 2)
    ours, theirs = totals(exact), totals(nuts)
    assert "k_hat" in exact.diagnostics
    against = "against the prior, in this model the baseline does not wander"
    assert (against in exact.notes) == (prior is not None)
    sizes = [min(fit.diagnostics["contribution_ess_bulk"], 400) for fit in (exact, nuts)]
    for p in QUANTILES:
        near = np.quantile(theirs, [max(p - 0.04, 0), min(p + 0.04, 1)], axis=0)
        density = 0.08 / np.maximum(near[1] - near[0], 1e-12)
        error = (p * (1 - p) * sum(1 / n for n in sizes)) ** 0.5 / density
        gap = np.quantile(ours, p, axis=0) - np.quantile(theirs, p, axis=0)
        assert (np.abs(gap) < 4 * error).all(), (p, gap / error)


def test_a_prior_that_is_not_stated_is_no_setting():
    assert Exact().settings() == {"priors": "neutral"}
    assert Exact(prior="robyn").settings()["prior"] == "robyn"
