"""Draws of :mod:`.density` in the estimands that every fitter answers in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from mmm_benchmark import estimands
from mmm_benchmark.fit import Fit
from mmm_benchmark.fitters.common.labelled import MULTIPLIERS
from mmm_benchmark.fitters.common.report import noisy_sales, parameter_counts
from mmm_benchmark.fitters.hill_mmm import density
from mmm_benchmark.fitters.jax_inference.linear import draw_coefficients
from mmm_benchmark.fitters.jax_inference.over_draws import Array, Draws, Named, over_draws
from mmm_benchmark.metrics.diagnostics import pick_series
from mmm_benchmark.shapes.jax import Cells, ChannelGeo, Scalar, Vector

type Report = Callable[[Draws, Array], Mapping[str, Any]]  # free parameters and series to fields


ROLES = {
    "decay": "adstock",
    "half_saturation": "saturation",
    "slope": "saturation",
    "effect": "effects",
    "noise": "noise",
    "linear": "baseline",
    "control": "controls",
}


def _parameters(row: Vector, data: density.Data) -> Named:
    params, h = density.constrain(row, data)
    return {**params._asdict(), "media": density.media(params, h)}


def _estimands(row: Vector, data: density.Data) -> Named:
    params, h = density.constrain(row, data)
    a = density.adstocked(data.lagged, params.decay)
    log_k = jnp.log(params.half_saturation)

    def total(m: Scalar) -> ChannelGeo:
        at = density.response(m * a, log_k, params.slope)
        return jnp.sum(params.effect[..., None] * at, axis=2)  # (channel, geo)

    return {
        "contribution": jnp.transpose(params.effect[..., None] * h, (1, 2, 0)),
        "totals": jax.lax.map(total, jnp.asarray(MULTIPLIERS, a.dtype)),
    }


def _series(row: Vector, given: tuple[density.Data, Cells]) -> Named:
    data, cells = given
    params, h = density.constrain(row, data)
    return {"series": (params.effect[..., None] * h).ravel()[cells]}


def free_parameters(z: Array, data: density.Data, plain: density.Design, seed: int) -> Draws:
    """Free parameters; linear coefficients are drawn from their exact conditional law."""
    found = over_draws(_parameters, z, data)
    shape = z.shape[:2]
    media = found.pop("media").reshape(-1, *data.residual.shape)
    noise = found["noise"].reshape(len(media), -1).astype(np.float64)
    residual = np.asarray(data.residual) - media
    rng = np.random.default_rng(seed)
    own, gamma = draw_coefficients(rng, plain.own, plain.controls, residual, noise)
    return found | {
        "linear": own.reshape(*shape, *own.shape[1:]),
        "control": gamma.reshape(*shape, *gamma.shape[1:]),
    }


def contribution_series(z: Array, data: density.Data) -> Array:
    """Contributions of the full sample at a few hundred cells that move, (chain, draw, cell)."""
    moves = np.flatnonzero(np.asarray(data.lagged).any(axis=-1))
    cells = jnp.asarray(moves[pick_series(moves.size)])
    return over_draws(_series, z, (data, cells))["series"]


def posterior(
    observed: xr.Dataset, z: Array, draws: Draws, data: density.Data, plain: density.Design
) -> xr.Dataset:
    """Estimands of kept draws."""
    found = over_draws(_estimands, z, data)
    sales = plain.sales[:, None]
    totals = np.einsum("sdmcg,g->msdc", found["totals"].astype(np.float64), plain.sales)
    curves = dict(zip(MULTIPLIERS, totals, strict=True))
    geos = len(plain.sales)
    names = ("adstock_decay", "decay"), ("slope", "slope")
    native = {
        name: np.repeat(draws[own][:, :, None], geos, axis=2).astype(float) for name, own in names
    }
    mean = observed["spend"].mean("date").transpose("geo", "channel").to_numpy()
    if (mean > 0).all():
        half = draws["half_saturation"][:, :, None]
        native["half_saturation"] = half * plain.active / mean
    coefficient = np.swapaxes(draws["effect"], 2, 3)[:, :, :, None] * sales[..., None]
    controls = plain.controls * draws["control"][:, :, None, None]
    return estimands.posterior(
        observed,
        contribution=found["contribution"] * sales[..., None],
        baseline=sales * (1.0 + np.einsum("gtp,cdgp->cdgt", plain.own, draws["linear"])),
        control_contribution=sales[..., None] * controls,
        coefficient=np.broadcast_to(coefficient, found["contribution"].shape),
        response=estimands.response(
            curves.__getitem__, observed["spend"].sum(("geo", "date")).to_numpy()
        ),
        **native,
    )


def as_fit(
    observed: xr.Dataset,
    z: Array,
    data: density.Data,
    plain: density.Design,
    seed: int,
    report: Report,
) -> Fit:
    """Diagnose the full sample ``z`` (chain, draw, dimension) by ``report(free, series)``, answer.

    ``report`` gives fields of a :class:`Fit`.
    """
    free = free_parameters(z, data, plain, seed)
    kept = estimands.kept_draws(*z.shape[:2])
    few = {name: values[:, kept] for name, values in free.items()}
    fitted = posterior(observed, z[:, kept], few, data, plain)
    return Fit(
        posterior=fitted,
        posterior_predictive=noisy_sales(observed, fitted, few["noise"] * plain.sales, seed),
        parameter_counts=parameter_counts(free, ROLES),
        **report(free, contribution_series(z, data)),
    )
