"""Small worlds of the fitted model's own form, with their truth."""

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark.fitters.common.hill import geometric_adstock, hill

NAMES = ("Shopify", "TikTok", "Meta", "Radio", "Print")


@dataclass
class World:
    """Observed data beside what made them; arrays are (geo, date, channel) or (geo, date)."""

    observed: xr.Dataset
    contribution: np.ndarray
    noise: np.ndarray
    decay: np.ndarray
    half: np.ndarray
    slope: np.ndarray
    effect: np.ndarray  # (geo, channel), currency per week


def make_world(
    seed=0, *, weeks=104, geos=1, channels=3, controls=1, noise=500.0, spread=0.0
) -> World:
    rng = np.random.default_rng(seed)
    size = 1.0 + np.arange(geos)
    spend = rng.gamma(1.5, 5_000.0, (geos, weeks, channels)) * size[:, None, None]
    decay = np.array([0.5, 0.2, 0.6, 0.3, 0.1])[:channels]
    half = np.array([1.2, 0.9, 0.7, 1.5, 1.0])[:channels]
    slope = np.array([1.5, 2.0, 1.8, 1.2, 1.0])[:channels]
    effect = np.array([15_000.0, 25_000.0, 10_000.0, 8_000.0, 5_000.0])[:channels]
    by_geo = effect * size[:, None] * np.exp(spread * rng.normal(size=(geos, channels)))
    relative = np.moveaxis(spend / spend.mean(1, keepdims=True), -1, 0)
    saturated = hill(
        geometric_adstock(relative, decay[:, None]), half[:, None, None], slope[:, None, None]
    )
    contribution = np.moveaxis(saturated, 0, -1) * by_geo[:, None, :]
    flags = (rng.random((geos, weeks, controls)) < 0.2).astype(float)
    dates = np.datetime64("2022-01-03", "ns") + np.arange(weeks) * np.timedelta64(7, "D")
    day = (dates - dates.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    season = 3_000 * np.sin(2 * np.pi * day / 365.25)
    error = noise * size[:, None] * rng.normal(size=(geos, weeks))
    base = size[:, None] * (8_000 + season)
    sales = base + contribution.sum(-1) + 4_000 * size[:, None] * flags.sum(-1) + error
    observed = xr.Dataset(
        {
            "sales": (("geo", "date"), sales),
            "spend": (("geo", "date", "channel"), spend),
            "controls": (("geo", "date", "control"), flags),
            "population": (("geo",), 1e5 * size),
        },
        coords={
            "geo": [f"geo_{i}" for i in range(geos)],
            "date": dates,
            "channel": list(NAMES[:channels]),
            "control": [f"Promotion_{i}" for i in range(controls)],
        },
    )
    return World(observed, contribution, error, decay, half, slope, by_geo)


@pytest.fixture(scope="session")
def world():
    """Make a world: ``world(seed, weeks=..., geos=..., ...)``."""
    return make_world
