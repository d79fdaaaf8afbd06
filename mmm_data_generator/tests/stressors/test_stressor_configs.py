"""Stressors as configuration: errors carry the path, files bring the same world back."""

from __future__ import annotations

import json

import pytest

from mmm_data_generator import (
    ConfigError,
    MMMDataConfig,
    customize_preset,
    generate_mmm_dataset,
    get_preset_config,
    list_available_presets,
    simulate_batch,
)
from mmm_data_generator.presets.stress import STRESS_PRESETS, calm
from mmm_data_generator.stressors import STRESSORS, Demand, Events, Synergy


@pytest.mark.parametrize("name", STRESS_PRESETS)
def test_presets_are_listed_and_survive_json(name):
    assert name in list_available_presets()
    config = get_preset_config(name)
    assert MMMDataConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_every_stressor_has_a_preset():
    used = {type(each) for name in STRESS_PRESETS for each in get_preset_config(name).stressors}
    assert used == set(STRESSORS.values())


@pytest.mark.parametrize(
    ("stressors", "message"),
    [
        ([{"type": "demnd"}], "stressors[0].type = 'demnd': must be one of"),
        ([{"type": "demnd"}], "did you mean 'demand'?"),
        ([{"type": "demand", "lft": 1}], "stressors[0].lft: unknown field; did you mean 'lift'?"),
        ([{"type": "outliers", "size": -1}], "stressors[0].size = -1: must be > 0"),
        (
            [{"type": "outliers"}, {"type": "noise", "degrees_of_freedom": 2}],
            "stressors[1].degrees",
        ),
        ([{"type": "demand", "channels": ["Serch"]}], "did you mean 'Search'?"),
        ([{"type": "demand", "channels": ["Serch"]}], "stressors[0].channels[0] = 'Serch'"),
        ([{"type": "synergy", "channels": ["TV"]}], "stressors[0].channels: needs at least 2"),
        (
            [{"type": "collinear", "correlation": -0.5}],
            "stressors[0].correlation = -0.5: must be >",
        ),
        ([{"type": "events", "holidays": ["xmas"]}], "stressors[0].holidays[0] = 'xmas': unknown"),
        ([{"type": "missing_weeks", "periods": 80}], "stressors[0].periods = 80: must be <= 26"),
        ([{"type": "events"}, {"type": "events"}], "stressors[1]: there is a control 'Easter'"),
        ([{"type": "organic", "control": "Sale"}], "stressors[0]: there is a control 'Sale'"),
        (
            [{"type": "organic", "adstock": {"alpha": 2}}],
            "stressors[0].adstock.alpha = 2: must be >= 0 and < 1",
        ),
        (["demand"], "stressors[0] = 'demand': must be a stressor or a mapping"),
        ("demand", "stressors: must be a list of stressors"),
    ],
)
def test_bad_stressors_are_refused_with_their_path(stressors, message):
    with pytest.raises(ConfigError) as error:
        customize_preset("stress_demand", stressors=stressors)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_fields_of_stressors_can_be_customized():
    config = customize_preset("stress_demand", **{"stressors[0].lift": 0.3})
    assert config.stressors == (Demand(channels=("Search",), lift=0.3),)


def test_stressors_join_a_prior():
    config = customize_preset("time_varying", stressors=[{"type": "demand"}, {"type": "outliers"}])
    assert config.control_names == ("Seasonality", "Trend", "CompetitorPrice")
    stressed = generate_mmm_dataset(config, seed=1)
    assert float(stressed.truth["unobserved"].std()) > 0


def test_controls_of_stressors_come_last():
    config = calm("test", Events(holidays=("easter",)), Demand(observed=True))
    assert config.control_names == ("Sale", "Easter", "Demand-Index")


def test_worlds_of_different_laws_do_not_mix():
    with pytest.raises(ConfigError, match="one law of sales"):
        simulate_batch([calm("a"), calm("b", Synergy())])
