"""How large a channel's effect may be before the data are seen: the two prior sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import PRIOR_SETS

if TYPE_CHECKING:
    import xarray as xr


def media_prior_scale(observed: xr.Dataset, priors: str) -> NDArray[np.float64]:
    """Scale of the prior on each channel's effect, shape ``(channel,)``, mean 1.

    Parameters
    ----------
    observed
        Satisfies ``schema.OBSERVED``.
    priors
        ``"spend-share"``: the number of channels times the channel's share of spend, taken
        within each geo and averaged over geos. ``"neutral"``: 1 for every channel, because in a
        simulated world spend says nothing about effect.
    """
    n_channels = observed.sizes["channel"]
    if priors == "neutral":
        return np.ones(n_channels)
    if priors == "spend-share":
        spend = observed["spend"].sum("date").transpose("geo", "channel").to_numpy()
        share = spend / spend.sum(axis=1, keepdims=True)
        return n_channels * share.mean(axis=0)
    raise UserError(f"priors = {priors!r}; allowed: {', '.join(map(repr, PRIOR_SETS))}")
