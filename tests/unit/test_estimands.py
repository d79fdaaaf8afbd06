"""One definition of response curve, ROAS and marginal ROAS for every fitter."""

import numpy as np
import pytest

from mmm_benchmark import estimands, schema
from mmm_benchmark.errors import ContractError


def test_response_of_a_square_root():
    spend = np.array([100.0, 400.0, 0.0])
    answer = estimands.response(lambda m: 5.0 * np.sqrt(m * spend), spend)
    assert answer.response_curve.shape == (3, len(schema.SPEND_MULTIPLIERS))
    np.testing.assert_allclose(answer.response_curve[:, -1], 5.0 * np.sqrt(2.0 * spend))
    np.testing.assert_allclose(answer.roas, [0.5, 0.25, 0.0])
    exact = 5.0 * (np.sqrt(1.01) - 1.0) / 0.01 * np.sqrt(spend[:2]) / spend[:2]
    np.testing.assert_allclose(answer.marginal_roas, [*exact, 0.0])


def test_roas_leaves_out_what_is_sold_without_spend():
    answer = estimands.response(lambda m: np.array([10.0 + 2.0 * m]), [4.0])
    assert answer.roas == pytest.approx(0.5)


@pytest.mark.parametrize(("chains", "draws"), [(1, 7), (4, 125), (4, 1000), (3, 501), (600, 2)])
def test_kept_draws_are_few_sorted_and_spread(chains, draws):
    kept = estimands.kept_draws(chains, draws)
    assert len(set(kept)) == len(kept) >= 1
    assert kept[0] == 0
    assert chains * len(kept) <= max(schema.MAX_STORED_DRAWS, chains)
    if draws > len(kept) > 1:
        assert kept[-1] == draws - 1


def parts(observed, draws=2):
    shape = (1, draws, observed.sizes["geo"], observed.sizes["date"])
    channels = observed.sizes["channel"]
    total = np.ones((1, draws, channels))
    return {
        "contribution": np.ones((*shape, channels)),
        "baseline": np.full(shape, 2.0),
        "control_contribution": np.full((*shape, observed.sizes["control"]), 0.5),
        "response": estimands.response(lambda m: m * total, np.ones(channels)),
    }


def test_posterior_adds_up_and_keeps_labels(world):
    observed = world(geos=2).observed
    posterior = estimands.posterior(observed, **parts(observed))
    schema.check(posterior, schema.POSTERIOR, "posterior")
    assert np.all(posterior["expected_sales"] == 5.5)
    assert list(posterior["channel"].values) == ["Shopify", "TikTok", "Meta"]
    assert all(v.dtype == np.float32 and v.attrs["units"] for v in posterior.values())


def test_posterior_refuses_unknown_names_and_nan(world):
    observed = world().observed
    with pytest.raises(ValueError, match="unknown native parameter 'decay'; the schema has"):
        estimands.posterior(observed, **parts(observed), decay=np.ones((1, 2, 1, 3)))
    broken = parts(observed)
    broken["baseline"][0, 0, 0, 0] = np.nan
    with pytest.raises(ContractError, match="'baseline' holds NaN"):
        estimands.posterior(observed, **broken)
