"""The sampled Meridian model in the estimands that every fitter answers in."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

import arviz as az
import numpy as np
import xarray as xr
from meridian import backend
from meridian.analysis.analyzer import Analyzer
from meridian.model.model import Meridian
from numpy.typing import NDArray

from mmm_benchmark import estimands
from mmm_benchmark.fit import Fit
from mmm_benchmark.fitters.common.lags import lag_tensor, lag_weights
from mmm_benchmark.fitters.common.report import (
    convergence_checks,
    noisy_sales,
    nuts_diagnostics,
    parameter_counts,
)
from mmm_benchmark.fitters.meridian import priors
from mmm_benchmark.fitters.meridian.data import rests
from mmm_benchmark.fitters.meridian.model import order
from mmm_benchmark.metrics.diagnostics import pick_series

type Array = NDArray[np.float64]

#: Values of a (draw, geo, date, channel) array that the analyzer returns at once.
BATCH_VALUES: Final = 2**25

ROLES: Final = {
    "alpha_m": "adstock",
    "ec_m": "saturation",
    "slope_m": "saturation",
    "roi_m": "effects",
    "beta_m": "effects",
    "eta_m": "effects",
    "beta_gm": "effects",
    "gamma_c": "controls",
    "xi_c": "controls",
    "gamma_gc": "controls",
    "tau_g": "baseline",
    "knot_values": "time",
    "sigma": "noise",
}
#: Absent from a national model, where each repeats another parameter or is fixed at zero.
OVER_GEOS: Final = ("eta_m", "beta_gm", "xi_c", "gamma_gc", "tau_g")


def summarise(
    observed: xr.Dataset, model: Meridian, posterior: xr.Dataset, stats: xr.Dataset, seed: int
) -> Fit:
    """Diagnose the full sample, thin it, and let the analyzer compute on the kept draws."""
    free = free_parameters(posterior, model)
    stats = stats.rename({"lp": "log_density"}) if "lp" in stats else stats
    stats = stats.assign(tree_depth=np.log2(stats["n_steps"].clip(min=1)).astype(int) + 1)
    diagnostics = nuts_diagnostics(
        {name: values.to_numpy() for name, values in free.items()},
        contribution_series(model, posterior),
        diverging=stats["diverging"].to_numpy(),
        tree_depth=stats["tree_depth"].to_numpy(),
    )
    kept = estimands.kept_draws(posterior.sizes["chain"], posterior.sizes["draw"])
    thin = posterior.isel(draw=kept)
    answer = posterior_of(observed, model, thin)
    return Fit(
        posterior=answer,
        posterior_predictive=noisy_sales(observed, answer, noise_sd(observed, model, thin), seed),
        sample_stats=stats.isel(draw=kept).assign_coords(draw=np.arange(kept.size)),
        diagnostics=diagnostics,
        # the baseline geo's level is fixed at zero, not free
        parameter_counts=parameter_counts(
            counted(free, observed), ROLES, otherwise="time", fixed={"tau_g": 1}
        ),
        checks=convergence_checks(diagnostics),
        notes=notes(observed, model),
    )


def free_parameters(posterior: xr.Dataset, model: Meridian) -> dict[str, xr.DataArray]:
    """What was sampled; geo effects stand for the standard deviates that they are made of.

    Under ROI priors the effects follow from the ROI; otherwise the ROI from the effects.
    """
    by_roi = model.model_spec.effective_media_prior_type == "roi"
    left_out = {"beta_m" if by_roi else "roi_m", *(OVER_GEOS if model.is_national else ())}
    found = {name: posterior[name] for name in ROLES if name in posterior and name not in left_out}
    return {name: values for name, values in found.items() if float(values.std()) > 0}  # not fixed


def posterior_of(observed: xr.Dataset, model: Meridian, posterior: xr.Dataset) -> xr.Dataset:
    """Estimands of the kept draws, in the order of the observed coordinates."""
    draws = posterior.sizes["draw"]
    cells = int(np.prod([observed.sizes[dim] for dim in ("geo", "date", "channel")]))
    step = max(1, BATCH_VALUES // (cells * posterior.sizes["chain"]))
    parts = [
        media_and_expected(observed, model, posterior.isel(draw=slice(start, start + step)))
        for start in range(0, draws, step)
    ]
    contribution = np.concatenate([media for media, _ in parts], axis=1)
    expected = np.concatenate([total for _, total in parts], axis=1)
    control = control_contribution(observed, model, posterior)
    analyzer = analyzer_of(model, posterior)

    def totals(m: float) -> Array:
        if m == 0:
            return np.zeros((posterior.sizes["chain"], draws, observed.sizes["channel"]))
        outcome = analyzer.incremental_outcome(
            scaling_factor1=m, use_kpi=True, batch_size=min(step, draws)
        )
        return np.asarray(outcome)

    total_spend = observed["spend"].sum(("geo", "date")).to_numpy()
    return estimands.posterior(
        observed,
        contribution=contribution,
        baseline=expected - contribution.sum(-1) - control.sum(-1),
        control_contribution=control,
        response=estimands.response(totals, total_spend),
        **native_parameters(observed, model, posterior),
    )


def media_and_expected(
    observed: xr.Dataset, model: Meridian, posterior: xr.Dataset
) -> tuple[Array, Array]:
    """Contributions (chain, draw, geo, date, channel) and expected sales, from the analyzer."""
    analyzer = analyzer_of(model, posterior)
    whole = {"use_kpi": True, "batch_size": posterior.sizes["draw"]}
    media = analyzer.incremental_outcome(aggregate_geos=False, aggregate_times=False, **whole)
    total = analyzer.expected_outcome(aggregate_geos=False, aggregate_times=False, **whole)
    places = order(observed, model)
    return np.asarray(media)[:, :, places], np.asarray(total)[:, :, places]


def analyzer_of(model: Meridian, posterior: xr.Dataset) -> Analyzer:
    """An analyzer that sees these draws only."""
    renumbered = posterior.assign_coords(draw=np.arange(posterior.sizes["draw"]))
    return Analyzer(
        model_context=model.model_context,
        inference_data=az.InferenceData(posterior=renumbered),
    )


def control_contribution(observed: xr.Dataset, model: Meridian, posterior: xr.Dataset) -> Array:
    """Sales brought by each control compared with the control at zero, currency per week.

    The library standardises controls; the part that centring adds belongs to the baseline.
    """
    values = observed["controls"].transpose("geo", "date", "control").to_numpy()
    if values.shape[-1] == 0:
        return np.zeros((posterior.sizes["chain"], posterior.sizes["draw"], *values.shape))
    spread = values.std(axis=(0, 1))
    scaled = np.divide(values, spread, out=np.zeros(values.shape), where=spread > 0)
    effect = over_geos(observed, model, posterior["gamma_gc"])  # (chain, draw, geo, control)
    effect = effect[..., : values.shape[-1]]  # what follows is the season, part of the baseline
    return effect[..., None, :] * scaled * sales_scale(observed, model)[:, None, None]


def native_parameters(
    observed: xr.Dataset, model: Meridian, posterior: xr.Dataset
) -> dict[str, NDArray[np.floating]]:
    """Coefficient, decay, half-saturation and slope; the transforms are shared by geos."""
    coefficient = (
        over_geos(observed, model, posterior["beta_gm"]) * sales_scale(observed, model)[:, None]
    )
    shape = coefficient.shape
    by_week = np.asarray(coefficient, np.float32)[..., None, :]

    def shared(name: str) -> Array:
        return np.broadcast_to(posterior[name].to_numpy()[:, :, None], shape)

    native: dict[str, NDArray[np.floating]] = {
        "coefficient": np.broadcast_to(by_week, (*shape[:3], observed.sizes["date"], shape[-1])),
        "adstock_decay": shared("alpha_m"),
        "slope": shared("slope_m"),
    }
    mean_spend = observed["spend"].mean("date").transpose("geo", "channel").to_numpy()
    if (mean_spend > 0).all():
        native["half_saturation"] = shared("ec_m") * media_scale(observed, model) / mean_spend
    return native


def contribution_series(model: Meridian, posterior: xr.Dataset) -> Array:
    """Contributions of the full sample at a few hundred cells that move, standardised sales.

    Shape ``(chain, draw, cell)``; the library's equations, on those cells alone.
    """
    media = np.asarray(model.media_tensors.media_scaled)
    lags = model.model_spec.max_lag + 1
    lagged = lag_tensor(media, lags, axis=1)
    moving = np.argwhere(lagged.any(axis=-1))
    g, t, c = moving[pick_series(len(moving))].T
    weights: Array = lag_weights(posterior["alpha_m"].to_numpy(), lags)
    x = np.einsum("il,...il->...i", lagged[g, t, c], weights[:, :, c])
    slope, half = posterior["slope_m"].to_numpy()[..., c], posterior["ec_m"].to_numpy()[..., c]
    return posterior["beta_gm"].to_numpy()[:, :, g, c] / (1 + (half / x) ** slope)


def noise_sd(observed: xr.Dataset, model: Meridian, posterior: xr.Dataset) -> Array:
    """Standard deviation of sales, (chain, draw, geo), currency per week."""
    sigma = posterior["sigma"].to_numpy()
    if model.model_spec.unique_sigma_for_each_geo and not model.is_national:
        sigma = sigma[:, :, order(observed, model)]
    return sigma.reshape(*sigma.shape[:2], -1) * sales_scale(observed, model)


def over_geos(observed: xr.Dataset, model: Meridian, values: xr.DataArray) -> Array:
    """``(chain, draw, geo, ...)`` in the order of the observed geos."""
    return values.to_numpy()[:, :, order(observed, model)]


def sales_scale(observed: xr.Dataset, model: Meridian) -> Array:
    """Currency per week for one unit of the model's sales, ``(geo,)``."""
    per_head = float(model.kpi_transformer.population_scaled_stdev)
    return per_head * np.asarray(model.population)[order(observed, model)]


def media_scale(observed: xr.Dataset, model: Meridian) -> Array:
    """Currency per week for one unit of the model's media, ``(geo, channel)``."""
    factors = np.asarray(model.media_tensors.media_transformer.scale_factors_gm)
    return factors[order(observed, model)]


def counted(free: dict[str, xr.DataArray], observed: xr.Dataset) -> dict[str, xr.DataArray]:
    """Free parameters with the season, which the library holds as controls, set apart."""
    controls = observed.sizes["control"]
    of_controls = [name for name in free if ROLES[name] == "controls"]
    own = {name: free[name][..., :controls] for name in of_controls}
    waves = {f"season {name}": free[name][..., controls:] for name in of_controls}
    return free | own | waves


def stated_priors(model: Meridian) -> tuple[str, ...]:
    """The priors that say how large and how bent effects may be, for the note on the fit."""
    by_roi = model.model_spec.effective_media_prior_type == "roi"
    return ("roi_m" if by_roi else "beta_m", "alpha_m", "ec_m", "slope_m")


def notes(observed: xr.Dataset, model: Meridian) -> tuple[str, ...]:
    """What a reader of the tables must know."""
    found = [
        "JAX compiles inside the phase 'sample'",
        f"knots at weeks {', '.join(str(k) for k in model.knot_info.knot_locations)}",
    ]
    spec = model.model_spec
    resting = observed["channel"].values[rests(observed, spec.max_lag)]
    given = {name: getattr(spec.prior, name) for name in stated_priors(model)}
    found.append(
        f"google-meridian {version('google-meridian')}: max_lag {spec.max_lag}, "
        + ", ".join(f"{name} {priors.describe(prior)}" for name, prior in given.items())
    )
    sampled = not isinstance(spec.prior.slope_m, backend.tfd.Deterministic)
    if not sampled:
        found.append("Hill slope fixed at 1")
    elif resting.size:
        found.append(
            "Hill slope prior Gamma(2, 1) cut off below 1, where the library's gradient is not "
            f"defined for channels that rest nine weeks: {', '.join(map(str, resting))}"
        )
    if model.is_national:
        found.append("national data: the library fixes the spread over geos (eta, xi) at zero")
    return tuple(found)
