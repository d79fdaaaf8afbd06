"""The fitters' contract, what they decline, and what they warn about."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmm_benchmark.diffusion.inference import answer
from mmm_benchmark.diffusion.inference.limits import describe, outside_prior
from mmm_benchmark.diffusion.problem.state import natural_shape
from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_benchmark.fitters.diffusion.gated import OF_NETWORK, Gated
from mmm_benchmark.fitters.diffusion.wiener import Wiener, solved
from mmm_benchmark.testing import check_fitter
from mmm_data_generator import generate_mmm_dataset

LEARNT = Path(__file__).parents[3] / "benchmarks" / "results" / "diffusion" / "gate_bought.csv"


@pytest.fixture(scope="module")
def observed() -> xr.Dataset:
    return generate_mmm_dataset("small_business", seed=3).observed


def test_wiener_keeps_the_contract() -> None:
    check_fitter(Wiener(draws=16))


def test_diffusion_keeps_the_contract() -> None:
    check_fitter(Diffusion(draws=16, steps=4, sampler="dpm"))


def test_diffusion_beside_its_physics_keeps_the_contract() -> None:
    check_fitter(Gated(draws=16, steps=4, sampler="dpm"))


def test_the_proportion_is_the_one_that_was_learnt() -> None:
    with LEARNT.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["answer"] == "one weight"]
    assert {float(row["weight"]) for row in rows} == {OF_NETWORK}


def test_draws_are_the_networks_and_the_physics_in_that_proportion(observed: xr.Dataset) -> None:
    few = {"draws": 40, "steps": 4, "sampler": "dpm"}
    both = Gated(**few).fit(observed, Budget(), 3)
    scaled, order = answer.read(observed)
    physics = natural_shape(solved(scaled, 9, 3).state.shape)[:, 0, 0].sigmoid()
    network = Diffusion(**few | {"draws": 31}).fit(observed, Budget(), 3).posterior
    found, alone = (
        each["adstock_decay"].isel(geo=0, channel=order[0]).values.ravel()
        for each in (both.posterior, network)
    )
    assert np.allclose(np.sort(found), np.sort([*alone, *physics.tolist()]), rtol=1e-4)
    assert len(set(np.isclose(found[:20, None], alone).any(1))) == 2  # in random order
    assert "9 of 40 draws are of its physics alone (wiener)" in both.notes
    assert both.diagnostics["physics_evidence_gain"] >= 0


def test_ancestral_sampling_answers_too(observed: xr.Dataset) -> None:
    fit = Diffusion(sampler="ddpm", steps=5, draws=16).fit(observed, Budget(), 0)
    assert fit.posterior.sizes["draw"] == 16
    assert fit.posterior["contribution"].values.std(1).mean() > 0


def test_currency_scales_money_and_nothing_else(observed: xr.Dataset) -> None:
    fitter = Diffusion(draws=16, steps=4)
    a = fitter.fit(observed, Budget(), 1).posterior
    dearer = observed.assign(sales=observed["sales"] * 110.0)
    b = fitter.fit(dearer, Budget(), 1).posterior
    assert np.allclose(b["contribution"], 110 * a["contribution"], rtol=2e-2, atol=30)
    assert np.allclose(b["adstock_decay"], a["adstock_decay"], atol=5e-3)


@pytest.mark.parametrize("fitter", [Diffusion(), Wiener()])
def test_what_cannot_be_answered_is_declined(
    fitter: Diffusion | Wiener, observed: xr.Dataset
) -> None:
    assert fitter.skip(observed) is None
    short = observed.isel(date=slice(20))
    assert "20 weeks" in str(fitter.skip(short))
    daily = observed.assign_coords(date=pd.date_range("2024-01-01", periods=observed.sizes["date"]))
    assert "daily, not weekly" in str(fitter.skip(daily))
    many = xr.concat(
        [observed["spend"].isel(channel=[0]).assign_coords(channel=[f"c{i}"]) for i in range(31)],
        dim="channel",
    ).transpose("geo", "date", "channel")
    crowded = observed.drop_dims("channel").assign(spend=many)
    assert "31 channels" in str(fitter.skip(crowded))
    constant = observed.copy(deep=True)
    constant["spend"].loc[{"channel": "Email"}] = 100.0
    assert "'Email' is constant" in str(fitter.skip(constant))


def test_a_dataset_outside_the_prior_gets_a_note(observed: xr.Dataset) -> None:
    _, record = describe()
    assert outside_prior(observed, record) == ()
    odd = observed.copy(deep=True)
    odd["sales"][0, 50] *= 200
    notes = outside_prior(odd, record)
    assert any("largest week of sales" in note for note in notes)


def test_wrong_settings_are_refused(observed: xr.Dataset) -> None:
    with pytest.raises(UserError, match="allowed: ddpm, ddim, dpm"):
        Diffusion(sampler="euler").fit(observed, Budget(), 0)
    with pytest.raises(UserError, match="fingerprint"):
        Diffusion(weights="other").fit(observed, Budget(), 0)
    with pytest.raises(UserError, match="draws = 0"):
        Wiener(draws=0).fit(observed, Budget(), 0)
