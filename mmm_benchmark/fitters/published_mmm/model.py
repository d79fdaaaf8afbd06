"""One geo or several: which density answers for the data. Both have the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from mmm_benchmark.fitters.published_mmm import density, geos

if TYPE_CHECKING:
    import xarray as xr

type Data = density.Data | geos.Data


def prepare(observed: xr.Dataset, family: dict[str, Any]) -> Data:
    """Tabulate the law in the units of these data."""
    return (geos if observed.sizes["geo"] > 1 else density).prepare(observed, family)


def model_of(data: Data) -> Any:
    """The module whose density this is of."""
    return geos if isinstance(data, geos.Data) else density


def made(row: Any, data: Data) -> tuple[Any, ...]:
    """Unknowns, adstock, world and height of a vector with the laws of its curves behind it."""
    model = model_of(data)
    size = model.dimension(data)
    z, kinds = row[:size], jnp.round(row[size:]).astype(int)
    params, a = model.media(z, kinds, data)
    return params, a, model.world(params, a, data), model.log_density(z, kinds, data)
