"""``--holdout WEEKS``: fits see the earlier weeks and forecast the rest from the known spend.

The shorter dataset is a dataset of its own. Spend and controls of the weeks kept back travel with
what is observed, as ``schema.FUTURE`` names them; their sales lie with the truth, where no fit
can see them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mmm_benchmark.errors import UserError
from mmm_benchmark.schema import HELD_SALES

if TYPE_CHECKING:
    from mmm_data_generator import MMMDataset

LEAST_WEEKS = 2  # that a fit must see


def hold_out(dataset: MMMDataset, weeks: int) -> MMMDataset:
    """The dataset without its last ``weeks``, which are to be forecast.

    Raises
    ------
    UserError
        When too few weeks would be left to fit.
    """
    import xarray as xr

    from mmm_data_generator.dataset.window import first_periods

    total = dataset.observed.sizes["date"]
    if weeks > total - LEAST_WEEKS:
        raise UserError(
            f"dataset '{dataset.name}' has {total} weeks; --holdout {weeks} leaves too few to fit, "
            f"{total - LEAST_WEEKS} is the most"
        )
    last = dataset.observed.isel(date=slice(total - weeks, None)).rename(date="future_date")
    cut = first_periods(dataset, total - weeks, f"{dataset.name}-holdout{weeks}")
    observed = cut.observed.assign(future_spend=last["spend"], future_controls=last["controls"])
    truth = xr.Dataset() if cut.truth is None else cut.truth
    return replace(cut, observed=observed, truth=truth.assign({HELD_SALES: last["sales"]}))
