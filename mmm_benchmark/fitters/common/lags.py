"""Carry-over on a fixed number of weeks: spend laid out by lag, and the weights of the lags.

Array library left open: numpy and JAX arrays go in, and come out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def lag_tensor[F: np.floating[Any]](series: NDArray[F], lags: int, axis: int = -1) -> NDArray[F]:
    """Values 0, 1, ... weeks before each week, on a new last axis of length ``lags``.

    Nothing was spent before the first week. ``axis`` is that of the weeks. The answer is a view:
    copy it where every number of it is read many times.
    """
    before = [(0, 0)] * series.ndim
    before[axis] = (lags - 1, 0)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(series, before), lags, axis=axis)
    return windows[..., ::-1]


def lag_weights(decay: Any, lags: int) -> Any:
    """Normalised geometric weights of lags 0, 1, ..., ``(..., lag)``, of ``decay`` ``(...)``.

    (Jin, Wang, Sun, Chan & Koehler 2017, equation 3.)
    """
    xp = decay.__array_namespace__()
    weights = decay[..., None] ** xp.arange(lags)
    return weights / weights.sum(-1, keepdims=True)
