"""Meridian's tests need its environment; elsewhere they are not collected."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

collect_ignore_glob = [] if find_spec("meridian") else ["test_*.py"]

#: Of the libraries among themselves, at import or inside a fit.
THIRD_PARTY = (
    "ignore::DeprecationWarning:tensorflow_probability",
    "ignore:jax.core.pytype_aval_mappings:DeprecationWarning",
    "ignore:shape requires ndarray:DeprecationWarning",
    "ignore:trace group is not defined:UserWarning",
    "ignore:Revenue from the `kpi` data is used:UserWarning",
    "ignore:Setting `use_kpi=True` has no effect:UserWarning",
    "ignore:The `.*geos` argument is ignored",
    "ignore:Changing the prior for `slope_m`:UserWarning",
    "ignore:The prior distribution for slope_m does not have:UserWarning",
    "ignore:Hierarchical distribution parameters must be:UserWarning",
    "ignore::FutureWarning:arviz",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for ignored in THIRD_PARTY:
                item.add_marker(pytest.mark.filterwarnings(ignored))


def dataset(geos: int, weeks: int, seed: int = 0) -> xr.Dataset:
    """Two channels that always spend, with decay 0.1 and 0.4; one control; 4% noise."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2.0, 250.0, size=(geos, weeks, 2))
    control = (rng.random((geos, weeks, 1)) < 0.2) * 50.0
    brought = np.zeros_like(spend)
    for c, decay in enumerate((0.1, 0.4)):
        kernel = decay ** np.arange(9.0)
        for g in range(geos):
            stock = np.convolve(spend[g, :, c], kernel / kernel.sum())[:weeks] / 500.0
            brought[g, :, c] = 6000.0 * stock / (stock + 0.8)
    sales = 4000.0 + brought.sum(-1) + 20.0 * control.sum(-1)
    sales = sales + 300.0 * rng.standard_normal(sales.shape)
    return xr.Dataset(
        {
            "sales": (("geo", "date"), sales),
            "spend": (("geo", "date", "channel"), spend),
            "controls": (("geo", "date", "control"), control),
            "population": (("geo",), np.linspace(1e5, 2e5, geos)),
        },
        coords={
            "geo": ["south", "north"][:geos],
            "date": np.datetime64("2023-01-02", "ns") + np.arange(weeks) * np.timedelta64(7, "D"),
            "channel": ["Search", "TV"],
            "control": ["Event"],
        },
        attrs={"roas": (brought.sum((0, 1)) / spend.sum((0, 1))).tolist()},
    )


@pytest.fixture(scope="session")
def one_geo() -> xr.Dataset:
    return dataset(geos=1, weeks=104)


@pytest.fixture(scope="session")
def two_geos() -> xr.Dataset:
    """Named against the alphabet, so that the library's sorting shows."""
    return dataset(geos=2, weeks=54)
