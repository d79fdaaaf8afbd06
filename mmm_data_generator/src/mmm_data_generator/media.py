"""Media beyond spend: impressions, clicks, reach and frequency; sales as conversions.

What a dataset spends and sells, seen in other units. Nothing here changes the world: impressions
are what spend bought at the world's own prices (see the stressor ``CostModel``), and sales are
conversions times the value of one. Reach and frequency drive sales in worlds with the stressor
``ReachFrequency``; elsewhere they are only another view of impressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.errors import DataError, suggest
from mmm_data_generator.fields.periods import NOUN
from mmm_data_generator.world import transforms
from mmm_data_generator.world.coefficients import ou_path
from mmm_data_generator.world.seeds import stream
from mmm_data_generator.world.stressed import StressedWorld
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator.dataset.dataset import MMMDataset

Array = NDArray[np.float64]


def media_measures(
    dataset: MMMDataset,
    *,
    cpm: float | Mapping[str, float] = 10.0,
    click_rate: float | Mapping[str, float] = 0.01,
    audience: float | Mapping[str, float] = 0.6,
    value_per_conversion: float | None = None,
    value_drift: float = 0.02,
    seed: int = 0,
) -> xr.Dataset:
    """Return the dataset's media and sales in other units.

    Parameters
    ----------
    dataset
        Its population sets what a reach can be.
    cpm
        Mean price of a thousand impressions, currency; for all channels or for each. Channels
        that a ``ReachFrequency`` buys keep its price and audience.
    click_rate
        Clicks per impression; the clicks of a week are Poisson around it.
    audience
        Share of the population that a channel can reach at all.
    value_per_conversion
        Mean revenue of a conversion; None leaves conversions out.
    value_drift
        One week's step of the log value, which returns to its mean.
    seed
        Seed of clicks and of the value.

    Returns
    -------
    xarray.Dataset
        By geo, date and channel: ``impressions``; ``clicks``; ``reach``, people reached in the
        week, ``audience * population * (1 - exp(-impressions / (audience * population)))`` (each
        impression falls on a random member of the audience); ``frequency``, impressions per
        person reached, so that reach times frequency is impressions. By geo and date:
        ``conversions`` and ``revenue_per_conversion``, whose product is sales.

    Raises
    ------
    DataError
        A price, rate or channel is not allowed.
    """
    import xarray as xr

    observed = dataset.observed
    names = [str(name) for name in observed["channel"].values]
    price = _each(cpm, names, "cpm", 0, np.inf)
    rate = _each(click_rate, names, "click_rate", 0, 1)
    share = _each(audience, names, "audience", 0, 1)
    impressions = 1000 * observed["spend"].values * _bought(dataset) / price
    people = observed["population"].values[:, None, None] * share
    world = _world(dataset)
    if isinstance(world, StressedWorld) and world.audience.any():
        own = world.audience > 0
        impressions = np.where(own, world.impressions(), impressions)
        people = np.where(own, world.audience, people)
    reach, frequency = transforms.reach_and_frequency(impressions, people)
    clicks = np.empty_like(impressions)
    for g, geo in enumerate(observed["geo"].values):
        for j, name in enumerate(names):
            rng = stream(seed, "clicks", str(geo), name)
            clicks[g, :, j] = rng.poisson(rate[j] * impressions[g, :, j])
    dims, period = ("geo", "date", "channel"), NOUN.get(dataset.frequency or "", "period")
    out: dict[str, Any] = {
        "impressions": (dims, impressions, {"units": f"impressions per {period}"}),
        "clicks": (dims, clicks, {"units": f"clicks per {period}"}),
        "reach": (dims, reach, {"units": "people"}),
        "frequency": (dims, frequency, {"units": "impressions per person reached"}),
    }
    if value_per_conversion is not None:
        if not value_per_conversion > 0:
            raise DataError(f"value_per_conversion = {value_per_conversion}: must be > 0")
        value = _values(dataset, value_per_conversion, value_drift, seed)
        counts = observed["sales"].values / value
        out["conversions"] = (dims[:2], counts, {"units": f"conversions per {period}"})
        out["revenue_per_conversion"] = (dims[:2], value, {"units": "currency per conversion"})
    return xr.Dataset(out, coords={dim: observed.coords[dim] for dim in dims})


def _bought(dataset: MMMDataset) -> Array | float:
    """Return what a unit of spend buys; prices of data made elsewhere are taken as constant."""
    world = _world(dataset)
    return world.efficiency if isinstance(world, StressedWorld) else 1.0


def _world(dataset: MMMDataset) -> World | None:
    return None if dataset.config is None and dataset._world is None else dataset.world


def _values(dataset: MMMDataset, mean: float, drift: float, seed: int) -> Array:
    geos, n = dataset.observed["geo"].values, dataset.observed.sizes["date"]
    paths = [ou_path(stream(seed, "value", str(geo)), (), n, drift, 0.1) for geo in geos]
    return mean * np.exp(np.stack(paths))


def _each(
    given: float | Mapping[str, float], names: list[str], what: str, above: float, at_most: float
) -> Array:
    """Return one number a channel; a mapping must name every channel and no other."""
    if not isinstance(given, Mapping):
        given = dict.fromkeys(names, given)
    for name in given:
        if name not in names:
            raise DataError(f"{what}[{name!r}]: no such channel{suggest(name, names)}")
    for name in names:
        value = given.get(name)
        if value is None or not above < value <= at_most or not np.isfinite(value):
            limit = "" if at_most == np.inf else f" and <= {at_most:g}"
            raise DataError(f"{what}[{name!r}] = {value}: must be > {above:g}{limit}")
    return np.array([float(given[name]) for name in names])
