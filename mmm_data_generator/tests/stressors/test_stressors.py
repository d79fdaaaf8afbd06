"""Each stressor does what it says, and nothing else."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from mmm_data_generator import MMMDataset, generate_mmm_dataset
from mmm_data_generator import stressors as s
from mmm_data_generator.config.draw import draw_world
from mmm_data_generator.presets.stress import calm
from mmm_data_generator.stressors.events import black_friday, easter


def made(*stressors: object, seed: int = 5, **sizes: int) -> MMMDataset:
    return generate_mmm_dataset(calm("test", *stressors, **sizes), seed=seed)


def effect(name: str, *stressors: object, **sizes: int) -> np.ndarray:
    """Return what stressors change in a part of the truth."""
    return (made(*stressors, **sizes).truth[name] - made(**sizes).truth[name]).values


def same_spend(a: MMMDataset, b: MMMDataset) -> np.ndarray:
    return np.isclose(a.observed["spend"].values, b.observed["spend"].values).all((0, 1))


def correlations(rows: np.ndarray) -> np.ndarray:
    return np.corrcoef(rows)[np.triu_indices(len(rows), 1)]


def test_a_config_without_stressors_is_the_plain_world():
    assert type(draw_world(calm("test"), 1)).__name__ == "World"


@pytest.mark.parametrize("target", [-0.2, 0.0, 0.5, 0.95])
def test_collinear_log_spend_correlates_exactly_as_chosen(target):
    plain, data = made(geos=2), made(s.Collinear(correlation=target), geos=2)
    for geo in range(2):
        log = np.log(data.observed["spend"].values[geo].T)
        np.testing.assert_allclose(correlations(log), target, atol=1e-9)
    total = data.observed["spend"].sum("date") / plain.observed["spend"].sum("date")
    np.testing.assert_allclose(total, 1)


def test_collinear_touches_only_its_channels():
    data = made(s.Collinear(channels=("TV", "Search")))
    np.testing.assert_array_equal(same_spend(data, made()), [False, False, True, True])


def test_always_on_never_goes_below_its_floor():
    spend = made(s.AlwaysOn(floor=0.3)).observed["spend"]
    np.testing.assert_allclose(spend.min("date") / spend.mean("date"), 0.3)


def test_national_spend_is_split_by_population():
    data = made(s.NationalMedia(channels=("TV",)), geos=4)
    tv, people = data.observed["spend"].sel(channel="TV"), data.observed["population"]
    a_head = (tv / people).transpose("geo", "date").values
    np.testing.assert_allclose(a_head, np.tile(tv.sum("geo") / people.sum(), (4, 1)))
    plain = made(geos=4).observed["spend"].sel(channel="TV")
    np.testing.assert_allclose(tv.sum("geo"), plain.sum("geo"))


def test_a_cost_model_moves_what_spend_buys():
    data = made(s.CostModel(seasonal_amplitude=0.3))
    bought = data.world.efficiency
    np.testing.assert_allclose(bought.mean(1), 1)
    assert (bought.std(1) > 0.1).all()
    # the response is that of a plain world whose spend is what was bought
    plain = draw_world(calm("test"), 5)
    np.testing.assert_allclose(
        data.world.response(), plain.response(data.world.spend * bought), rtol=1e-12
    )


def test_demand_drives_search_and_hidden_sales():
    data = made(s.Demand(channels=("Search",), pull=0.5), weeks=400)
    hidden = data.truth["unobserved"].values[0]
    search = data.observed["spend"].sel(channel="Search").values[0]
    assert np.corrcoef(hidden, np.log(search))[0, 1] > 0.6
    assert "Demand-Index" not in data.observed["control"].values
    # intercept holds what is hidden, and only that is new
    np.testing.assert_allclose(
        effect("intercept", s.Demand(channels=("Search",)), weeks=400)[0], hidden
    )


def test_observed_demand_is_a_control():
    data = made(s.Demand(observed=True, lift=0.15))
    index = data.observed["controls"].sel(control="Demand-Index")
    parts = data.truth["control_contribution"].sel(control="Demand-Index")
    base = made().truth["intercept"]
    np.testing.assert_allclose(parts, 0.15 * base * index)
    assert not data.truth["unobserved"].any()


def test_a_trend_break_changes_the_trend_from_its_week_on():
    change = effect("trend", s.TrendBreak(at=0.5, jump=-0.2, slope_change=0.01))[0]
    base = made().truth["intercept"].values[0, 0]
    np.testing.assert_allclose(change[:52], 0)
    np.testing.assert_allclose(change[52:], base * (-0.2 + 0.01 * np.arange(52)), atol=1e-8)


@pytest.mark.parametrize(
    ("year", "day"), [(2023, (4, 9)), (2024, (3, 31)), (2025, (4, 20)), (2038, (4, 25))]
)
def test_easter(year, day):
    assert easter(year) == date(year, *day)


def test_black_friday():
    assert [black_friday(year).day for year in (2022, 2023, 2024, 2025)] == [25, 24, 29, 28]


def test_holidays_fall_into_their_weeks():
    data = made(s.Events(holidays=("christmas",), run_up=0.3))
    weeks = data.observed["controls"].sel(control="Christmas").isel(geo=0)
    hit = [str(d)[:10] for d in weeks["date"].values[weeks.values == 1]]
    assert hit == ["2023-12-25", "2024-12-23"]
    before = [str(d)[:10] for d in weeks["date"].values[weeks.values == 0.3]]
    assert before == ["2023-12-18", "2024-12-16"]


def test_hidden_holidays_have_the_same_effect_as_shown_ones():
    shown, hidden = made(s.Events()), made(s.Events(observed=False))
    np.testing.assert_allclose(shown.observed["sales"], hidden.observed["sales"])
    assert hidden.observed.sizes["control"] == 1


def test_price_has_its_elasticity():
    config = s.Promotions(elasticity=-2.6, display_lift=0.0)
    data = made(config)
    r = 1 + data.observed["controls"].sel(control="Price").values[0]
    base = made().truth["intercept"].values[0]
    lift = data.truth["control_contribution"].sel(control="Price").values[0]
    np.testing.assert_allclose(np.log1p(lift / base), (1 - 2.6) * np.log(r), atol=1e-9)
    promoted = data.observed["controls"].sel(control="Promotion").values[0] == 1
    assert r[promoted].max() < r[~promoted].min()


def test_a_competitor_moves_with_us_and_takes_sales():
    plain, data = made(), made(s.Competitor(correlation=0.6, decay=0.0, loss=0.2))
    lost = -data.truth["unobserved"].values[0]
    total = plain.observed["spend"].sum("channel").values[0]
    together = np.corrcoef(np.log(lost), np.log(total + 0.01 * total.mean()))[0, 1]
    np.testing.assert_allclose(together, 0.6)
    np.testing.assert_allclose(lost.mean(), 0.2 * plain.truth["intercept"].values[0, 0])


def test_wrong_lag_moves_contributions_by_whole_weeks():
    plain, data = made(), made(s.WrongLag(channels=("TV",), weeks=3))
    tv, moved = (each.truth["contribution"].sel(channel="TV").values[0] for each in (plain, data))
    np.testing.assert_allclose(moved[3:], tv[:-3])
    np.testing.assert_array_equal(moved[:3], 0)


def test_synergy_is_shared_in_halves():
    plain, data = made(), made(s.Synergy(channels=("TV", "Search"), strength=0.5))
    gained = data.truth["contribution"] - plain.truth["contribution"]
    np.testing.assert_allclose(gained.sel(channel="TV"), gained.sel(channel="Search"))
    assert not gained.sel(channel=["Social", "Display"]).any()
    c = plain.truth["coefficient"].isel(geo=0, date=0).values
    h = plain.world.response()[0]
    joint = 0.5 * np.sqrt(c[0] * c[1]) * h[:, 0] * h[:, 1]
    np.testing.assert_allclose(gained.sum("channel").values[0], joint, atol=1e-8)


def test_brand_outlives_the_campaign():
    strength = s.Brand(channels=("TV",), strength=1.0, half_life=26)
    data, off = made(strength, weeks=300), 100
    stopped = data.observed["spend"].values.copy()
    stopped[:, off:, 0] = 0
    after = data.world.brand(stopped)[0, off + 20 :, 0]
    assert (after > 0).all()
    # far below saturation the slow effect halves every 26 weeks, to the power of the slope
    late = after[-60:]
    np.testing.assert_allclose(late[26:] / late[:-26], 0.5**1.2, rtol=0.05)
    part = data.truth["brand_contribution"].sel(channel="TV")
    assert float(part.sum()) > 0
    np.testing.assert_allclose(effect("contribution", strength, weeks=300)[..., 0], part, atol=1e-8)


def test_in_a_multiplicative_world_logs_add_up():
    data = made(s.Multiplicative())
    world = data.world
    b = data.truth["baseline"].values
    alone = (world.coefficient * world.response()).sum(-1) + world.control_effect.sum(-1)
    expected = (data.observed["sales"] - data.truth["noise"]).values
    np.testing.assert_allclose(np.log(expected), np.log(b) + alone / b)


def test_in_a_multiplicative_world_parts_are_in_proportion_to_their_effects():
    world = made(s.Multiplicative()).world
    alone = world.coefficient * world.response()
    ratio = world.contribution()[alone > 1] / alone[alone > 1]
    assert (ratio > 1).all()
    per_week = (world.contribution() / np.where(alone > 0, alone, np.nan))[0]
    spread = np.nanmax(per_week, 1) - np.nanmin(per_week, 1)
    np.testing.assert_allclose(spread, 0, atol=1e-9)


def test_outliers_change_only_the_noise_of_some_weeks():
    plain, data = made(), made(s.Outliers(probability=0.05, size=8))
    change = (data.truth["noise"] - plain.truth["noise"]).values[0]
    hit = change != 0
    assert 1 <= hit.sum() <= 20
    sd = 0.03 * plain.truth["intercept"].values[0, 0]
    np.testing.assert_allclose(np.abs(change[np.abs(change) > 1e-6]), 8 * sd)


def test_missing_weeks_are_filled_flagged_and_part_of_the_noise():
    plain, data = made(), made(s.MissingWeeks(probability=0.05, periods=2))
    kept = data.truth["recorded"].values[0] == 1
    sales, week = data.observed["sales"].values[0], np.arange(104)
    np.testing.assert_allclose(sales[kept], plain.observed["sales"].values[0][kept])
    np.testing.assert_allclose(sales[~kept], np.interp(week[~kept], week[kept], sales[kept]))
    flag = data.observed["controls"].sel(control="Imputed-Week").values[0]
    np.testing.assert_array_equal(flag, ~kept)
    assert (~kept).any()
    assert kept[[0, -1]].all()
    assert not data.truth["control_contribution"].sel(control="Imputed-Week").any()
    assert not data.data.isna().any().any()


def test_organic_impressions_saturate():
    data = made(s.OrganicMedia(effect=0.3, reach=0.5))
    people = float(data.observed["population"][0])
    x = data.observed["controls"].sel(control="Organic-Impressions").values[0] * 1000
    part = data.truth["control_contribution"].sel(control="Organic-Impressions").values[0]
    base = made().truth["intercept"].values[0]
    relative = x / (0.5 * people)
    np.testing.assert_allclose(part, 0.3 * base * relative / (1 + relative))


def test_organic_impressions_carry_over():
    alpha = 0.7
    plain = made(s.OrganicMedia())
    data = made(s.OrganicMedia(adstock={"type": "geometric", "alpha": alpha, "l_max": None}))
    name = "Organic-Impressions"
    np.testing.assert_array_equal(data.observed["controls"], plain.observed["controls"])
    people = float(data.observed["population"][0])
    x = data.observed["controls"].sel(control=name).values[0] * 1000 / (0.5 * people)
    part = data.truth["control_contribution"].sel(control=name).values[0]
    total = 0.3 * made().truth["intercept"].values[0]
    # what is felt, back from the contribution, follows the recursion of a geometric adstock
    felt = part / (total - part)
    lags = alpha ** np.arange(len(x))
    np.testing.assert_allclose(felt[1:], alpha * felt[:-1] + x[1:] / lags.sum(), rtol=1e-6)
    assert felt[0] == pytest.approx(x[0] / lags.sum())
    parts = data.truth["baseline"] + data.truth["contribution"].sum("channel")
    parts = parts + data.truth["control_contribution"].sum("control") + data.truth["noise"]
    np.testing.assert_allclose(parts, data.observed["sales"], rtol=1e-9)
    coefficient = data.truth["control_coefficient"].sel(control=name).values[0]
    np.testing.assert_allclose(coefficient * x * 0.5 * people / 1000, part)


def test_spend_follows_last_weeks_sales():
    config = s.FollowSales(channels=("Search",), gain=2.0, weeks=2, limit=50.0)
    plain, data = made(), made(config)
    np.testing.assert_array_equal(same_spend(plain, data), [True, False, True, True])
    sales = data.observed["sales"].values[0]
    recent = np.array([sales[max(t - 2, 0) : t].mean() for t in range(1, 104)])
    usual = plain.observed["sales"].values[0].mean()
    ratio = (data.observed["spend"] / plain.observed["spend"]).sel(channel="Search").values[0]
    np.testing.assert_allclose(ratio[1:], (recent / usual) ** 2, rtol=1e-9)


def test_budgets_are_a_share_of_last_years_sales():
    data = made(s.Budget(share=0.2), weeks=156)
    spend = data.observed["spend"].sum("channel").values[0].reshape(3, 52).sum(1)
    sales = data.observed["sales"].values[0].reshape(3, 52).sum(1)
    np.testing.assert_allclose(spend[1:], 0.2 * sales[:-1])


@pytest.mark.parametrize(
    "stressors",
    [
        (s.Demand(channels=("Search",)), s.TrendBreak(), s.Noise(autocorrelation=0.5)),
        (s.FollowSales(), s.Outliers(), s.Competitor()),
        (s.Multiplicative(), s.Events(), s.Synergy()),
    ],
)
def test_the_order_of_stages_does_not_depend_on_the_list(stressors):
    stages = [type(each).STAGE for each in stressors]
    first, last = made(*stressors), made(*reversed(stressors))
    if all(a != b for a, b in pairwise(sorted(stages))):
        np.testing.assert_allclose(first.observed["sales"], last.observed["sales"])
    assert first.truth is not None


def test_two_of_a_kind_draw_apart():
    one = made(s.Outliers(), s.Outliers(size=8.0)).truth["noise"] - made().truth["noise"]
    assert float(np.abs(one).max()) < 8.1 * 0.03 * 2e4
    both = (np.abs(one.values[0]) > 1).sum()
    alone = (np.abs((made(s.Outliers()).truth["noise"] - made().truth["noise"]).values) > 1).sum()
    assert both > alone
