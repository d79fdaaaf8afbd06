"""Inputs of PyMC-Marketing's ``MMM``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from mmm_data_generator.dataset.dataset import MMMDataset


class PyMCMarketingInputs(NamedTuple):
    """``MMM(**arguments, adstock=..., saturation=...).fit(X, y)``."""

    X: pd.DataFrame
    y: pd.Series[float]
    arguments: dict[str, Any]


def to_pymc_marketing(dataset: MMMDataset) -> PyMCMarketingInputs:
    """Return X, y and the arguments that name their columns.

    Columns are ``date``, ``geo`` (with several geos, as dims), the channels' spend under their own
    names and the controls under theirs; ``y`` is sales.
    """
    import pandas as pd

    observed = dataset.observed
    channels, controls = ([str(c) for c in observed[dim].values] for dim in ("channel", "control"))
    geos, dates = observed["geo"].values, observed["date"].values
    several = len(geos) > 1
    columns: dict[str, Any] = {"date": np.tile(dates, len(geos))}
    if several:
        columns["geo"] = np.repeat(geos, len(dates))
    for j, channel in enumerate(channels):
        columns[channel] = observed["spend"].values[..., j].ravel()
    for k, control in enumerate(controls):
        columns[control] = observed["controls"].values[..., k].ravel()
    arguments: dict[str, Any] = {
        "date_column": "date",
        "target_column": "y",
        "channel_columns": channels,
        "control_columns": controls or None,
    }
    if several:
        arguments["dims"] = ("geo",)
    y = pd.Series(observed["sales"].values.ravel(), name="y")
    return PyMCMarketingInputs(pd.DataFrame(columns), y, arguments)
