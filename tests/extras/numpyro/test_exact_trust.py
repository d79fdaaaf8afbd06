"""What ``exact`` says of itself follows from its weights and its chains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark.fit import Fit
from mmm_benchmark.fitters.jax_inference.weighted import Drawn
from mmm_benchmark.fitters.numpyro_mmm.exact import checked
from mmm_benchmark.metrics.judged import judged
from mmm_benchmark.testing import example_observed

SAMPLE = ("chain", "draw", "channel")


def answer(**diagnostics: float) -> Fit:
    rng = np.random.default_rng(0)
    seen = example_observed(geos=1)["sales"]
    roas = xr.DataArray(np.exp(0.05 * rng.standard_normal((2, 50, 3))), dims=SAMPLE)
    noise = xr.DataArray(rng.standard_normal((2, 50)), dims=SAMPLE[:2])
    sales = seen * (1 + 0.1 * noise)
    fit = Fit(
        posterior=xr.Dataset({"roas": roas}),
        posterior_predictive=xr.Dataset({"sales": sales}),
    )
    found = {"r_hat": 1.0, "ess_bulk": 900.0, "divergences": 0.0, **diagnostics}
    green = found["r_hat"] < 1.01 and found["ess_bulk"] > 400 and not found["divergences"]
    return replace(fit, diagnostics=found, checks={"no_divergences": green})


@pytest.mark.parametrize(
    ("k_hat", "chains", "level", "words"),
    [
        (0.4, None, 0, "trust: "),
        (1.1, {}, 0, "trust: "),
        (1.1, {"divergences": 3.0}, 1, "check with longer chains of numpyro-mmm: k-hat"),
        (1.1, {"r_hat": 1.2}, 2, "do not use: k-hat of the weights 1.10"),
        (1.1, {"ess_bulk": 40.0}, 2, "do not use: "),
    ],
)
def test_the_sentence(k_hat: float, chains: dict | None, level: int, words: str) -> None:
    sample = None if chains is None else object()
    drawn = Drawn(np.zeros((2, 5, 1)), k_hat, 1000.0, sample)
    observed = example_observed(geos=1)
    found = checked(answer(**(chains or {})), observed, drawn)
    own = judged(answer(), observed).diagnostics["self_check"]
    assert own == 0.0  # the draws alone are trusted
    assert found.diagnostics["self_check"] == level
    assert found.notes[-1].startswith(words)
    assert found.checks["self_check"] is (level < 2)
