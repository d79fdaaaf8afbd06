"""Draws of :mod:`.geos` in the estimands that every fitter answers in: one draw at a time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from mmm_benchmark.fitters.common.labelled import MULTIPLIERS
from mmm_benchmark.fitters.published_mmm import geos
from mmm_benchmark.fitters.published_mmm.model import made


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
