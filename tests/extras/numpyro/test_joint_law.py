"""``--prior published`` is the joint law of the reference where the data are ones it speaks of."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.jax_inference.mixed import Mixed
from mmm_benchmark.fitters.jax_inference.nuts import Sample
from mmm_benchmark.fitters.numpyro_mmm.exact import Exact
from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM
from mmm_benchmark.fitters.oracle.fitter import Oracle
from mmm_benchmark.fitters.published_mmm import sampling, stated
from mmm_benchmark.plan.generating_family import family_text
from mmm_benchmark.priors.prior import NAMED
from mmm_benchmark.testing import example_observed
from mmm_data_generator import generate_mmm_dataset

JOINT = NAMED["published"]


def test_it_speaks_of_one_geo_and_weeks():
    observed = example_observed(geos=1)
    assert stated.holds(observed, JOINT)
    assert not stated.holds(observed, NAMED["meridian"])
    assert not stated.holds(observed, replace(JOINT, curve="hill"))
    assert not stated.holds(example_observed(geos=2), JOINT)
    days = observed["date"].to_numpy()[0] + np.arange(observed.sizes["date"]).astype("m8[D]")
    assert not stated.holds(observed.assign_coords(date=days), JOINT)


@pytest.mark.parametrize("fitter", [Exact, NumpyroMMM])
def test_keys_of_other_fits_stay_as_they_were(fitter):
    assert "joint" not in fitter().settings()
    assert "joint" not in fitter(prior="meridian").settings()
    assert fitter(prior="published").settings()["joint"] is True
    assert fitter(prior="published", joint=False).settings()["joint"] is False
    assert "joint" not in fitter(prior={"base": "published", "*": {"slope": 1.0}}).settings()


def test_it_is_the_reference_of_a_world_of_the_law():
    """One density and one sampler: the same seed and budget give the same draws."""
    dataset = generate_mmm_dataset("published_short", seed=3)
    observed = dataset.observed
    family = observed.assign_attrs(family=family_text(dataset))
    theirs = Oracle().fit(family, Budget(chains=2, tune=30, draws=10), 1)
    ours = NumpyroMMM(prior="published").fit(observed, Budget(chains=2, tune=30, draws=20), 1)
    for name in ("contribution", "roas"):
        np.testing.assert_allclose(ours.posterior[name], theirs.posterior[name], rtol=1e-6)
    assert stated.NOTE in ours.notes
    assert "reference" not in str(ours.checks)


@pytest.mark.parametrize(("enough_at", "rounds", "draws"), [(1, 1, 5), (2, 2, 5), (9, 4, 15)])
def test_rounds_go_on_from_the_last_and_the_first_is_warm_up(monkeypatch, enough_at, rounds, draws):
    asked = []

    def chains(data, budget, seed, frame, starts):
        asked.append((seed, starts[0].copy()))
        z = np.full((2, 5, 3), float(len(asked)))
        flat = np.zeros((2, 5))
        return Mixed(Sample(z, flat, flat, flat, flat), np.zeros((2, 5, 1), np.int64))

    first = np.zeros((2, 3)), np.zeros((2, 1), np.int64)
    monkeypatch.setattr(sampling, "_chains", chains)
    monkeypatch.setattr(sampling, "_starts", lambda *given: (None, first))
    found = sampling.sample_until(
        None, Budget(chains=2, draws=5), 1, lambda drawn: len(asked) >= enough_at
    )
    assert len(asked) == len({seed for seed, _ in asked}) == rounds
    assert found.sample.z.shape == (2, draws, 3)
    assert [float(start.max()) for _, start in asked] == [float(i) for i in range(rounds)]


def test_short_chains_answer_for_a_company_of_ones_own():
    """No draw is lost, and what could not be reached is said."""
    with jax.enable_x64(True):
        observed = example_observed(geos=1, weeks=60)
        fit = Exact(prior="published").fit(observed, Budget(chains=2, tune=60, draws=40), 1)
    assert {"r_hat", "ess_bulk", "self_check"} <= set(fit.diagnostics)
    assert "k_hat" not in fit.diagnostics
    assert fit.notes[0] == stated.NOTE
    share = fit.posterior["contribution"].sum(("geo", "date", "channel")) / observed["sales"].sum()
    assert ((share > 0) & (share < 1.2)).all()
