"""A stated prior stands in place of the model's own law, and what it loses is said."""

from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from worlds_for_tests import noisy, small

from mmm_benchmark.diffusion.inference import stated
from mmm_benchmark.diffusion.inference.answer import read
from mmm_benchmark.diffusion.inference.limits import SHIPPED, SHIPPED_TOLD, describe
from mmm_benchmark.diffusion.inference.prior import heed_prior, left_out
from mmm_benchmark.diffusion.physics import wiener
from mmm_benchmark.diffusion.problem.beliefs import (
    SUREST,
    expected,
    with_prior,
    within_training,
)
from mmm_benchmark.diffusion.problem.state import SHAPE_MEAN, SHAPE_SCALE
from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_benchmark.priors.beliefs import PYMC_CURVES
from mmm_benchmark.priors.prior import NAMED, prior_of
from mmm_benchmark.testing import check_fitter
from mmm_data_generator import generate_mmm_dataset
from mmm_data_generator.priors.published import SIGMOID_HALF


@pytest.fixture(scope="module")
def observed() -> xr.Dataset:
    return generate_mmm_dataset("small_business", seed=3).observed


@pytest.mark.parametrize("variance", [0.01, 0.5, 1.0, 3.0])
def test_the_physics_start_from_the_prior_itself(variance: float) -> None:
    """Wider or narrower than the model's N(0, 1): it is replaced, not multiplied."""
    world, truth = small("worlds", 2)
    told = with_prior(world, torch.full((2, 3, 4), 0.7), torch.full((2, 3, 4), variance))
    state, _, _ = noisy(world, truth)
    prior = wiener.prior_given(told, state, torch.zeros(2), torch.ones(2))
    known = slice(0, 4 * 3)
    assert torch.allclose(prior.scalar[:, known], torch.tensor(0.7), atol=1e-4)
    assert torch.allclose(prior.variance[:, known], torch.tensor(variance), rtol=0.011)
    assert torch.allclose(prior.variance[:, 12:], torch.tensor(1.0))  # of controls nothing is said


def test_laws_arrive_in_the_units_of_the_model(observed: xr.Dataset) -> None:
    scaled, order = read(observed)
    first = str(observed["channel"].values[0])
    said: dict[str, Any] = {
        "*": {"roas": {"lognormal": [1.0, 0.3]}, "slope": {"lognormal": [0.0, 0.9]}},
        first: {"half_saturation": 2.0, "adstock_decay": [0.5, 0.01]},
    }
    mean, variance = expected(heed_prior(prior_of(said), observed, scaled))
    place = list(order).index(0)
    spend, count = observed["spend"].values[..., 0], observed.sizes["channel"]
    share = np.e * spend.sum() / observed["sales"].values.sum()
    assert mean[0, place, 0] == pytest.approx((np.log(share) - np.log(0.4 / count)) / 0.9, abs=0.01)
    assert variance[0, :, 0].numpy() == pytest.approx((0.3 / 0.9) ** 2, rel=0.02)
    assert variance[0, :, 3].numpy() == pytest.approx((0.9 / SHAPE_SCALE[2]) ** 2, rel=0.02)
    half = (np.log(2.0 * (spend > 0).mean()) - SHAPE_MEAN[1]) / SHAPE_SCALE[1]
    assert mean[0, place, 2] == pytest.approx(half, abs=0.01)
    assert variance[0, place, 2] == pytest.approx(SUREST**2, rel=0.01)
    assert mean[0, place, 1] == pytest.approx(-SHAPE_MEAN[0] / SHAPE_SCALE[0], abs=0.01)


def test_named_curves_replace_the_law_of_training(observed: xr.Dataset) -> None:
    told = stated.heed(PYMC_CURVES, observed, read(observed)[0])
    mean, variance = expected(told)
    assert variance[0, :, 2].numpy() == pytest.approx(
        (SIGMOID_HALF[1] / SHAPE_SCALE[1]) ** 2, rel=0.01
    )
    largest = told.lagged[0, ..., 0].amax(1).log().mean(0).numpy()
    middle = (SIGMOID_HALF[0] + largest - SHAPE_MEAN[1]) / SHAPE_SCALE[1]
    assert mean[0, :, 2].numpy() == pytest.approx(middle, rel=1e-3)
    assert (variance[0, :, :2] == 1).all()


def test_a_belief_beside_a_prior_is_one_more_observation(observed: xr.Dataset) -> None:
    said: dict[str, Any] = {"*": {"slope": {"lognormal": [0.4, 0.2]}}}
    told = heed_prior(prior_of(said), observed, read(observed)[0])
    seen = stated.heed({"*": {"slope": (1.1, 0.11)}}, observed, told)  # 0.1 in the log
    mean, variance = expected(seen)
    precision = 0.2**-2 + 0.1**-2
    log_slope = (0.4 * 0.2**-2 + np.log(1.1) * 0.1**-2) / precision
    assert mean[0, :, 3].numpy() * SHAPE_SCALE[2] + SHAPE_MEAN[2] == pytest.approx(
        log_slope, abs=0.02
    )
    assert variance[0, :, 3].numpy() * SHAPE_SCALE[2] ** 2 == pytest.approx(1 / precision, rel=0.2)
    assert torch.allclose(seen.certainty[..., :3], told.certainty[..., :3])


def test_a_network_is_told_what_it_knows_and_the_rest_is_counted(observed: xr.Dataset) -> None:
    scaled = read(observed)[0]
    mean, variance = torch.zeros(1, 4, 4), torch.full((1, 4, 4), 0.5)
    variance[0, 0, 0], mean[0, 1, 2] = 2.0, 6.0
    told, cut = within_training(with_prior(scaled, mean, variance))
    assert cut == 2
    assert (told.certainty >= 0).all()
    untouched = expected(told)[1][0, 2:]
    assert torch.allclose(untouched, torch.tensor(0.5))


@pytest.mark.parametrize("name", NAMED)
def test_what_is_lost_is_one_line(name: str) -> None:
    notes = left_out(NAMED[name], 2)
    assert name in notes[0]
    assert "2 of its laws cut" in notes[0]
    assert "quantiles" not in notes[0]
    assert "by its quantiles to the network" in left_out(NAMED[name], 0, quantiles=True)[0]
    assert ("tie to the curve" in notes[0]) == (NAMED[name].every.effect_is == "effect")


def test_the_answer_goes_where_the_prior_is_sure(observed: xr.Dataset) -> None:
    found = []
    for log_roas in (np.log(2.0), np.log(5.0)):
        said = {"base": "meridian", "Social-Media": {"roas": {"lognormal": [log_roas, 0.05]}}}
        fit = Wiener(draws=64, prior=said).fit(observed, Budget(), 1)
        assert "season, noise and geos by the model's own law" in fit.notes[0]
        part = fit.posterior["contribution"].sel(channel="Social-Media").sum(("geo", "date")).mean()
        found.append(float(part / observed["spend"].sel(channel="Social-Media").sum()))
    assert found == pytest.approx([2.0, 5.0], rel=0.15)


def test_fitters_with_a_prior_keep_the_contract() -> None:
    check_fitter(Wiener(draws=16, prior="robyn"))
    check_fitter(Diffusion(draws=16, steps=4, sampler="dpm", prior="meridian"))


def test_a_prior_asks_the_network_that_reads_priors(observed: xr.Dataset) -> None:
    told = Diffusion(draws=16, steps=2, prior="published")
    own, _ = describe(SHIPPED)
    reads, record = describe(SHIPPED_TOLD)
    assert reads.network.priors
    assert not own.network.priors
    assert told.settings()["weights"] == record["sha256"]
    assert Diffusion().settings()["weights"] != record["sha256"]
    notes = told.fit(observed, Budget(), 1).notes
    assert any("learnt from worlds of the whole law" in note for note in notes)
    assert not any("by its marginals" in note for note in notes)
    chosen = Diffusion(prior="published", checkpoint=str(SHIPPED))
    assert chosen.settings()["weights"] == Diffusion().settings()["weights"]


def test_a_network_told_returns_gives_more_to_more_money(observed: xr.Dataset) -> None:
    """Spend has no unit to the network: only what is told says that a dearer channel sells more."""
    dear = observed.copy(deep=True)
    dear["spend"].loc[{"channel": "Social-Media"}] *= 20

    def share(dataset: xr.Dataset, prior: str | None) -> float:
        found = Diffusion(draws=64, steps=8, sampler="dpm", prior=prior).fit(dataset, Budget(), 1)
        total = found.posterior["contribution"].sum(("geo", "date")).mean(("chain", "draw"))
        return float(total.sel(channel="Social-Media") / total.sum())

    assert share(dear, None) == pytest.approx(share(observed, None), rel=1e-3)
    assert share(dear, "published") > 1.2 * share(observed, "published")


def test_keys_stay_where_nothing_is_said_and_change_where_the_answer_does() -> None:
    assert Wiener().settings() == {"draws": 200, "beliefs": None}
    assert "prior" not in Diffusion().settings()
    assert Wiener(prior="robyn").settings()["prior"] == "robyn"
    assert Wiener(beliefs=PYMC_CURVES).settings()["curves"] == "in place"
    assert "curves" not in Wiener(beliefs={"*": {"slope": (1.0, 0.1)}}).settings()


def test_a_channel_that_is_not_there_is_said(observed: xr.Dataset) -> None:
    with pytest.raises(UserError, match="unknown channel of prior 'Emial'"):
        heed_prior(prior_of({"Emial": {"slope": 1.0}}), observed, read(observed)[0])
