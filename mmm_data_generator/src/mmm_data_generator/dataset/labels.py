"""Dimensions, units and long names of every variable of a dataset, and how they are assembled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from mmm_data_generator.fields.periods import NOUN, frequency_of

if TYPE_CHECKING:
    import xarray as xr


class Label(NamedTuple):
    """Where a variable lives, what it is measured in and what it is called."""

    dims: tuple[str, ...]
    units: str
    long_name: str


_GT: Final = ("geo", "date")
_GTC: Final = ("geo", "date", "channel")
_MONEY: Final = "currency per week"

OBSERVED: Final[dict[str, Label]] = {
    "sales": Label(_GT, _MONEY, "Sales"),
    "spend": Label(_GTC, _MONEY, "Media spend"),
    "controls": Label(("geo", "date", "control"), "own unit", "Control variables"),
    "population": Label(("geo",), "people", "Population"),
}

TRUTH: Final[dict[str, Label]] = {
    "contribution": Label(_GTC, _MONEY, "Sales due to the channel"),
    "coefficient": Label(_GTC, _MONEY, "Sales at full saturation"),
    "baseline": Label(_GT, _MONEY, "Baseline: intercept, trend and seasonality"),
    "intercept": Label(_GT, _MONEY, "Intercept"),
    "trend": Label(_GT, _MONEY, "Trend"),
    "seasonality": Label(_GT, _MONEY, "Seasonality"),
    "control_contribution": Label(("geo", "date", "control"), _MONEY, "Sales due to the control"),
    "control_coefficient": Label(
        ("geo", "date", "control"), "currency per week and unit of the control", "Control effect"
    ),
    "noise": Label(_GT, _MONEY, "Observation noise"),
    "unobserved": Label(_GT, _MONEY, "Part of the intercept that nobody observes"),
    "brand_contribution": Label(_GTC, _MONEY, "Long-term part of the channel's contribution"),
    "recorded": Label(_GT, "1", "1 where sales were recorded, 0 where they are imputed"),
    "adstock_decay": Label(("geo", "channel"), "per week", "Adstock decay"),
    "half_saturation": Label(
        ("geo", "channel"), "mean weekly spend", "Steady spend at half saturation"
    ),
    "slope": Label(("geo", "channel"), "1", "Hill slope"),
    "half_frequency": Label(
        ("channel",), "impressions per person reached", "Frequency at half its effect"
    ),
    "frequency_slope": Label(("channel",), "1", "Hill slope of frequency"),
    "roas": Label(("channel",), "currency per currency", "Return on ad spend"),
    "marginal_roas": Label(
        ("channel",), "currency per currency", "Return on one more percent of spend"
    ),
    "attribution_share": Label(("channel",), "1", "Share of all sales due to media"),
    "response_curve": Label(
        ("channel", "spend_multiplier"), "currency", "Sales due to the channel over the window"
    ),
    "optimal_spend": Label(
        ("channel",), "currency", "Best total spend over the window at the same budget"
    ),
    "optimal_gain": Label((), "currency", "Sales gained by the best allocation"),
}

#: Of the periods that somebody kept back from what is observed: their plan, and their sales.
KEPT_BACK: Final[dict[str, Label]] = {
    "future_spend": Label(("geo", "future_date", "channel"), _MONEY, "Media spend to come"),
    "future_controls": Label(("geo", "future_date", "control"), "own unit", "Controls to come"),
}
HELD: Final[dict[str, Label]] = {
    "held_sales": Label(("geo", "future_date"), _MONEY, "Sales to come"),
}

OUTCOME: Final[dict[str, Label]] = {
    "expected_sales": Label(_GT, _MONEY, "Sales without noise"),
}


def assemble(
    values: Mapping[str, Any],
    labels: Mapping[str, Label],
    coords: Mapping[str, Any] | xr.Coordinates,
) -> xr.Dataset:
    """Return the dataset of the given variables, with their dims, units and long names.

    Units say "per week" in the tables above; they say the period that the dates are made of here.
    """
    import xarray as xr

    made = {
        name: (
            labels[name].dims,
            value,
            {"units": _by(coords, labels[name].units), "long_name": labels[name].long_name},
        )
        for name, value in values.items()
    }
    used = {dim for name in values for dim in labels[name].dims}
    indexed = coords if isinstance(coords, xr.Coordinates) else xr.Coordinates(coords)
    return xr.Dataset(made, coords=indexed).drop_vars([dim for dim in indexed if dim not in used])


def _by(coords: Mapping[str, Any] | xr.Coordinates, units: str) -> str:
    """Return units with the period of the dates in the place of a week."""
    if "week" not in units or "date" not in coords:
        return units
    frequency = frequency_of(np.asarray(coords["date"])) or "weekly"
    if frequency == "weekly":
        return units
    adjective = "mean daily" if frequency == "daily" else "mean monthly"
    return units.replace("mean weekly", adjective).replace("per week", f"per {NOUN[frequency]}")
