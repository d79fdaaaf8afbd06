"""From draws of the unconstrained vector to the estimands that every fitter answers in."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from mmm_benchmark import estimands
from mmm_benchmark.fit import Fit
from mmm_benchmark.fitters.common import forecast
from mmm_benchmark.fitters.common.labelled import MULTIPLIERS
from mmm_benchmark.fitters.common.lags import lag_weights
from mmm_benchmark.fitters.common.report import noisy_sales, parameter_counts
from mmm_benchmark.fitters.jax_inference.linear import draw_coefficients
from mmm_benchmark.fitters.jax_inference.over_draws import Array, Draws, Named, over_draws
from mmm_benchmark.fitters.jax_inference.report import nuts_report
from mmm_benchmark.fitters.numpyro_mmm import density
from mmm_benchmark.fitters.numpyro_mmm.prepare import CONTROL_SD, Inputs, design, run_on
from mmm_benchmark.fitters.numpyro_mmm.sampling import Inferred
from mmm_benchmark.metrics.diagnostics import diagnose, pick_series
from mmm_benchmark.shapes.jax import ChannelGeoDate, ChannelGeoDateLag, PerGeo, Scalar, Vector
from mmm_data_generator.fields.parts import REVERSION
from mmm_data_generator.world.coefficients import autoregress

ROLES = {
    "alpha": "adstock",
    "beta": "saturation",
    "lam": "saturation",
    "mu": "effects",
    "s": "effects",
    "sigma": "effects",
    "noise": "noise",
    "intercept": "baseline",
    "fourier": "time",
    "gamma": "controls",
    "volatility": "time",
    "shocks": "time",
}


def free_parameters(z: Array, data: density.Data, given: Inputs, seed: int) -> Draws:
    """Every free parameter of the model, (chain, draw, ...), on its natural scale.

    The linear coefficients are drawn from their exact conditional law, once for each draw.
    """

    chains, draws = z.shape[:2]
    drawn = over_draws(_constrained, z, data)
    flat = {name: value.reshape(-1, *value.shape[2:]) for name, value in drawn.items()}
    residual = (given.sales - given.sales_mean[:, None]) - flat.pop("media")
    rng = np.random.default_rng(seed)
    b, gamma = draw_coefficients(rng, *design(given), residual, flat["noise"].astype(np.float64))
    flat |= {
        "intercept": given.sales_mean + 2 * given.sales_sd * b[..., 0],
        "fourier": b[..., 1:],
        "gamma": CONTROL_SD * gamma,
    }
    return {name: value.reshape(chains, draws, *value.shape[1:]) for name, value in flat.items()}


def _constrained(z: Vector, data: density.Data) -> Named:
    """Parameters, and the media's part of sales, of one draw."""
    params, _ = density.constrain(z, data)
    found = {
        "alpha": params.alpha,
        "beta": params.beta,
        "lam": params.lam,
        "mu": jnp.exp(params.log_mu),
        "s": params.s,
        "sigma": jnp.exp(params.log_sigma),
        "noise": params.noise,
        "media": density.media(params, data),
    }
    if params.volatility is not None and params.path is not None:
        found |= {
            "volatility": params.volatility,
            "shocks": density.split(z, data).shocks,
            "path": params.path,
        }
    return found


def posterior(observed: xr.Dataset, given: Inputs, draws: Draws) -> xr.Dataset:
    """Estimands of draws ``(chain, draw, ...)``, one draw after another on the device."""
    sample = draws["alpha"].shape[:2]
    rows = sample[0] * sample[1]
    flat = {name: value.reshape(rows, *value.shape[2:]) for name, value in draws.items()}
    contribution, totals = _contributions(flat, given)
    curves = dict(zip(MULTIPLIERS, np.moveaxis(totals, 1, 0), strict=True))
    total_spend = observed["spend"].sum(("geo", "date")).to_numpy()
    response = estimands.response(curves.__getitem__, total_spend)
    baseline, controls = _without_media(flat, given)
    native = _native(observed, given, flat)
    return estimands.posterior(
        observed,
        contribution=_unstack(contribution, sample),
        baseline=_unstack(baseline, sample),
        control_contribution=_unstack(controls, sample),
        response=estimands.Response(*(_unstack(values, sample) for values in response)),
        **{name: _unstack(values, sample) for name, values in native.items()},
    )


def _without_media(flat: Draws, given: Inputs) -> tuple[Array, Array]:
    """Baseline (draw, geo, date) and controls (draw, geo, date, control), currency per week."""
    scale = given.sales_scale[:, None]
    season = np.einsum("sgm,tm->sgt", flat["fourier"], given.fourier)
    baseline = scale * (flat["intercept"][..., None] + season)
    return baseline, (scale[..., None] * given.controls) * flat["gamma"][:, None, None]


def forecast_of(observed: xr.Dataset, given: Inputs, draws: Draws, seed: int) -> xr.Dataset:
    """Sales of the weeks to come, from draws ``(chain, draw, ...)`` of the weeks before."""
    sample = draws["alpha"].shape[:2]
    rows = sample[0] * sample[1]
    flat = {name: value.reshape(rows, *value.shape[2:]) for name, value in draws.items()}
    on = run_on(given, forecast.whole_window(observed))
    if "path" in flat:
        flat["path"] = _path_run_on(flat["path"], flat["volatility"], observed, seed)
    baseline, controls = _without_media(flat, on)
    expected = _contributions(flat, on)[0].sum(-1) + baseline + controls.sum(-1)
    noise = draws["noise"] * given.sales_scale
    return forecast.forecast(observed, _unstack(expected, sample), noise, seed)


def _path_run_on(path: Array, volatility: Array, observed: xr.Dataset, seed: int) -> Array:
    """Log multipliers (draw, channel, date) of all weeks: each path goes on as its law has it."""
    rng = np.random.default_rng([seed, 3])
    shocks = rng.standard_normal((forecast.weeks_to_come(observed), *path.shape[:2]))
    steps = volatility[..., None] * np.moveaxis(shocks, 0, -1)
    ahead = autoregress(np.concatenate([path[..., -1:], steps], axis=-1), 1 - REVERSION)
    return np.concatenate([path[..., :-1], ahead], axis=-1)


def _contributions(flat: Draws, given: Inputs) -> tuple[Array, Array]:
    """Contributions (draw, geo, date, channel) and totals (draw, multiplier, channel)."""
    dtype = jnp.result_type(float)
    names = {"alpha", "beta", "lam", "sigma", "path"} & set(flat)
    contribution, totals = jax.jit(_every_contribution)(
        {name: jnp.asarray(flat[name], dtype) for name in sorted(names)},
        jnp.asarray(given.lagged, dtype),
        jnp.asarray(given.sales_scale, dtype),
    )
    return np.asarray(contribution), np.asarray(totals, np.float64)


def _every_contribution(
    draws: dict[str, jax.Array], lagged: ChannelGeoDateLag, scale: PerGeo
) -> tuple[jax.Array, jax.Array]:
    """Draw by draw; data are arguments, so that one program serves all data of a shape."""

    def one(draw: dict[str, jax.Array]) -> tuple[jax.Array, jax.Array]:
        weights = lag_weights(draw["alpha"], lagged.shape[-1])
        a = jnp.einsum("cgtl,cl->cgt", lagged, weights)
        beta, lam = draw["beta"][:, None, None], draw["lam"][:, None, None]
        effect = (draw["sigma"] * scale)[..., None]
        if "path" in draw:
            effect = effect * jnp.exp(draw["path"])[:, None]

        def at(m: Scalar | float) -> ChannelGeoDate:
            return effect * density.saturation(m * a, beta, lam)

        multipliers = jnp.asarray(MULTIPLIERS, scale.dtype)
        totals = jax.lax.map(lambda m: jnp.sum(at(m), axis=(1, 2)), multipliers)
        return jnp.moveaxis(at(1.0), 0, -1), totals

    return jax.lax.map(one, draws)


def _native(observed: xr.Dataset, given: Inputs, flat: Draws) -> dict[str, Array]:
    """Coefficient, decay and half-saturation; the sigmoid's steepness is no Hill slope."""
    from scipy.special import expit, logit

    beta, lam = flat["beta"].astype(np.float64), flat["lam"].astype(np.float64)
    floor = expit(-beta * lam)
    full = flat["sigma"] * (1 - floor)[..., None] * given.sales_scale  # (draw, channel, geo)
    dates = given.sales.shape[1]
    moving = np.exp(flat["path"]) if "path" in flat else np.ones((1, 1, dates), np.float32)
    coefficient = np.einsum("scg,sct->sgtc", full.astype(np.float32),
                            np.broadcast_to(moving, (len(full), full.shape[1], dates)))  # fmt: skip
    geos = given.spend_scale.shape[0]
    native = {
        "coefficient": coefficient,
        "adstock_decay": np.repeat(flat["alpha"][:, None], geos, axis=1),
    }
    mean_spend = observed["spend"].mean("date").transpose("geo", "channel").to_numpy()
    if (mean_spend > 0).all():
        half = lam + logit((1 + floor) / 2) / beta
        native["half_saturation"] = half[:, None] * given.spend_scale / mean_spend
    return native


def contribution_series(draws: Draws, given: Inputs) -> Array:
    """Contributions of the full sample at a few hundred cells that move, (chain, draw, cell)."""
    moving = np.argwhere(given.lagged.any(axis=-1))
    c, g, t = moving[pick_series(len(moving))].T
    weights = lag_weights(draws["alpha"], given.lagged.shape[-1])
    a = np.einsum("nl,sdnl->sdn", given.lagged[c, g, t], weights[:, :, c])
    beta, lam = draws["beta"][:, :, c], draws["lam"][:, :, c]
    h = 1 / (1 + np.exp(-beta * (a - lam))) - 1 / (1 + np.exp(beta * lam))
    effect = draws["sigma"][:, :, c, g]
    if "path" in draws:
        effect = effect * np.exp(draws["path"][:, :, c, t])
    return effect * h


def as_fit(
    observed: xr.Dataset,
    given: Inputs,
    draws: Draws,
    inferred: Inferred,
    seed: int,
    prior: xr.Dataset | None = None,
) -> Fit:
    """Diagnose the full sample, thin it, and compute every estimand on the kept draws.

    ``prior`` are draws of ROAS before any sales were seen.
    """
    kept = estimands.kept_draws(*draws["alpha"].shape[:2])
    few = {name: value[:, kept] for name, value in draws.items()}
    fitted = posterior(observed, given, few)
    return Fit(
        posterior=fitted,
        posterior_predictive=noisy_sales(observed, fitted, few["noise"] * given.sales_scale, seed),
        forecast=forecast_of(observed, given, few, seed) if forecast.asked(observed) else None,
        prior=prior,
        parameter_counts=parameter_counts(draws, ROLES),
        notes=inferred.notes,
        **_report(inferred, draws, given),
    )


def _report(inferred: Inferred, draws: Draws, given: Inputs) -> dict[str, Any]:
    """Diagnostics and checks, and where NUTS ran its statistics."""
    free = {name: value for name, value in draws.items() if name in ROLES}
    series = contribution_series(draws, given)
    if inferred.sample is None:
        found = diagnose(free, contribution=series)
        return {"diagnostics": found, "checks": inferred.checks}
    return nuts_report(free, series, inferred.sample)


def _unstack(values: Array, sample: tuple[int, ...]) -> Array:
    return values.reshape(*sample, *values.shape[1:])
