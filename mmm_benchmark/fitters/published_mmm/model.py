"""One geo or several: which density answers for the data. Both have the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
