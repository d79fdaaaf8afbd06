"""The interchange contract: dimensions, units and checks of what is observed, true and fitted.

Every box of the suite talks through these names. ``docs/architecture.md`` explains the road;
this file is the law. It imports nothing heavy, so that a worker in any environment can use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mmm_benchmark.errors import ContractError

if TYPE_CHECKING:
    import xarray as xr

#: Factors by which one channel's whole spend path is multiplied to draw its response curve.
SPEND_MULTIPLIERS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

#: Relative spend increase by which marginal ROAS is measured, for truth and for every fitter.
MARGINAL_STEP: Final = 0.01

#: At most this many posterior draws (chains x draws) are stored; diagnostics come before thinning.
MAX_STORED_DRAWS: Final = 500

#: Among the oracle's checks, what says which kind of reference it is, not whether it converged.
REFERENCE_KIND: Final = "bayes_optimal"

OBSERVED: Final[dict[str, tuple[str, ...]]] = {
    "sales": ("geo", "date"),  # currency per week
    "spend": ("geo", "date", "channel"),  # currency per week
    "controls": ("geo", "date", "control"),  # each control's own unit
    "population": ("geo",),  # people
}

#: Known of the weeks to come, where weeks were kept back (``--holdout``); observed beside the rest.
FUTURE: Final[dict[str, tuple[str, ...]]] = {
    "future_spend": ("geo", "future_date", "channel"),  # currency per week
    "future_controls": ("geo", "future_date", "control"),
}
#: Sales of those weeks, ``(geo, future_date)``, lie with the truth.
HELD_SALES: Final = "held_sales"

TRUTH: Final[dict[str, tuple[str, ...]]] = {
    "contribution": ("geo", "date", "channel"),  # currency per week
    "coefficient": ("geo", "date", "channel"),  # currency per week at full saturation
    "baseline": ("geo", "date"),  # intercept + trend + seasonality, currency per week
    "intercept": ("geo", "date"),
    "trend": ("geo", "date"),
    "seasonality": ("geo", "date"),
    "control_contribution": ("geo", "date", "control"),
    "noise": ("geo", "date"),
    "roas": ("channel",),  # currency of sales per currency of spend
    "marginal_roas": ("channel",),
    "response_curve": ("channel", "spend_multiplier"),  # currency, summed over geos and dates
}

SAMPLE: Final = ("chain", "draw")

POSTERIOR: Final[dict[str, tuple[str, ...]]] = {
    "contribution": (*SAMPLE, "geo", "date", "channel"),
    "baseline": (*SAMPLE, "geo", "date"),
    "control_contribution": (*SAMPLE, "geo", "date", "control"),
    "expected_sales": (*SAMPLE, "geo", "date"),
    "roas": (*SAMPLE, "channel"),
    "marginal_roas": (*SAMPLE, "channel"),
    "response_curve": (*SAMPLE, "channel", "spend_multiplier"),
}

#: Sales of the weeks to come, noise included where the fit has any.
FORECAST: Final[dict[str, tuple[str, ...]]] = {"sales": (*SAMPLE, "geo", "future_date")}

#: Draws of the fit's own prior, where it has one and can say what it means for ROAS.
PRIOR: Final[dict[str, tuple[str, ...]]] = {"roas": (*SAMPLE, "channel")}

#: Present where the model has them; truth has the last three by ``(geo, channel)`` too.
#: Half-saturation is in multiples of the channel's mean weekly spend in that geo, the mean over
#: all weeks of the window; a coefficient is sales at full saturation, currency per week.
OPTIONAL_POSTERIOR: Final[dict[str, tuple[str, ...]]] = {
    "coefficient": (*SAMPLE, "geo", "date", "channel"),
    "adstock_decay": (*SAMPLE, "geo", "channel"),
    "half_saturation": (*SAMPLE, "geo", "channel"),
    "slope": (*SAMPLE, "geo", "channel"),
}


def check(dataset: xr.Dataset, contract: dict[str, tuple[str, ...]], what: str) -> None:
    """Raise :class:`ContractError` unless ``dataset`` holds every variable with exactly its dims.

    Parameters
    ----------
    dataset
        What a fitter or a generator handed over.
    contract
        One of ``OBSERVED``, ``TRUTH``, ``POSTERIOR``.
    what
        The name used in the message, for example ``"posterior of 'scipy'"``.
    """
    for name, dims in contract.items():
        if name not in dataset:
            raise ContractError(f"{what}: variable '{name}' is missing; it needs dims {dims}")
        check_dims(dataset, name, dims, what)


def check_dims(dataset: xr.Dataset, name: str, dims: tuple[str, ...], what: str) -> None:
    """Raise unless variable ``name`` has exactly ``dims``, in that order, and is finite."""
    import numpy as np

    found = dataset[name].dims
    if found != dims:
        raise ContractError(f"{what}: variable '{name}' has dims {found}; it needs {dims}")
    if not bool(np.isfinite(dataset[name].values).all()):
        raise ContractError(f"{what}: variable '{name}' holds NaN or infinite values")
