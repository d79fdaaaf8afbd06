"""What the diffusion fitters say of ROAS before sales are seen follows from what they were told."""

import numpy as np
import pytest
import torch
import xarray as xr

from mmm_benchmark.diffusion.inference.answer import read
from mmm_benchmark.diffusion.inference.stated import heed
from mmm_benchmark.diffusion.physics.posterior import REACH, prior_states
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.prior_draws import prior_of_roas
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_data_generator import generate_mmm_dataset

DRAWS = 2000


@pytest.fixture(scope="module")
def observed() -> xr.Dataset:
    return generate_mmm_dataset("small_business", seed=3).observed


def test_states_of_the_prior_are_standard_normal_as_far_as_solves_go(observed: xr.Dataset) -> None:
    scaled, _ = read(observed)
    state = prior_states(scaled, DRAWS, 1)
    assert state.hyper.abs().max() <= REACH
    for values in (state.level, state.shape, state.control):
        sure = 4 / DRAWS**0.5
        assert values.mean(0).abs().max() < sure * 1.2
        assert (values.var(0) - 1).abs().max() < sure * 1.2 * 2**0.5


def test_a_tight_belief_is_the_prior_of_the_channel_it_speaks_of(observed: xr.Dataset) -> None:
    scaled, order = read(observed)
    one, other = (str(name) for name in observed["channel"].values[:2])
    told = heed({one: {"roas": (2.0, 0.1)}}, observed, scaled)
    before = prior_of_roas(observed, scaled, order, 1, draws=DRAWS)["roas"][0]
    after = prior_of_roas(observed, told, order, 1, draws=DRAWS)["roas"][0]
    xr.testing.assert_allclose(after.sel(channel=other), before.sel(channel=other), rtol=1e-4)
    # the belief is of a level, held to the law of levels, and moving paths widen the total
    assert np.median(after.sel(channel=one)) == pytest.approx(2.0, rel=0.08)
    assert float(after.sel(channel=one).std()) < 0.5 * float(before.sel(channel=one).std())


def test_it_is_kept_with_the_fit_and_follows_names(observed: xr.Dataset) -> None:
    turned = observed.isel(channel=slice(None, None, -1))
    fits = [Wiener(draws=20).fit(data, Budget(), 5) for data in (observed, turned)]
    ours, theirs = (fit.prior for fit in fits)
    assert ours is not None
    assert theirs is not None
    xr.testing.assert_allclose(ours, theirs.sel(channel=ours["channel"]), rtol=1e-5)
    assert torch.isfinite(torch.from_numpy(ours["roas"].values)).all()
