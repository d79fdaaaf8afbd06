"""The law that the oracle is told of the ``published`` cells is the one that is drawn from."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mmm_benchmark.plan.generating_family import family_of, family_text
from mmm_benchmark.plan.published_law import WITH_DENSITY, published_law
from mmm_benchmark.priors import numbers
from mmm_benchmark.priors.laws import read_law
from mmm_data_generator import generate_mmm_dataset, get_preset_config
from mmm_data_generator.presets.cells import CELLS
from mmm_data_generator.priors.base import Size
from mmm_data_generator.priors.published import PublishedPrior
from mmm_data_generator.priors.worlds import WorldPrior

DRAWS = 4000


def law_of(given, most=np.inf):
    return read_law("test", given, 0.0, most)


def as_said(drawn, given, most=np.inf):
    law = law_of(given, most)
    return stats.kstest(drawn, lambda x: numbers.cdf(law, x)).pvalue > 1e-3


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_family_holds_nothing_that_a_seed_decides(name):
    config = CELLS[name].config(1)
    others = (CELLS[name].config(seed) for seed in range(2, 30))
    other = next(each for each in others if len(each.channels) == len(config.channels))
    one, two = (family_text(generate_mmm_dataset(each)) for each in (config, other))
    assert one == two
    assert json.loads(one)["kind"] == "published"


def test_other_cells_and_changed_worlds_have_no_such_family():
    for name in ("published_baseline", "published_moving", "published_demand"):
        assert family_of(generate_mmm_dataset(name, seed=1)) is None
    config = get_preset_config("published", seed=1)
    louder = replace(config.regions, sales_volatility=2 * config.regions.sales_volatility)
    changed = family_of(generate_mmm_dataset(replace(config, regions=louder)))
    assert changed is None or changed["kind"] == "constant"


def test_curves_and_decays_are_drawn_from_the_laws_that_are_told():
    prior, rng = PublishedPrior(), np.random.default_rng(0)
    told = published_law(CELLS["published"], 1)
    for k, curve in enumerate(told["curves"]):
        alone = replace(prior, curve_chances=tuple(np.eye(4)[k]))
        slope, half, figure = alone.draw_curves(rng, (DRAWS,))
        assert curve["chance"] == prior.curve_chances[k]
        assert as_said(half, curve["half_saturation"])
        unit = ("mean_active", "max", "median_active")[int(figure[0])]
        assert curve["half_saturation"]["of"] == unit
        if isinstance(curve["slope"], float):
            assert (slope == curve["slope"]).all()
        else:
            assert as_said(slope, curve["slope"])
    assert as_said(prior.draw_decays(rng, (DRAWS,)), told["carry_over"][0]["decay"], 1.0)
    assert as_said(prior.draw_share(rng, DRAWS), {"beta": told["share"]}, 1.0)
    assert as_said(prior.draw_r2(rng, DRAWS), {"beta": told["r2"]}, 1.0)


def test_cells_move_the_axis_that_the_law_says():
    rng = np.random.default_rng(1)
    config = CELLS["published"].config(1)

    def channels(name, n=40):
        return [c for _ in range(n) for c in CELLS[name].edit(config, rng).channels]

    for name in ("published_straight", "published_bent"):
        (curve,) = published_law(CELLS[name], 4)["curves"]
        drawn = [c.saturation for c in channels(name)]
        assert as_said([s.kappa for s in drawn], curve["half_saturation"])
        assert {s.scale for s in drawn} == {curve["half_saturation"]["of"]}
        slopes = [s.slope for s in drawn]
        assert set(slopes) == {1.0} if curve["slope"] == 1.0 else as_said(slopes, curve["slope"])
    told = published_law(CELLS["published_long"], 2)
    drawn = [c.adstock for c in channels("published_long")]
    for type_, power, law in (("geometric", 1, 0), ("delayed", 0.5, 1)):
        own = [a for a in drawn if a.type == type_]
        half_lives = [(1 / -np.log2(a.alpha)) ** power for a in own]
        assert as_said(half_lives, told["carry_over"][law]["half_life"])
        assert {a.l_max for a in own} == {told["l_max"]}
    late = [a.theta for a in drawn if a.type == "delayed"]
    assert as_said(late, told["carry_over"][1]["peak"])


def test_geos_differ_by_what_is_told():
    told = published_law(CELLS["published_geo"], 1)
    regions = CELLS["published_geo"].config(1).regions
    assert told["geos"] == [regions.channel_param_variation, regions.transform_variation]
    assert "geos" not in published_law(CELLS["published"], 1)


def test_any_two_channels_may_be_without_effect():
    told = published_law(CELLS["published_null"], 6)
    assert "without" not in published_law(CELLS["published"], 6)
    rng, config = np.random.default_rng(5), CELLS["published"].config(1)
    channels = CELLS["published_null"].config(1).channels
    six = replace(config, channels=tuple(replace(c, base_effectiveness=1.0) for c in channels))
    counts = np.zeros(6)
    for _ in range(600):
        drawn = CELLS["published_null"].edit(six, rng).channels
        silent = [channel.base_effectiveness == 0 for channel in drawn]
        assert sum(silent) == told["without"]
        counts += silent
    assert stats.chisquare(counts).pvalue > 1e-3


def test_controls_trend_and_sizes_are_drawn_from_the_laws_that_are_told():
    told = published_law(CELLS["published"], 1)
    size = Size(n_channels=1, n_controls=1, n_weeks=104, n_geos=1)
    p = WorldPrior().draw_parameters(np.random.default_rng(2), DRAWS, size)
    effect = (p.control_effect * p.controls.level)[:, 0] / p.base
    chance, bound = told["harm"]
    harmful = effect < 0
    assert stats.binomtest(int(harmful.sum()), DRAWS, chance).pvalue > 1e-3
    assert as_said(effect[~harmful], told["control"])
    law = law_of(told["control"])
    beyond = 1 - numbers.cdf(law, np.array([bound]))[0]
    on_bound = int(np.isclose(effect, -bound).sum())
    assert stats.binomtest(on_bound, int(harmful.sum()), beyond).pvalue > 1e-3
    assert stats.kstest(p.trend * 104 / told["trend"], "norm").pvalue > 1e-3
    assert as_said(p.size_variation, {"uniform": told["size_variation"]})
    control = CELLS["published"].config(3).control_variables[0]
    assert control.regional_value_variation == told["level_variation"]
