"""Draws of :mod:`.geos` in the estimands that every fitter answers in: one draw at a time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from mmm_benchmark.fitters.common.labelled import MULTIPLIERS
from mmm_benchmark.fitters.published_mmm import geos


def made(row: Any, data: geos.Data) -> tuple[Any, ...]:
    """Unknowns, adstock, world and height of a vector with the laws of its curves behind it."""
    size = geos.dimension(data)
    z, kinds = row[:size], jnp.round(row[size:]).astype(int)
    params, a = geos.media(z, kinds, data)
    return params, a, geos.world(params, a, data), geos.log_density(z, kinds, data)


def parameters(row: Any, data: geos.Data) -> dict[str, Any]:
    """Free parameters, noise and log density."""
    params, _, world, height = made(row, data)
    own = params._asdict() | {"roas": params.sells * params.roas}
    del own["sells"]
    return {**own, "noise": world.noise, "log_density": height}


def estimands(row: Any, given: tuple[geos.Data, Any, Any]) -> dict[str, Any]:
    """Contributions and the rest, currency; ``per_mean`` (channel, geo) is of half-saturations."""
    data, sales, per_mean = given
    params, a, world, _ = made(row, data)
    weeks = a.shape[2]

    def total(m: Any) -> Any:
        h = geos.response(m * a, params.half_saturation, params.slope)
        return sales * (world.coefficient[..., None] * h).sum((1, 2))

    return {
        "contribution": sales * jnp.moveaxis(world.contribution, 0, 2),
        "baseline": sales * world.baseline,
        "control_contribution": sales * jnp.moveaxis(world.control_contribution, 0, 2),
        "totals": jax.lax.map(total, jnp.asarray(MULTIPLIERS, a.dtype)),
        "coefficient": sales * jnp.repeat(world.coefficient.T[:, None], weeks, 1),
        "adstock_decay": params.decay.T,
        "half_saturation": (params.half_saturation * per_mean).T,
        "slope": params.slope.T,
        "noise": sales * world.noise,
    }


def series(row: Any, given: tuple[geos.Data, Any]) -> dict[str, Any]:
    """Contributions at some cells."""
    data, cells = given
    return {"series": made(row, data)[2].contribution.ravel()[cells]}
