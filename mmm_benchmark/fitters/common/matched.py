"""What the matched rows of both libraries are told: one set of priors, on quantities in currency.

Both then have the same carry-over, the same curve, the same season and priors of the same width
on the same quantity, so that on national data the two posteriors are one and the same and only
the libraries' samplers differ; on geos each keeps its own way of pooling. The choice is argued in
``docs/fairness.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]

LAGS: Final = 8  # weeks of carry-over, the current one among them
DECAY: Final = (1.0, 3.0)  # Beta
SEASON_MODES: Final = 2  # waves a year
EFFECT: Final = 1.0  # HalfNormal scale of sales at full saturation, in mean sales
GEO_SPREAD: Final = 0.5  # HalfNormal scale of how geos differ in it, in mean sales
HALF_SATURATION_LOG_SD: Final = 1.0  # LogNormal about the mean spend while active
LEVEL: Final = 5.0  # Normal scale of intercept and controls, in sd of sales (per sd of control)
SEASON: Final = 1.0  # Normal scale of a wave's amplitude, in sd of sales
NOISE: Final = 2.0  # HalfNormal scale, in sd of sales


@dataclass(frozen=True)
class Scales:
    """The data's own units in which the priors above are stated."""

    sales_mean: Array  # (geo,), currency per week
    sales_sd: Array  # (geo,)
    active_spend: Array  # (geo, channel), mean over weeks with spend, currency per week
    control_sd: Array  # (control,)

    @classmethod
    def of(cls, observed: xr.Dataset) -> Scales:
        """Read them from a dataset that satisfies ``schema.OBSERVED``."""
        sales = observed["sales"].transpose("geo", "date").to_numpy()
        spend = observed["spend"].transpose("geo", "date", "channel").to_numpy()
        weeks = np.maximum((spend > 0).sum(1), 1)
        controls = observed["controls"].transpose("geo", "date", "control").to_numpy()
        return cls(
            sales_mean=sales.mean(1),
            sales_sd=sales.std(1),
            active_spend=spend.sum(1) / weeks,
            control_sd=controls.std((0, 1)),
        )
