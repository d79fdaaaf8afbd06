"""The oracle's draws in the estimands that every fitter answers in."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from mmm_benchmark.fitters.common.labelled import MULTIPLIERS
from mmm_benchmark.fitters.jax_inference.linear import draw_coefficients
from mmm_benchmark.fitters.jax_inference.over_draws import Array, Draws, Named, over_draws
from mmm_benchmark.fitters.oracle import constant, time_varying
from mmm_benchmark.metrics.diagnostics import pick_series
from mmm_benchmark.shapes.jax import Cells, ChannelGeoDate, PerChannel, PerGeo, Scalar, Vector
from mmm_data_generator.world.transforms import spend_figure


def _time_varying_parameters(row: Vector, data: time_varying.Data) -> Named:
    return time_varying.constrain(row, data)._asdict()


def time_varying_parameters(z: Array, data: time_varying.Data) -> Draws:
    """Free parameters of a ``time_varying`` posterior."""
    return over_draws(_time_varying_parameters, z, data)


def _time_varying_estimands(row: Vector, given: tuple[time_varying.Data, PerChannel]) -> Named:
    data, per_mean = given
    params = time_varying.constrain(row, data)
    share, gamma = time_varying.parts(params, data)
    a = time_varying.adstocked(params, data)
    scaled = jnp.exp(params.path) * time_varying.response(a, params)
    level = jnp.mean(share, axis=1) / jnp.mean(scaled, axis=1) * params.sales
    coefficient = level[:, None] * jnp.exp(params.path)
    effect = jnp.sum(gamma * data.controls, axis=0)
    baseline = params.sales * (1 - params.share - jnp.mean(effect))
    totals = jax.lax.map(
        lambda m: jnp.sum(coefficient * time_varying.response(m * a, params), axis=1),
        jnp.asarray(MULTIPLIERS, a.dtype),
    )
    return {
        "contribution": (params.sales * share).T[None],
        "baseline": jnp.broadcast_to(baseline, (1, a.shape[1])),
        "control_contribution": (params.sales * gamma * data.controls).T[None],
        "totals": totals,
        "coefficient": coefficient.T[None],
        "adstock_decay": params.decay[None],
        "half_saturation": (params.half_saturation * per_mean)[None],
        "slope": params.slope[None],
        "noise": (data.law.noise_share * params.sales)[None],
    }


def time_varying_estimands(z: Array, data: time_varying.Data, observed: xr.Dataset) -> Draws:
    """Contributions and the rest of draws of a ``time_varying`` posterior, one geo."""
    spend = observed["spend"].isel(geo=0).transpose("channel", "date").to_numpy()
    active = spend_figure(spend, "mean_active")
    per_mean = jnp.asarray(active / spend.mean(axis=1), data.sales.dtype)
    return over_draws(_time_varying_estimands, z, (data, per_mean))


def _constant_parameters(row: Vector, data: constant.Data) -> Named:
    params = constant.constrain(row, data)
    return {**params._asdict(), "media": constant.media(params, data)}


def constant_parameters(
    z: Array, data: constant.Data, plain: constant.Design, observed: xr.Dataset, seed: int
) -> Draws:
    """Free parameters of a well-specified posterior; linear ones are drawn from their exact law."""
    found = over_draws(_constant_parameters, z, data)
    flat = {name: found[name].reshape(-1, *found[name].shape[2:]) for name in ("media", "noise")}
    sales = observed["sales"].transpose("geo", "date").to_numpy() / plain.sales[:, None]
    residual = sales - 1.0 - found.pop("media").reshape(flat["media"].shape)
    rng = np.random.default_rng(seed)
    noise = flat["noise"].astype(np.float64)
    own, gamma = draw_coefficients(rng, plain.own, plain.controls, residual, noise)
    shape = z.shape[:2]
    return found | {
        "linear": own.reshape(*shape, *own.shape[1:]),
        "control": gamma.reshape(*shape, *gamma.shape[1:]),
    }


def _constant_estimands(row: Vector, given: tuple[constant.Data, PerGeo]) -> Named:
    data, scale = given
    params = constant.constrain(row, data)
    a = constant.adstocked(params, data)
    coefficient = params.effect * scale

    def at(m: Scalar | float) -> ChannelGeoDate:
        return coefficient[..., None] * constant.response(m * a, params)

    weeks = (a.shape[1], a.shape[2], a.shape[0])
    multipliers = jnp.asarray(MULTIPLIERS, a.dtype)
    return {
        "contribution": jnp.moveaxis(at(1.0), 0, -1),
        "totals": jax.lax.map(lambda m: jnp.sum(at(m), axis=(1, 2)), multipliers),
        "coefficient": jnp.broadcast_to(coefficient.T[:, None], weeks),
        "adstock_decay": params.decay.T,
        "slope": params.slope.T,
        "noise": params.noise * scale,
    }


def constant_estimands(
    z: Array, draws: Draws, data: constant.Data, plain: constant.Design, observed: xr.Dataset
) -> Draws:
    """Contributions and the rest of kept draws of a well-specified posterior."""
    scale = jnp.asarray(plain.sales, data.residual.dtype)
    out = over_draws(_constant_estimands, z, (data, scale))
    sales = plain.sales[:, None]
    mean = observed["spend"].mean("date").transpose("geo", "channel").to_numpy()
    own = np.einsum("gtp,cdgp->cdgt", plain.own, draws["linear"])
    out["baseline"] = sales * (1.0 + own)
    out["control_contribution"] = (
        sales[..., None] * plain.controls * draws["control"][:, :, None, None]
    )
    if (mean > 0).all():
        half = np.swapaxes(draws["half_saturation"], -1, -2)
        out["half_saturation"] = half * plain.active / mean
    return out


def _time_varying_series(row: Vector, given: tuple[time_varying.Data, Cells]) -> Named:
    data, cells = given
    params = time_varying.constrain(row, data)
    share, _ = time_varying.parts(params, data)
    return {"series": params.sales * share.ravel()[cells]}


def _constant_series(row: Vector, given: tuple[constant.Data, Cells]) -> Named:
    data, cells = given
    params = constant.constrain(row, data)
    h = constant.response(constant.adstocked(params, data), params)
    return {"series": (params.effect[..., None] * h).ravel()[cells]}


def contribution_series(z: Array, data: time_varying.Data | constant.Data) -> Array:
    """Contributions of the full sample at a few hundred cells that move, (chain, draw, cell)."""
    moves = np.flatnonzero(np.asarray(data.lagged).any(axis=-1))
    cells = jnp.asarray(moves[pick_series(moves.size)])
    if isinstance(data, time_varying.Data):
        return over_draws(_time_varying_series, z, (data, cells))["series"]
    return over_draws(_constant_series, z, (data, cells))["series"]
