"""Draws of ROAS before any sales were seen, labelled as ``Fit.prior`` holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr


def labelled(observed: xr.Dataset, roas: NDArray[np.floating[Any]]) -> xr.Dataset:
    """``roas (chain, draw, channel)`` of values ``(draw, channel)``, one chain."""
    import xarray as xr

    coords: dict[str, Any] = {
        "chain": [0],
        "draw": np.arange(len(roas)),
        "channel": observed["channel"].values,
    }
    return xr.Dataset({"roas": (tuple(coords), roas.astype(np.float32)[None])}, coords=coords)
