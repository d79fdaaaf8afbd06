"""What is believed of channels: how it is stated, and that it is heeded as one more observation."""

from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from worlds_for_tests import noisy, small

from mmm_benchmark.diffusion.config import NetworkConfig
from mmm_benchmark.diffusion.inference import stated
from mmm_benchmark.diffusion.inference.answer import read
from mmm_benchmark.diffusion.physics import wiener
from mmm_benchmark.diffusion.problem.beliefs import check_heeds, draw_beliefs, with_beliefs
from mmm_benchmark.diffusion.problem.state import SHAPE_MEAN, SHAPE_SCALE
from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_benchmark.priors.beliefs import ELSEWHERE
from mmm_benchmark.testing import check_fitter
from mmm_data_generator import generate_mmm_dataset, lift_test, lift_tests


@pytest.fixture(scope="module")
def observed() -> xr.Dataset:
    return generate_mmm_dataset("small_business", seed=3).observed


def test_a_belief_is_a_gaussian_observation_of_a_gaussian_unknown() -> None:
    """At the start of sampling the state says N(0, 1): conjugate to the belief."""
    world, truth = small("worlds", 2)
    mean, precision = torch.full((2, 3, 4), 1.5), torch.full((2, 3, 4), 3.0)
    told = with_beliefs(world, mean, precision)
    state, _, _ = noisy(world, truth)
    prior = wiener.prior_given(told, state, torch.zeros(2), torch.ones(2))
    known = slice(0, 4 * 3)
    assert torch.allclose(prior.scalar[:, known], torch.tensor(1.5 * 3 / (1 + 3)))
    assert torch.allclose(prior.variance[:, known], torch.tensor(1 / (1 + 3)))
    assert torch.allclose(prior.variance[:, 12:], torch.tensor(1.0))  # of controls nothing is


def test_beliefs_of_training_are_observations_of_the_truth() -> None:
    world, truth = small("worlds", 64)
    value = torch.cat([truth.state.level[..., None], truth.state.shape], -1)
    rng = np.random.default_rng(11)
    errors = []
    for _ in range(40):
        told = draw_beliefs(rng, world, truth)
        known = told.certainty > 0
        errors.append(((told.belief - value) * told.certainty.sqrt())[known])
        assert (told.belief[~known] == 0).all()
    z = torch.cat(errors)
    assert abs(float(z.mean())) < 4 / len(z) ** 0.5
    assert abs(float(z.var()) - 1) < 4 * (2 / len(z)) ** 0.5


def test_units_are_those_of_the_schema(observed: xr.Dataset) -> None:
    scaled, order = read(observed)
    channel = str(observed["channel"].values[0])
    place = list(order).index(0)
    spend = observed["spend"].values[..., 0]
    share = 10.0 * spend.sum() / observed["sales"].values.sum()
    told = stated.heed(
        {
            channel: {"roas": (10.0, 0.01), "half_saturation": (1.5, 0.01)},
            "*": {"adstock_decay": (0.5, 0.01), "half_saturation": (9.0, 1.0)},
        },
        observed,
        scaled,
    )
    count = observed.sizes["channel"]
    level = (np.log(share) - np.log(0.4 / count)) / 0.9
    half = (np.log(1.5 * (spend > 0).mean()) - SHAPE_MEAN[1]) / SHAPE_SCALE[1]
    assert told.belief[0, place, 0] == pytest.approx(level, abs=0.02)
    assert told.belief[0, place, 2] == pytest.approx(half, abs=0.02)
    decay = -SHAPE_MEAN[0] / SHAPE_SCALE[0]
    assert torch.allclose(told.belief[0, :, 1], torch.tensor(decay), atol=0.02)
    assert (told.certainty[0, :, 1] > 0).all()
    assert (told.certainty[0, :, 3] == 0).all()
    assert (told.certainty[0, :, 0] > 0).sum() == 1


def test_a_normal_observation_of_a_linear_quantity_is_taken_as_it_is() -> None:
    belief, precision = stated.message(lambda z: 3 + 2 * z, 4.0, 1.0)
    assert (belief, precision) == pytest.approx((0.5, 4.0), rel=1e-3)


@pytest.mark.parametrize("value", [-0.3, 0.2, 1.0])
def test_a_test_with_a_large_error_says_little_and_nothing_wrong(value: float) -> None:
    """Posterior mean and variance are those of the true likelihood, by sampling the prior."""

    def roas(z: Any) -> Any:
        return np.exp(0.5 + 0.9 * z)

    belief, precision = stated.message(roas, value, 1.0)
    z = np.random.default_rng(0).standard_normal(400_000)
    weight = np.exp(-0.5 * (roas(z) - value) ** 2)
    mean = np.average(z, weights=weight)
    assert belief * precision / (1 + precision) == pytest.approx(mean, abs=0.02)
    variance = np.average((z - mean) ** 2, weights=weight)
    assert 1 / (1 + precision) == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize(
    ("beliefs", "message"),
    [
        ({"Emial": {"roas": (1, 0.1)}}, "did you mean 'Email'"),
        ({"Email": {"roi": (1, 0.1)}}, "unknown quantity of beliefs 'roi'"),
        ({"Email": {"roas": (1, 0)}}, "must be a value and its standard error"),
        ({"Email": {"roas": (1,)}}, "must be a value and its standard error"),
        ({"Email": {"slope": (-1, 0.1)}}, "must be a positive value and its standard error"),
        ({"Email": {"adstock_decay": (1.2, 0.1)}}, "a value between 0 and 1"),
        ("robyn", "the one set with a name is 'pymc-marketing curves'"),
    ],
)
def test_what_cannot_be_believed_is_said(beliefs: Any, message: str, observed: xr.Dataset) -> None:
    with pytest.raises(UserError, match=message):
        stated.heed(beliefs, observed, read(observed)[0])


@pytest.mark.parametrize("kind", [Wiener, Diffusion])
def test_a_sure_belief_is_followed(kind: type, observed: xr.Dataset) -> None:
    """Told the ROAS of a channel (truly 3), low and high, the answer goes there."""
    found = []
    for roas in (2.0, 5.0):
        beliefs = {"Social-Media": {"roas": (roas, 0.05 * roas)}}
        settings = {"draws": 32} | ({"sampler": "dpm", "steps": 8} if kind is Diffusion else {})
        fit = kind(**settings, beliefs=beliefs).fit(observed, Budget(), 1)
        part = fit.posterior["contribution"].sel(channel="Social-Media").sum(("geo", "date")).mean()
        found.append(float(part / observed["spend"].sel(channel="Social-Media").sum()))
    assert found == pytest.approx([2.0, 5.0], rel=0.15)


def test_on_off_tests_make_beliefs() -> None:
    world = generate_mmm_dataset("small_business", seed=4)
    tests = lift_tests(world, n_per_channel=2, change=-1.0)
    beliefs = stated.from_on_off_tests(tests)
    some = tests[tests["channel"] == next(iter(beliefs))]
    value, error = beliefs[next(iter(beliefs))]["roas"]
    assert some["roi"].min() <= value <= some["roi"].max()
    measured = (some["roi_se"] ** -2.0).sum() ** -0.5
    assert error**2 - measured**2 == pytest.approx((ELSEWHERE * value) ** 2 / 2)
    channel = str(world.observed["channel"].values[0])
    with pytest.raises(UserError, match="channel off"):
        stated.from_on_off_tests(lift_test(world, channel, start=30, change=0.5))


def test_a_fitter_with_beliefs_keeps_the_contract() -> None:
    check_fitter(Wiener(draws=16, beliefs={"*": {"slope": (1.0, 0.1)}}))


def test_a_checkpoint_that_knows_no_beliefs_refuses_them() -> None:
    check_heeds(NetworkConfig(beliefs=True))
    with pytest.raises(UserError, match="not trained to heed beliefs"):
        check_heeds(NetworkConfig())
