"""A dataset cut off after some of its periods, with the truth of what is left.

Carry-over runs forward only, so what happened before the cut is as it was; what is summed or
averaged over the window (ROAS, response curves, half-saturation) is computed anew.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_data_generator.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator.dataset.dataset import MMMDataset
    from mmm_data_generator.world.world import World

#: Fields of a world that run over dates, and where their dates are counted from the end.
BY_DATE = {
    **dict.fromkeys(("spend", "controls", "coefficient", "control_coefficient"), -2),
    **dict.fromkeys(("control_shift", "efficiency", "audience"), -2),
    **dict.fromkeys(("intercept", "trend", "seasonality", "shock", "unobserved", "recorded"), -1),
}
#: What is compared to see that a world cut off is the same one, relative to the size of sales.
SAME = 1e-9


def first_periods(dataset: MMMDataset, periods: int, name: str) -> MMMDataset:
    """Return the first ``periods`` of a dataset under another name.

    Where its world is known and can be cut, so is the world: every estimand is that of the
    shorter window, and ``counterfactual`` simulates it. Else the truth keeps its paths
    (contributions, baseline, noise) and drops what was summed over the whole window.

    Raises
    ------
    DataError
        There are not that many periods, or none is asked for.
    """
    from mmm_data_generator.dataset.dataset import MMMDataset

    total = dataset.observed.sizes["date"]
    if not 0 < periods <= total:
        raise DataError(f"periods: {periods} of {total}; it must lie between 1 and {total}")
    observed = dataset.observed.isel(date=slice(0, periods))
    cut = _of_world(dataset, observed, name)
    if cut is not None:
        return cut
    truth = dataset.truth
    if truth is not None:
        by_date = [str(key) for key, values in truth.data_vars.items() if "date" in values.dims]
        truth = truth[by_date].isel(date=slice(0, periods))
    return MMMDataset(name=name, seed=dataset.seed, config=None, observed=observed, truth=truth)


def _of_world(dataset: MMMDataset, observed: xr.Dataset, name: str) -> MMMDataset | None:
    """The shorter window of a world that can be cut, or None."""
    from mmm_data_generator.dataset.dataset import MMMDataset
    from mmm_data_generator.world.estimands import SPEND_MULTIPLIERS

    try:
        world = dataset.world
    except DataError:
        return None
    if dataset.truth is None:
        return None
    coords = {str(dim): observed[dim].values for dim in ("geo", "date", "channel", "control")}
    coords["spend_multiplier"] = np.array(SPEND_MULTIPLIERS)
    cut = MMMDataset.of_world(
        _first(world, observed.sizes["date"]), coords, name, seed=dataset.seed
    )
    scale = SAME * float(np.abs(observed["sales"]).mean())
    paths = dataset.truth["contribution"].isel(date=slice(0, observed.sizes["date"]))
    same = np.allclose(cut.observed["sales"], observed["sales"], rtol=0, atol=scale)
    same &= cut.truth is not None and np.allclose(
        cut.truth["contribution"], paths, rtol=0, atol=scale
    )
    # what is averaged over the whole window inside a world (audiences, weeks filled in) may differ
    return replace(cut, observed=observed) if same else None


def _first(world: World, periods: int) -> World:
    changed: dict[str, Any] = {}
    for field in fields(world):
        axis = BY_DATE.get(field.name)
        if axis is not None:
            values = getattr(world, field.name)
            changed[field.name] = np.take(values, range(periods), axis=axis)
    return replace(world, **changed)
