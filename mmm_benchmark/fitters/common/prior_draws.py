"""Draws of ROAS before any sales were seen, labelled as ``Fit.prior`` holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr


#: No return is larger. A log-normal prior that is wide enough has draws beyond single precision,
#: and no fit is to fail for what its prior holds possible.
MOST = 1e30


def labelled(observed: xr.Dataset, roas: NDArray[np.floating[Any]]) -> xr.Dataset:
    """``roas (chain, draw, channel)`` of values ``(draw, channel)``, one chain."""
    import xarray as xr

    coords: dict[str, Any] = {
        "chain": [0],
        "draw": np.arange(len(roas)),
        "channel": observed["channel"].values,
    }
    finite = np.clip(roas, -MOST, MOST).astype(np.float32)
    return xr.Dataset({"roas": (tuple(coords), finite[None])}, coords=coords)
