"""Paths and baselines go on by their laws into weeks that no fit has seen."""

import numpy as np
import pytest
import torch
import xarray as xr
from worlds_for_tests import small

from mmm_benchmark.diffusion.problem.state import PATH_SCALE, natural_hyper
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion import forecast
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_benchmark.fitters.diffusion.wiener import Wiener
from mmm_benchmark.run.answer_checks import broken_promises
from mmm_benchmark.testing import example_observed
from mmm_data_generator.fields.parts import REVERSION
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR

SEEN, AHEAD, DRAWS = 60, 13, 20_000
CALM = {"base": "neutral", "effects_move": False, "baseline_wanders": False}


def ou_paths(rng: np.random.Generator, volatility: float) -> np.ndarray:
    """Stationary paths (draw, week) of the weeks seen and to come."""
    keep = 1 - REVERSION
    shocks = volatility * rng.standard_normal((DRAWS, SEEN + AHEAD))
    path = shocks.copy()
    path[:, 0] /= np.sqrt(1 - keep**2)
    for t in range(1, SEEN + AHEAD):
        path[:, t] = keep * path[:, t - 1] + shocks[:, t]
    return path


def test_a_path_run_on_has_the_law_of_a_path_that_was_longer() -> None:
    """Seen paths of the law, run on, move as whole paths do: every week's variance and both ends'
    covariance."""
    observed, _ = small(n=1, n_weeks=SEEN)
    state = observed.sizes.unflatten(torch.zeros(DRAWS, observed.sizes.total))
    volatility = float(natural_hyper(state.hyper)[1][0])
    whole = ou_paths(np.random.default_rng(1), volatility) / PATH_SCALE
    whole -= whole[:, :SEEN].mean(axis=1, keepdims=True)
    state.path[:, 0] = torch.from_numpy(whole[:, :SEEN]).float()
    ahead = forecast.path_ahead(state, AHEAD, torch.Generator().manual_seed(2))[:, 0].numpy()
    np.testing.assert_allclose(ahead.var(axis=0), whole[:, SEEN:].var(axis=0), rtol=0.06)
    last = whole[:, SEEN - 1]
    found, true = ((last[:, None] * after).mean(axis=0) for after in (ahead, whole[:, SEEN:]))
    np.testing.assert_allclose(found, true, atol=0.05 * true.max())


def test_a_season_and_a_trend_go_on() -> None:
    t = torch.arange(156 + AHEAD) / 52
    true = 0.6 + 0.02 * t + 0.1 * torch.cos(2 * np.pi * t)
    baseline = true[:156].expand(500, 1, 156)
    ahead = forecast.base_ahead(baseline, AHEAD, torch.Generator().manual_seed(1))
    assert ahead.shape == (500, 1, AHEAD)
    np.testing.assert_allclose(ahead.mean(0)[0], true[156:], atol=0.03)


def test_what_does_not_move_goes_on_as_it_was() -> None:
    t = torch.arange(120 + AHEAD, dtype=torch.float64)
    true = (0.6 + 0.001 * t + 0.1 * torch.cos(2 * np.pi * t / WEEKS_PER_YEAR)).float()
    generator = torch.Generator().manual_seed(1)
    ahead = forecast.base_ahead(true[:120].expand(9, 1, 120), AHEAD, generator, wanders=False)
    np.testing.assert_allclose(ahead, true[120:].expand(9, 1, AHEAD), atol=2e-3)
    _, truth = small(n=2, n_weeks=40)
    assert (forecast.path_ahead(truth.state, AHEAD, generator, moves=False) == 0).all()


@pytest.mark.parametrize(
    "fitter",
    [Wiener(draws=64), Wiener(draws=64, prior=CALM), Diffusion(draws=32, steps=4, sampler="dpm")],
)
def test_the_forecast_holds_what_came(fitter: Wiener | Diffusion) -> None:
    whole = example_observed(geos=2)
    seen = whole.isel(date=slice(0, -AHEAD))
    last = whole.isel(date=slice(-AHEAD, None)).rename(date="future_date")
    asked = seen.assign(future_spend=last["spend"], future_controls=last["controls"])
    fit = fitter.fit(asked, Budget(), 1)
    assert next(broken_promises(fit, asked), None) is None
    draws = fit.forecast["sales"].stack(sample=("chain", "draw"))
    low, high = draws.quantile(0.01, "sample"), draws.quantile(0.99, "sample")
    assert float(((low <= last["sales"]) & (last["sales"] <= high)).mean()) > 0.7
    error = float(abs(draws.mean("sample") - last["sales"]).mean() / last["sales"].mean())
    spread = last["sales"].std("future_date") / last["sales"].mean("future_date")
    assert error < float(spread.mean())
    without = fitter.fit(seen, Budget(), 1)
    xr.testing.assert_allclose(without.posterior, fit.posterior)  # asked or not, the same answer
