"""What media sell in all keeps the law of training where a stated prior does not say it."""

import numpy as np
import pytest
import torch
import xarray as xr
from scipy import stats
from worlds_for_tests import small

from mmm_benchmark.diffusion.inference import total
from mmm_benchmark.diffusion.inference.sample import decode
from mmm_benchmark.diffusion.problem.state import LEVEL_MEAN, LEVEL_SCALE, State
from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_data_generator import generate_mmm_dataset

QUICK = {"sampler": "dpm", "steps": 4, "draws": 24}


@pytest.fixture(scope="module")
def observed() -> xr.Dataset:
    return generate_mmm_dataset("small_business", seed=3).observed


def states(share: torch.Tensor, weeks: int) -> State:
    """One channel that has this share of sales, for good."""
    n = len(share)
    level = (share.log() - LEVEL_MEAN) / LEVEL_SCALE
    zero = torch.zeros
    return State(
        zero(n, 1, weeks), level[:, None], zero(n, 1, 3), zero(n, weeks), zero(n, 2), zero(n, 2)
    )


def test_the_law_is_the_published_one() -> None:
    share = torch.linspace(0.01, 0.99, 50)
    apart = total.log_law(share).numpy() - stats.beta(2, 3).logpdf(share.numpy())
    assert np.allclose(apart, apart[0], atol=1e-4)
    assert torch.isfinite(total.log_law(torch.tensor([0.0, 1.0, 3.0]))).all()


def test_the_share_is_what_draws_are_decoded_to() -> None:
    world, truth = small("worlds", 3)
    decoded = decode(truth.state, world, torch.Generator().manual_seed(0))
    share = total.share_of_sales(truth.state, world)
    assert torch.allclose(share, decoded.contribution.sum(-1).mean((1, 2)), rtol=1e-4)


def test_draws_of_any_total_become_draws_of_that_law() -> None:
    world, _ = small("worlds", 1, n_channels=1)
    rng = np.random.default_rng(2)
    anyhow = torch.from_numpy(rng.uniform(0.005, 0.995, 8000)).float()
    kept, effective = total.heeded(states(anyhow, 40), world, 1000, 4)
    many = world.take(torch.zeros(1000, dtype=torch.long))
    share = total.share_of_sales(kept, many).numpy()
    # effective draws of a flat law weighed by p: 1 over the integral of p squared
    flat = stats.beta(2, 3).pdf(np.linspace(0, 1, 2001))
    assert effective == pytest.approx(8000 / np.mean(flat**2), rel=0.05)
    assert stats.kstest(share, stats.beta(2, 3).cdf).pvalue > 0.01
    assert not np.all(np.diff(share) >= 0)  # in random order


def test_a_stated_prior_is_answered_with_less_of_what_cannot_be(observed: xr.Dataset) -> None:
    held = Diffusion(prior="neutral", **QUICK).fit(observed, Budget(), 1)
    free = Diffusion(prior="neutral", total="any", **QUICK).fit(observed, Budget(), 1)
    sold = [fit.posterior["contribution"].sum(("geo", "date", "channel")) for fit in (held, free)]
    assert all(each.sizes["draw"] == QUICK["draws"] for each in sold)
    assert float(sold[0].mean()) < float(sold[1].mean())
    assert QUICK["draws"] < held.diagnostics["total_ess"] <= total.MORE * QUICK["draws"]
    assert "total_ess" not in free.diagnostics
    said = (
        "the prior says nothing of all media together: held to 40% of sales, give or take 20 points"
    )
    assert said in held.notes
    assert said not in free.notes


def test_where_the_total_is_said_or_no_prior_is_nothing_is_weighed(observed: xr.Dataset) -> None:
    published = Diffusion(prior="published", **QUICK).fit(observed, Budget(), 1)
    assert "total_ess" not in published.diagnostics  # its law of totals was trained
    assert "total" not in Diffusion().settings()
    assert Diffusion(prior="neutral").settings()["total"] == "published"
    with pytest.raises(UserError, match="total = 'none'; allowed: published, any"):
        Diffusion(total="none").skip(observed)
