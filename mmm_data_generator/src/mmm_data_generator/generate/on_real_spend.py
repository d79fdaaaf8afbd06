"""Semi-synthetic data: a company's own spend, controls and calendar, and a simulated outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.dataset.cube import Cube
from mmm_data_generator.dataset.dataset import MMMDataset
from mmm_data_generator.dataset.read_table import read_table
from mmm_data_generator.dataset.tables import check_spend
from mmm_data_generator.errors import ConfigError, DataError
from mmm_data_generator.fields.periods import frequency_of
from mmm_data_generator.fields.rules import Broken
from mmm_data_generator.generate.hidden_demand import (
    HiddenDemand,
    hidden_demand,
    with_hidden_demand,
)
from mmm_data_generator.generate.real_baseline import mean_sales, with_baseline
from mmm_data_generator.generate.real_media import levels, media_of
from mmm_data_generator.stressors import apply_stressors, refuse_misfits, stressor_list
from mmm_data_generator.world.estimands import SPEND_MULTIPLIERS
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]


def from_real(
    frame: Any,
    *,
    date: str = "date",
    geo: str | None = None,
    channels: Sequence[str],
    controls: Sequence[str] = (),
    target: str | None = None,
    population: Mapping[str, float] | None = None,
    effects: Mapping[str, Mapping[str, Any]] | None = None,
    media_share: float | None = None,
    noise_share: float = 0.05,
    stressors: Sequence[Any] = (),
    demand: HiddenDemand | Mapping[str, Any] | None = None,
    seed: int = 0,
    name: str = "real",
) -> MMMDataset:
    """Simulate sales on a company's own spend, which stays as it is to the last digit.

    Parameters
    ----------
    frame
        A CSV, Parquet or Excel file, or a pandas or polars frame: a row for each date and geo.
        Its frequency (daily, weekly, monthly) is read off the dates; ``dataset.frequency`` and
        all units say it. Drawn carry-over lasts as long in days whatever the frequency.
    date, geo, channels, controls
        Names of columns; ``geo=None`` where there is one geo.
    target
        A real KPI whose level, trend, seasonality, control effects and noise (variance and
        autocorrelation) are matched in each geo; None draws them.
    population
        People by geo; None: a million each.
    effects
        For some or all channels, fields of ``ChannelConfig``: ``base_effectiveness`` (sales a
        period at full saturation over base sales), ``adstock``, ``saturation``, ``adstock_first``,
        ``coefficient``. What is not given is drawn.
    media_share
        Share of sales that all channels with drawn effects have together; None draws U(0.15,
        0.45).
    noise_share
        Without a target: noise standard deviation over mean sales.
    stressors
        Stressors that leave spend alone (see ``mmm_data_generator.stressors``).
    demand
        A :class:`HiddenDemand`, or its fields: demand that moves sales, that nobody observes, and
        that is correlated with the spend as it is.
    seed
        Seed of everything drawn.

    Raises
    ------
    DataError
        The table does not hold a clean number for every date and geo, its dates are irregular, or
        a stressor changes spend.
    ConfigError
        An effect, stressor or demand is not allowed.
    """
    if isinstance(channels, str) or isinstance(controls, str) or not len(channels):
        raise DataError("channels and controls: must be lists of columns, at least one channel")
    numbers = [*([] if target is None else [target]), *channels, *controls]
    table = Cube.of(read_table(frame, () if geo is None else (geo,)), date, geo, numbers, "frame")
    x, c = table.columns(channels), table.columns(controls)
    check_spend(x, channels, table)
    kpi = None if target is None else table.columns([target])[..., 0]
    if kpi is not None and (kpi.mean(1) <= 0).any():
        raise DataError(f"frame: the mean of '{target}' must be above 0 in every geo")

    frequency = frequency_of(table.dates) or "weekly"
    media, given = media_of(x, channels, effects or {}, frequency, seed)
    mean = mean_sales(kpi, x, seed)
    media["coefficient"] = levels(media, x, given, mean, media_share, seed)
    drawn = World(
        spend=x,
        controls=c,
        population=_population(population, table),
        control_coefficient=np.zeros(c.shape),
        intercept=np.zeros(x.shape[:2]),
        trend=np.zeros(x.shape[:2]),
        seasonality=np.zeros(x.shape[:2]),
        shock=np.zeros(x.shape[:2]),
        **media,
    )
    world = with_baseline(drawn, kpi, mean, noise_share, table, seed)
    coords = {
        "geo": table.geos,
        "date": table.dates,
        "channel": np.array([str(each) for each in channels], dtype=str),
        "control": np.array([str(each) for each in controls], dtype=str),
        "spend_multiplier": np.array(SPEND_MULTIPLIERS),
    }
    if stressors:
        world, coords["control"] = _stressed(world, stressors, coords, seed)
    if demand is not None:
        names = [str(each) for each in channels]
        world = with_hidden_demand(
            world,
            hidden_demand(demand, names),
            channels=names,
            geos=[str(geo) for geo in table.geos],
            seed=seed,
            within_noise=kpi is not None,
        )
    return MMMDataset.of_world(world, coords, name, seed=seed)


def _population(given: Mapping[str, float] | None, table: Cube) -> Array:
    if given is None:
        return np.full(len(table.geos), 1e6)
    for geo in table.geos:
        if not given.get(str(geo), 0) > 0:
            raise DataError(f"population['{geo}']: must be given and > 0")
    return np.array([float(given[str(geo)]) for geo in table.geos])


def _stressed(
    world: World, given: Sequence[Any], coords: Mapping[str, Any], seed: int
) -> tuple[World, NDArray[np.str_]]:
    try:
        stressors = stressor_list(given)
    except Broken as broken:
        raise ConfigError("stressors", str(broken)) from None
    except ConfigError as error:
        raise ConfigError(f"stressors{error.path}", error.problem) from None
    own = tuple(str(each) for each in coords["control"])
    view = SimpleNamespace(
        stressors=stressors,
        channel_names=tuple(str(each) for each in coords["channel"]),
        n_periods=len(coords["date"]),
    )
    controls = refuse_misfits(view, own)
    stressed = apply_stressors(
        world,
        stressors,
        seed=seed,
        geos=tuple(str(each) for each in coords["geo"]),
        channels=view.channel_names,
        controls=controls,
        dates=coords["date"].astype("datetime64[D]"),
        base=world.expected_sales().mean(-1),
        noise=world.shock.std(-1),
    )
    if not np.array_equal(stressed.spend, world.spend):
        raise DataError("stressors: one of them changes spend, which is real here; leave it out")
    return stressed, np.array(controls, dtype=str)
