"""The sampled MMM in the estimands that every fitter answers in."""

from __future__ import annotations

from typing import Final

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from pymc_marketing.mmm import MMM

from mmm_benchmark import estimands
from mmm_benchmark.fit import Fit
from mmm_benchmark.fitters.common import forecast
from mmm_benchmark.fitters.common.lags import lag_weights
from mmm_benchmark.fitters.common.report import (
    convergence_checks,
    noisy_sales,
    nuts_diagnostics,
    parameter_counts,
)
from mmm_benchmark.fitters.pymc_marketing import forward
from mmm_benchmark.fitters.pymc_marketing.model import control_scale
from mmm_benchmark.metrics.diagnostics import pick_series

type Array = NDArray[np.float64]

#: Values of a (draw, geo, date, channel) array held at once: half a gigabyte of float64.
BATCH_VALUES: Final = 2**23

ROLES: Final = {
    "adstock_alpha": "adstock",
    "gamma_control": "controls",
    "intercept_contribution": "baseline",
    "gamma_fourier": "time",
    "y_sigma": "noise",
}
MULTIPLIER: Final = "media_temporal_latent_multiplier"


def summarise(
    observed: xr.Dataset,
    mmm: MMM,
    model: pm.Model,
    free: xr.Dataset,
    stats: xr.Dataset,
    seed: int,
    notes: tuple[str, ...],
) -> Fit:
    """Diagnose the full sample, thin it, and compute every estimand on the kept draws."""
    data = forward.Data.of(observed, mmm)
    multiplier = media_multiplier(model, free)
    everything = forward.Draws.of(free, multiplier, observed)
    by_name = {str(name): values.to_numpy() for name, values in free.items()}
    diagnostics = nuts_diagnostics(
        by_name,
        contribution_series(data, everything, free.sizes["chain"]),
        diverging=_or_none(stats, "diverging"),
        tree_depth=_or_none(stats, "tree_depth"),
        energy=_or_none(stats, "energy"),
    )
    kept = estimands.kept_draws(free.sizes["chain"], free.sizes["draw"])
    thin = forward.Draws.of(
        free.isel(draw=kept), None if multiplier is None else multiplier.isel(draw=kept), observed
    )
    sample = (free.sizes["chain"], kept.size)
    posterior, more_notes = posterior_of(observed, data, thin, sample)
    noise = _unstack(thin.noise * data.target_scale, sample)  # (chain, draw, geo)
    return Fit(
        posterior=posterior,
        posterior_predictive=noisy_sales(observed, posterior, noise, seed),
        forecast=forecast_of(observed, data, thin, noise, seed)
        if forecast.asked(observed) and multiplier is None
        else None,
        sample_stats=stats.isel(draw=kept).assign_coords(draw=np.arange(kept.size)),
        diagnostics=diagnostics,
        # what moves over time is named by the library after its process
        parameter_counts=parameter_counts(
            by_name, ROLES | everything.curve.roles(), otherwise="time"
        ),
        checks=convergence_checks(diagnostics),
        notes=(*notes, *more_notes),
    )


def forecast_of(
    observed: xr.Dataset,
    data: forward.Data,
    draws: forward.Draws,
    noise: NDArray[np.floating],
    seed: int,
) -> xr.Dataset:
    """Sales of the weeks to come, from draws of the weeks before; ``noise`` (chain, draw, geo)."""
    on = data.run_on(forecast.whole_window(observed), control_scale(observed))
    lagged = on.lagged()
    sales = forward.baseline(draws, on) + forward.control_contribution(draws, on).sum(-1)
    step = max(1, BATCH_VALUES // on.spend.size)
    for start in range(0, len(draws), step):
        rows = slice(start, start + step)
        batch = draws[rows].on(on.spend.shape[1])
        sales[rows] += forward.contribution(forward.adstocked(lagged, batch), batch, on).sum(-1)
    chains, kept, _ = noise.shape
    return forecast.forecast(observed, _unstack(sales, (chains, kept)), noise, seed)


def media_multiplier(model: pm.Model, free: xr.Dataset) -> xr.DataArray | None:
    """The path that multiplies each channel's effect, from the library's own graph."""
    if MULTIPLIER not in model.named_vars:
        return None
    computed = pm.compute_deterministics(
        free, var_names=[MULTIPLIER], model=model, progressbar=False
    )
    return computed[MULTIPLIER]


def contribution_series(data: forward.Data, draws: forward.Draws, chains: int) -> Array:
    """Contributions of the full sample at a few hundred (geo, date, channel) cells that move.

    Shape ``(chain, draw, cell)``. All of them would be gigabytes on a large panel.
    """
    lagged = data.lagged()
    moving = np.argwhere(lagged.any(axis=-1))
    g, t, c = moving[pick_series(len(moving))].T
    x = np.einsum(
        "il,sil->si", lagged[g, t, c], lag_weights(draws.decay, lagged.shape[-1])[:, g, c]
    )
    shape = draws.curve.response(x, draws.first[:, g, c], draws.second[:, g, c])
    effect = draws.asymptote[:, g, c] * draws.multiplier[:, t, c]
    return (data.target_scale[g] * effect * shape).reshape(chains, -1, g.size)


def posterior_of(
    observed: xr.Dataset, data: forward.Data, draws: forward.Draws, sample: tuple[int, int]
) -> tuple[xr.Dataset, tuple[str, ...]]:
    """Estimands of the kept draws, batch by batch; and notes on what could not be said."""
    lagged = data.lagged()
    cells = data.spend.shape
    contribution = np.empty((len(draws), *cells), dtype=np.float32)
    responses = []
    step = max(1, BATCH_VALUES // data.spend.size)
    total_spend = observed["spend"].sum(("geo", "date")).to_numpy()
    for start in range(0, len(draws), step):
        rows = slice(start, start + step)
        batch = draws[rows]
        x = forward.adstocked(lagged, batch)
        contribution[rows] = forward.contribution(x, batch, data)

        def totals(m: float, x: Array = x, batch: forward.Draws = batch) -> Array:
            return forward.contribution(m * x, batch, data).sum(axis=(1, 2))

        responses.append(estimands.response(totals, total_spend))
    response = estimands.Response(
        *(_unstack(np.concatenate(parts), sample) for parts in zip(*responses, strict=True))
    )
    native, notes = native_parameters(observed, data, draws)
    posterior = estimands.posterior(
        observed,
        contribution=_unstack(contribution, sample),
        baseline=_unstack(forward.baseline(draws, data), sample),
        control_contribution=_unstack(forward.control_contribution(draws, data), sample),
        response=response,
        **{name: _unstack(values, sample) for name, values in native.items()},
    )
    return posterior, notes


def native_parameters(
    observed: xr.Dataset, data: forward.Data, draws: forward.Draws
) -> tuple[dict[str, NDArray[np.floating]], tuple[str, ...]]:
    """Coefficient, decay and half-saturation; the sigmoid's steepness is no Hill slope."""
    size = (len(draws), *data.channel_scale.shape)
    full = draws.asymptote * forward.full_saturation(draws) * data.target_scale[:, None]
    moving = np.asarray(full[:, :, None] * draws.multiplier[:, None], dtype=np.float32)
    native: dict[str, NDArray[np.floating]] = {
        "coefficient": moving,
        "adstock_decay": np.broadcast_to(draws.decay, size),
    }
    mean_spend = observed["spend"].mean("date").transpose("geo", "channel").to_numpy()
    if not (mean_spend > 0).all():
        return native, ("half-saturation left out: a channel never spends in some geo",)
    in_currency = forward.half_saturation(draws) * data.channel_scale
    return native | {"half_saturation": in_currency / mean_spend}, ()


def _or_none(stats: xr.Dataset, name: str) -> NDArray[np.float64] | None:
    return stats[name].to_numpy() if name in stats else None


def _unstack(values: NDArray[np.floating], sample: tuple[int, int]) -> NDArray[np.floating]:
    return values.reshape(*sample, *values.shape[1:])
