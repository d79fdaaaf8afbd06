"""``estimates.csv``: what a fit says, compared with its own draws."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mmm_benchmark.report.tables.build import build_tables
from mmm_benchmark.scoring.estimates import estimate_rows


def rows_of(toy: SimpleNamespace, fit: Any) -> dict[str, dict[str, Any]]:
    rows = estimate_rows(fit.groups["posterior"], toy.observed)
    return {row["channel"]: row for row in rows}


def test_each_channel_and_their_sum(toy: SimpleNamespace, make_fit: Callable[..., Any]) -> None:
    fit = make_fit(toy)
    rows = rows_of(toy, fit)
    totals = fit.groups["posterior"]["contribution"].sum(("geo", "date"))
    for channel in toy.observed["channel"].values:
        draws = totals.sel(channel=channel).values.ravel()
        row = rows[channel]
        assert row["contribution"] == pytest.approx(draws.mean(), rel=1e-6)
        ends = np.quantile(draws, [0.05, 0.95], method="hazen")
        assert row["contribution_q05"] == pytest.approx(ends[0], rel=0.02)
        assert row["contribution_q95"] == pytest.approx(ends[1], rel=0.02)
        assert row["spend"] == pytest.approx(
            float(toy.observed["spend"].sel(channel=channel).sum())
        )
    everything = totals.sum("channel").values.ravel()
    row = rows["all"]
    assert row["contribution"] == pytest.approx(everything.mean(), rel=1e-6)
    assert row["roas"] == pytest.approx(everything.mean() / row["spend"], rel=1e-6)
    assert row["share_of_sales"] == pytest.approx(
        everything.mean() / float(toy.observed["sales"].sum()), rel=1e-6
    )
    assert np.isnan(row["marginal_roas"])  # no one curve belongs to all channels


def test_how_far_spend_follows_sales(make_world: Any, make_fit: Callable[..., Any]) -> None:
    world = make_world(geos=1)
    spend, sales = (world.observed[name].values[0] for name in ("spend", "sales"))
    rows = rows_of(world, make_fit(world))
    for j, channel in enumerate(world.observed["channel"].values):
        expected = np.corrcoef(spend[:, j], sales)[0, 1]
        assert rows[channel]["spend_with_sales"] == pytest.approx(expected)
    world.observed["spend"].values[..., 0] = 5.0
    rows = rows_of(world, make_fit(world))
    assert np.isnan(rows["channel-0"]["spend_with_sales"])  # spent alike every week
    assert np.isnan(rows["all"]["spend_with_sales"])


def test_a_point_has_no_interval(toy: SimpleNamespace, make_fit: Callable[..., Any]) -> None:
    row = rows_of(toy, make_fit(toy, draws=1))["channel-0"]
    assert np.isfinite(row["roas"])
    assert np.isnan(row["roas_q05"])
    assert row["note"]


def test_estimates_need_no_truth(toy: SimpleNamespace, make_fit: Callable[..., Any]) -> None:
    fit = make_fit(toy)
    toy.truth = None
    estimates = build_tables([(fit, toy)])["estimates"]
    assert len(estimates) == 4
    assert estimates["roas"].notna().all()
