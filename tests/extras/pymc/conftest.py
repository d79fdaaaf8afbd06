"""PyMC-Marketing's tests need its environment; elsewhere they are not collected."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

collect_ignore_glob = [] if find_spec("pymc_marketing") else ["test_*.py"]

#: Of the libraries among themselves, at import or inside a fit.
THIRD_PARTY = (
    "ignore::DeprecationWarning:pymc",
    "ignore::DeprecationWarning:pymc_extras",
    "ignore::DeprecationWarning:pymc_marketing",
    "ignore:DatetimeIndex.dayofyear",
    "ignore:There are not enough devices:UserWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for ignored in THIRD_PARTY:
                item.add_marker(pytest.mark.filterwarnings(ignored))


def dataset(geos: int, weeks: int, controls: int, seed: int = 0) -> xr.Dataset:
    """Two channels of the model's own shape that bring a good third of sales; 1% noise."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2.0, 250.0, size=(geos, weeks, 2)) * (rng.random((geos, weeks, 2)) < 0.7)
    control = (rng.random((geos, weeks, controls)) < 0.2) * 50.0
    brought = np.zeros_like(spend)
    for c, decay in enumerate((0.1, 0.5)):
        kernel = decay ** np.arange(8.0)
        for g in range(geos):
            stock = np.convolve(spend[g, :, c], kernel / kernel.sum())[:weeks]
            x = stock / spend[g, :, c].max()
            brought[g, :, c] = 6000.0 * (expit(4 * x - 0.8) - expit(-0.8))
    season = 200.0 * np.sin(2 * np.pi * np.arange(weeks) / 52.18)
    sales = 4000.0 + season + brought.sum(-1) + 20.0 * control.sum(-1)
    sales = sales + 60.0 * rng.standard_normal(sales.shape)
    return xr.Dataset(
        {
            "sales": (("geo", "date"), sales),
            "spend": (("geo", "date", "channel"), spend),
            "controls": (("geo", "date", "control"), control),
            "population": (("geo",), np.full(geos, 1e5)),
        },
        coords={
            "geo": ["south", "north"][:geos],
            "date": np.datetime64("2023-01-02", "ns") + np.arange(weeks) * np.timedelta64(7, "D"),
            "channel": ["Search", "TV"],
            "control": [f"control_{k}" for k in range(controls)],
        },
        attrs={"roas": (brought.sum((0, 1)) / spend.sum((0, 1))).tolist()},
    )


@pytest.fixture(scope="session")
def one_geo() -> xr.Dataset:
    return dataset(geos=1, weeks=52, controls=0)


@pytest.fixture(scope="session")
def two_geos() -> xr.Dataset:
    return dataset(geos=2, weeks=60, controls=1)


@pytest.fixture(scope="session")
def strong_signal() -> xr.Dataset:
    return dataset(geos=1, weeks=104, controls=1)
