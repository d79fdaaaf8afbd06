"""Two answers to one question: what may differ, and what may not."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark.reproduction.compare import compare, standard_error
from tests.fixtures.scored_worlds import fake_fit, world


def posterior(seed: int = 1, **how: float) -> xr.Dataset:
    return fake_fit(world(geos=1, weeks=20), seed=seed, **how).groups["posterior"]


def test_the_same_answer_agrees_to_the_last_digit() -> None:
    found = compare(posterior(), posterior(), "scipy")
    assert len(found) == 10  # three quantities of three channels, and the baseline
    assert all(each.agrees and each.stored == each.again for each in found)


@pytest.mark.parametrize(("library", "agrees"), [("scipy", False), ("numpyro-mmm", True)])
def test_only_a_sampler_may_differ_by_its_monte_carlo_error(library: str, agrees: bool) -> None:
    rng = np.random.default_rng(2)
    one = posterior()
    order = rng.integers(one.sizes["draw"], size=one.sizes["draw"])  # other draws of the same law
    found = compare(one, one.isel(draw=order), library)
    assert all(each.agrees for each in found) == agrees


@pytest.mark.parametrize("library", ["scipy", "diffusion", "numpyro-mmm", "pymc", "meridian"])
def test_another_answer_is_seen_whoever_gave_it(library: str) -> None:
    one = posterior(draws=400)
    other = one.assign(roas=one["roas"] * 1.3)
    wrong = [each.quantity for each in compare(one, other, library) if not each.agrees]
    assert wrong == ["roas channel-0", "roas channel-1", "roas channel-2"]


@pytest.mark.statistical
def test_the_standard_error_is_that_of_independent_draws() -> None:
    rng = np.random.default_rng(3)
    draws = rng.normal(size=(2, 500))
    assert standard_error(draws) == pytest.approx(1 / np.sqrt(1000), rel=0.25)
    assert standard_error(np.zeros((1, 1))) == 0.0
    apart = draws + np.array([[0.0], [1.0]])
    assert standard_error(apart) == pytest.approx(0.5, rel=0.2)
