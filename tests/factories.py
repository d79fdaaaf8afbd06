"""Tiny datasets for tests: enough to go down the whole road, cheap enough to make anywhere."""

from __future__ import annotations

import numpy as np
import xarray as xr

from mmm_benchmark.estimands import response
from mmm_benchmark.schema import SPEND_MULTIPLIERS
from mmm_data_generator import MMMDataset


def tiny_observed(
    n_geos: int = 1, n_weeks: int = 60, n_channels: int = 2, n_controls: int = 1, seed: int = 0
) -> xr.Dataset:
    """The observed half of :func:`tiny_dataset`."""
    return tiny_dataset(n_geos, n_weeks, n_channels, n_controls, seed).observed


def tiny_dataset(
    n_geos: int = 1, n_weeks: int = 60, n_channels: int = 2, n_controls: int = 1, seed: int = 0
) -> MMMDataset:
    """A linear world: sales = 1000 + (1 + c) * spend[c] + 50 * control + noise."""
    rng = np.random.default_rng(seed)
    spend = rng.uniform(10, 100, (n_geos, n_weeks, n_channels))
    controls = rng.integers(0, 2, (n_geos, n_weeks, n_controls)).astype(float)
    effect = 1.0 + np.arange(n_channels)
    contribution = spend * effect
    control_contribution = 50.0 * controls
    intercept = np.full((n_geos, n_weeks), 1000.0)
    noise = rng.normal(0, 10, (n_geos, n_weeks))
    sales = intercept + contribution.sum(-1) + control_contribution.sum(-1) + noise
    total = spend.sum((0, 1))
    curve, roas, marginal_roas = response(lambda m: m * effect * total, total)
    nothing = np.zeros_like(intercept)

    dates = np.datetime64("2023-01-02") + 7 * np.arange(n_weeks).astype("timedelta64[D]")
    gdc, gd = ("geo", "date", "channel"), ("geo", "date")
    coords = {
        "geo": [f"geo_{g}" for g in range(n_geos)],
        "date": dates.astype("datetime64[ns]"),
        "channel": [f"channel_{c}" for c in range(n_channels)],
        "control": [f"control_{c}" for c in range(n_controls)],
    }
    observed = xr.Dataset(
        {
            "sales": (gd, sales),
            "spend": (gdc, spend),
            "controls": (("geo", "date", "control"), controls),
            "population": (("geo",), np.full(n_geos, 1e6)),
        },
        coords,
    )
    truth = xr.Dataset(
        {
            "contribution": (gdc, contribution),
            "coefficient": (gdc, np.broadcast_to(effect, spend.shape).copy()),
            "baseline": (gd, intercept),
            "intercept": (gd, intercept),
            "trend": (gd, nothing),
            "seasonality": (gd, nothing),
            "control_contribution": (("geo", "date", "control"), control_contribution),
            "noise": (gd, noise),
            "roas": (("channel",), roas),
            "marginal_roas": (("channel",), marginal_roas),
            "response_curve": (("channel", "spend_multiplier"), curve),
        },
        {**coords, "spend_multiplier": list(SPEND_MULTIPLIERS)},
    )
    return MMMDataset(name="tiny", seed=seed, config=None, observed=observed, truth=truth)


def tiny_answer(draws: int = 2) -> xr.Dataset:
    """A posterior that keeps every promise for :func:`tiny_dataset`: its truth, drawn twice."""
    truth = tiny_dataset().truth
    assert truth is not None
    parts = {
        name: truth[name]
        for name in (
            *("contribution", "baseline", "control_contribution"),
            *("roas", "marginal_roas", "response_curve"),
        )
    }
    parts["expected_sales"] = truth["baseline"] + truth["contribution"].sum("channel")
    parts["expected_sales"] = parts["expected_sales"] + truth["control_contribution"].sum("control")
    return xr.Dataset(parts).expand_dims(chain=1, draw=draws)
