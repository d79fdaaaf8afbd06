"""What a company has: its spend, controls and calendar, and its KPI where it is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.fields.periods import PER_YEAR, frequency_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

type Array = NDArray[np.float64]

DATE, GEO, KPI = "date", "geo", "kpi"  # columns of the frame that worlds are simulated on
#: How far a region's share of a channel's spend moves from week to week, log standard deviation.
OWN_PLANS = 0.3


@dataclass(frozen=True)
class History:
    """One company's past; axes are geo, date, channel and control.

    Attributes
    ----------
    spend, controls
        Currency per period, and each control's own unit.
    kpi
        ``(geo, date)``, or None where only the plan is known.
    """

    name: str
    dates: NDArray[np.datetime64]
    geos: tuple[str, ...]
    channels: tuple[str, ...]
    control_names: tuple[str, ...]
    spend: Array
    controls: Array
    kpi: Array | None

    @classmethod
    def of(cls, observed: xr.Dataset, name: str, with_kpi: bool = True) -> Self:
        """The observed half of a dataset; ``with_kpi=False`` forgets its sales."""
        return cls(
            name=name,
            dates=observed["date"].values.astype("datetime64[ns]"),
            geos=tuple(str(geo) for geo in observed["geo"].values),
            channels=tuple(str(channel) for channel in observed["channel"].values),
            control_names=tuple(str(control) for control in observed["control"].values),
            spend=observed["spend"].values.astype(float),
            controls=observed["controls"].values.astype(float),
            kpi=observed["sales"].values.astype(float) if with_kpi else None,
        )

    @property
    def frequency(self) -> str:
        """``daily``, ``weekly`` or ``monthly``."""
        return frequency_of(self.dates) or "weekly"

    @property
    def year(self) -> int:
        """Periods of a year."""
        return round(PER_YEAR[self.frequency])

    def columns(self) -> dict[str, list[str]]:
        """Names of the frame's columns of spend and controls: safe whatever the names are."""
        return {
            "channels": [f"x{j}" for j in range(len(self.channels))],
            "controls": [f"c{k}" for k in range(len(self.control_names))],
        }

    def frame(self) -> pd.DataFrame:
        """One row for each geo and date, as ``from_real`` takes it."""
        import pandas as pd

        names = self.columns()
        geos, n = len(self.geos), len(self.dates)
        data: dict[str, Any] = {
            DATE: np.tile(self.dates, geos),
            GEO: np.repeat(np.array([f"{g:04d}" for g in range(geos)], dtype=object), n),
        }
        for j, name in enumerate(names["channels"]):
            data[name] = self.spend[..., j].ravel()
        for k, name in enumerate(names["controls"]):
            data[name] = self.controls[..., k].ravel()
        if self.kpi is not None:
            data[KPI] = self.kpi.ravel()
        return pd.DataFrame(data)

    def longer(self) -> History:
        """The same with one more year, which repeats the last one's plan week by week."""
        more = min(self.year, len(self.dates))
        step = np.diff(self.dates[-2:])[0]
        if self.frequency == "monthly":
            months = self.dates[-1].astype("datetime64[M]") + np.arange(1, more + 1)
            ahead = months.astype("datetime64[D]").astype("datetime64[ns]")
        else:
            ahead = self.dates[-1] + step * np.arange(1, more + 1)

        def twice(values: Array) -> Array:
            return np.concatenate([values, values[:, -more:]], axis=1)

        return replace(
            self,
            dates=np.concatenate([self.dates, ahead]),
            spend=twice(self.spend),
            controls=twice(self.controls),
            kpi=None if self.kpi is None else twice(self.kpi),
        )

    def split(self, geos: int, seed: int) -> History:
        """The same company seen by region, where each region has plans of its own.

        Totals of spend stay to the last digit of rounding. Shares of a region in a channel move
        from week to week (:data:`OWN_PLANS`); what the KPI does beyond the nation's path is as
        large in a region, relatively, as independent regions that add up to it need.
        """
        rng = np.random.default_rng([seed, geos])
        spend, controls = self.spend.sum(0), self.controls.mean(0)
        size = rng.dirichlet(np.full(geos, 20.0))
        moves = np.exp(OWN_PLANS * rng.standard_normal((geos, *spend.shape)))
        share = size[:, None, None] * moves
        share /= share.sum(0)
        kpi = None
        if self.kpi is not None:
            nation = self.kpi.sum(0)
            left = nation - _smooth(nation)
            own = rng.standard_normal((geos, len(nation))) * left.std() * np.sqrt(geos - 1)
            kpi = size[:, None] * (nation + own)
        return replace(
            self,
            geos=tuple(f"region {g + 1}" for g in range(geos)),
            spend=share * spend,
            controls=np.broadcast_to(controls, (geos, *controls.shape)).copy(),
            kpi=kpi,
        )


def _smooth(path: Array, half: int = 6) -> Array:
    """Moving average over ``2 half + 1`` periods, shorter at the ends."""
    ones = np.ones(2 * half + 1)
    weight = np.convolve(np.ones(len(path)), ones, "same")
    return np.asarray(np.convolve(path, ones, "same") / weight)
