"""A world small enough to reason about, and fits of it whose quality is known by construction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmm_benchmark import schema

MULTIPLIERS = np.array(schema.SPEND_MULTIPLIERS)


@dataclass
class FakeFit:
    """A stored fit held in memory."""

    job: dict[str, Any]
    record: dict[str, Any]
    groups: dict[str, xr.Dataset] = field(default_factory=dict)
    key: str = "0" * 24

    @property
    def ok(self) -> bool:
        return self.record["status"] == "ok"

    def tree(self) -> xr.DataTree:
        return xr.DataTree.from_dict(self.groups)


def world(
    geos: int = 2, weeks: int = 60, channels: int = 3, seed: int = 0, name: str = "toy"
) -> SimpleNamespace:
    """A dataset with the whole truth: square-root response, moving coefficients."""
    rng = np.random.default_rng(seed)
    coords = {
        "geo": [f"geo_{i}" for i in range(geos)],
        "date": pd.date_range("2022-01-03", periods=weeks, freq="W-MON"),
        "channel": [f"channel-{i}" for i in range(channels)],
        "control": ["Promo"],
        "spend_multiplier": MULTIPLIERS,
    }
    shape = (geos, weeks, channels)
    spend = rng.gamma(2.0, 500.0, shape)
    coefficient = 800.0 * np.exp(0.05 * np.cumsum(rng.normal(size=shape), axis=1))
    contribution = coefficient * np.sqrt(spend / 1000.0)
    controls = rng.integers(0, 2, (geos, weeks, 1)).astype(float)
    control_contribution = 300.0 * controls
    intercept = np.full((geos, weeks), 4000.0)
    trend = np.tile(np.linspace(0.0, 400.0, weeks), (geos, 1))
    seasonality = np.tile(300.0 * np.sin(2 * np.pi * np.arange(weeks) / 52), (geos, 1))
    baseline = intercept + trend + seasonality
    noise = rng.normal(0.0, 100.0, (geos, weeks))
    sales = baseline + contribution.sum(-1) + control_contribution.sum(-1) + noise
    total = contribution.sum((0, 1))
    money = spend.sum((0, 1))
    observed = xr.Dataset(
        {
            "sales": (("geo", "date"), sales),
            "spend": (("geo", "date", "channel"), spend),
            "controls": (("geo", "date", "control"), controls),
            "population": (("geo",), np.full(geos, 1e6)),
        },
        {k: v for k, v in coords.items() if k != "spend_multiplier"},
    )
    truth = xr.Dataset(
        {
            "contribution": (("geo", "date", "channel"), contribution),
            "coefficient": (("geo", "date", "channel"), coefficient),
            "baseline": (("geo", "date"), baseline),
            "intercept": (("geo", "date"), intercept),
            "trend": (("geo", "date"), trend),
            "seasonality": (("geo", "date"), seasonality),
            "control_contribution": (("geo", "date", "control"), control_contribution),
            "noise": (("geo", "date"), noise),
            "roas": (("channel",), total / money),
            "marginal_roas": (("channel",), (np.sqrt(1.01) - 1) / 0.01 * total / money),
            "response_curve": (
                ("channel", "spend_multiplier"),
                total[:, None] * np.sqrt(MULTIPLIERS),
            ),
            "adstock_decay": (("geo", "channel"), np.full((geos, channels), 0.3)),
            "slope": (("geo", "channel"), np.full((geos, channels), 0.5)),
        },
        coords,
    )
    schema.check(observed, schema.OBSERVED, "toy world")
    schema.check(truth, schema.TRUTH, "toy truth")
    return SimpleNamespace(name=name, seed=seed, observed=observed, truth=truth)


def posterior_of(
    dataset: SimpleNamespace, error: float = 0.2, draws: int = 200, seed: int = 1, bias: float = 1.0
) -> dict[str, xr.Dataset]:
    """Draws of a calibrated posterior: centre = truth + error, draws = centre + error.

    Both errors are normal in the logarithm with the same standard deviation, so the truth and
    the draws are exchangeable about the centre. ``bias`` multiplies everything.
    """
    rng = np.random.default_rng(seed)
    chains = 1 if draws == 1 else 2

    def sample(name: str) -> tuple[tuple[str, ...], np.ndarray]:
        true = dataset.truth[name]
        spread = 0.0 if draws == 1 else error
        centre = bias * true.values * np.exp(rng.normal(0.0, error, true.shape))
        noise = rng.normal(0.0, 1.0, (chains, draws // chains, *true.shape))
        values = centre * np.exp(spread * noise)
        return ("chain", "draw", *true.dims), values.astype(np.float32)

    variables = {
        name: sample(name)
        for name in (
            *("contribution", "coefficient", "baseline", "control_contribution"),
            *("roas", "marginal_roas", "adstock_decay", "slope"),
        )
    }
    ratio = variables["roas"][1] / dataset.truth["roas"].values.astype(np.float32)
    curve = ratio[..., None] * dataset.truth["response_curve"].values
    variables["response_curve"] = (
        ("chain", "draw", "channel", "spend_multiplier"),
        curve.astype(np.float32),
    )
    expected = (dataset.observed["sales"] - dataset.truth["noise"]).values
    wobble = rng.normal(0.0, 20.0, (chains, draws // chains, *expected.shape))
    sample_dims = ("chain", "draw", "geo", "date")
    variables["expected_sales"] = (sample_dims, (expected + wobble).astype(np.float32))
    groups = {"posterior": xr.Dataset(variables, dataset.truth.coords)}
    if draws > 1:
        noise = rng.normal(0.0, 100.0, wobble.shape)
        groups["posterior_predictive"] = xr.Dataset(
            {"sales": (sample_dims, (expected + noise).astype(np.float32))},
            dataset.observed["sales"].coords,
        )
    return groups


def fake_fit(dataset: SimpleNamespace, fitter: str = "honest", **how: Any) -> FakeFit:
    """A successful fit with a full record."""
    reference = "knows the generating family" if fitter == "oracle" else None
    exact = {"bayes_optimal": True} if fitter == "oracle" else {}
    return FakeFit(
        job={
            "dataset": {
                "name": dataset.name,
                "id": f"{dataset.name}-{dataset.seed}",
                "seed": dataset.seed,
            },
            "fitter": fitter,
            "library": fitter,
            "reference": reference,
            "seed": 1,
        },
        record={
            "status": "ok",
            "reason": None,
            "seconds": {
                "import": 0.5,
                "build": 0.1,
                "compile": 2.0,
                "sample": 8.0,
                "summarise": 0.4,
            },
            "total_s": 11.0,
            "peak_rss_mb": 512.0,
            "stored_mb": 3.5,
            "diagnostics": {"r_hat": 1.004, "ess_bulk": 880.0, "ess_tail": 640.0, "mcse": 0.03}
            if how.get("draws", 200) > 1
            else {},
            "parameter_counts": {"adstock": 3, "effects": 3, "noise": 1},
            "checks": {"r_hat_below_1_01": True, "ess_above_400": True, **exact},
            "notes": [],
        },
        groups=posterior_of(dataset, **how),
        key=f"{fitter:0<24}"[:24],
    )


def fake_failure(dataset: SimpleNamespace, fitter: str, status: str, reason: str) -> FakeFit:
    """A failure as the store records it."""
    fit = fake_fit(dataset, fitter, draws=1)
    fit.groups = {}
    fit.record = {
        "status": status,
        "reason": reason,
        "seconds": {"import": 1.0},
        "total_s": 600.0,
        "peak_rss_mb": 900.0,
        "stored_mb": 0.1,
        "diagnostics": {},
        "log_tail": "line one\nline two",
    }
    return fit


@pytest.fixture
def make_world() -> Callable[..., SimpleNamespace]:
    return world


@pytest.fixture
def make_fit() -> Callable[..., FakeFit]:
    return fake_fit


@pytest.fixture
def make_failure() -> Callable[..., FakeFit]:
    return fake_failure


@pytest.fixture
def toy() -> SimpleNamespace:
    return world()
