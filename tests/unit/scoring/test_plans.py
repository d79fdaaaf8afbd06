"""Plans on data without truth: each model's own, and what the others say of it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark.schema import SPEND_MULTIPLIERS
from mmm_benchmark.scoring.plans import plan_tables

M = np.array(SPEND_MULTIPLIERS)


def observed(sales: float = 1000.0) -> xr.Dataset:
    return xr.Dataset(
        {
            "sales": (("geo", "date"), [[sales / 2, sales / 2]]),
            "spend": (("geo", "date", "channel"), np.full((1, 2, 2), 50.0)),
        },
        coords={"geo": ["g"], "date": [0, 1], "channel": ["TV", "Search"]},
    )


def straight(*returns: float, draws: int = 4) -> xr.Dataset:
    """Curves that are lines: what a channel returns at today's spend, times the multiplier."""
    rng = np.random.default_rng(0)
    noise = 1 + 0.01 * rng.standard_normal((1, draws, len(returns), 1))
    curve = np.array(returns)[None, None, :, None] * M * (noise if draws > 1 else 1.0)
    return xr.Dataset(
        {"response_curve": (("chain", "draw", "channel", "spend_multiplier"), curve)},
        coords={"channel": ["TV", "Search"], "spend_multiplier": M},
    )


def over_all(plans, fitter):
    return next(r for r in plans if r["fitter"] == fitter and r["channel"] == "all")


def test_a_plan_that_another_model_loses_by_is_refused() -> None:
    models = {"one": straight(200.0, 100.0), "other": straight(100.0, 300.0)}
    plans, gains = plan_tables(models, observed())
    row = over_all(plans, "one")
    by = {(r["fitter"], r["judge"]): r for r in gains}
    # straight lines at the same spend: 30% of the one's return comes, 30% of the other's goes
    assert by["one", "one"]["gain"] == pytest.approx(0.3 * 100, rel=0.05)
    assert by["one", "other"]["gain"] == pytest.approx(-0.3 * 200, rel=0.05)
    assert by["one", "one"]["share_of_sales"] == pytest.approx(0.03, rel=0.05)
    assert row["move_money"] == "no"
    assert row["least_by"] == "other"
    assert "do not move money" in row["note"]
    low, high = (by["one", "other"][f"gain_{end}"] for end in ("q05", "q95"))
    assert low < by["one", "other"]["gain"] < high


def test_a_plan_that_all_gain_by_is_not() -> None:
    models = {"one": straight(200.0, 100.0), "other": straight(300.0, 100.0, draws=1)}
    plans, gains = plan_tables(models, observed())
    assert over_all(plans, "one")["move_money"] == "yes"
    assert np.isnan(next(r for r in gains if r["judge"] == "other")["gain_q05"])
    assert "follows sales" not in over_all(plans, "one")["note"]
    tv = next(r for r in plans if r["fitter"] == "one" and r["channel"] == "TV")
    assert tv["multiplier"] == pytest.approx(1.3)
    assert tv["planned"] == pytest.approx(130.0)


def test_a_plan_that_puts_more_where_spend_follows_sales_says_so() -> None:
    chased = observed()
    chased["spend"].values[0, :, 0] = [40.0, 60.0]
    chased["sales"].values[0] = [400.0, 600.0]
    for returns, said in (((200.0, 100.0), True), ((100.0, 200.0), False)):
        models = {"one": straight(*returns), "other": straight(*returns)}
        note = over_all(plan_tables(models, chased)[0], "one")["note"]
        assert note.startswith("every model expects a gain from it")
        assert ("puts more on TV, where spend follows sales" in note) == said


def test_one_model_has_no_judge_and_a_flat_one_no_plan() -> None:
    plans, _ = plan_tables({"one": straight(200.0, 100.0)}, observed())
    assert over_all(plans, "one")["move_money"] == "alone"
    plans, _ = plan_tables({"one": straight(100.0, 100.0, draws=1)}, observed())
    assert over_all(plans, "one")["move_money"] == "nothing"
