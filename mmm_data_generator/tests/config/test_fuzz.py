"""Any change of a config gives a sound dataset or a refusal of one line that says where."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mmm_data_generator import (
    ConfigError,
    MMMDataConfig,
    customize_preset,
    generate_mmm_dataset,
    get_preset_config,
)
from mmm_data_generator.config.customize import customize

BASES = {
    name: json.dumps(get_preset_config(name).to_dict())
    for name in ("basic", "daily", "time_varying", "sandbox", "stress_everything", "stress_budget")
}
#: Truths that a world may not have.
MAY_BE_NAN = {"adstock_decay", "half_saturation", "slope", "half_frequency", "frequency_slope"}
NUMBERS = (0, 1, -1, 2, 50, 0.5, -5, 1e4, 1e6, 1e15, 1e16, 1e100, 1e300, -1e300, 1e-320, 1e-15)
OTHERS = (None, True, "", "x", "a\x00b", "n" * 400, "a\nb", "1600-01-01", "9999-12-31", 10**30)
NESTED = ([], [1], ["a", "a"], [None], {}, {"a": 1}, {"type": "hill"}, {"type": ["a"]})
values = st.sampled_from([*NUMBERS, *OTHERS, *NESTED, float("nan"), float("inf"), 10**18])


def places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside a JSON object."""
    inside = node.items() if isinstance(node, dict) else enumerate(node)
    out = []
    for key, value in inside:
        out.append((*at, key))
        if isinstance(value, (dict, list)):
            out += places(value, (*at, key))
    return out


def changed(base: str, changes: list[tuple[int, Any]]) -> dict[str, Any]:
    made = json.loads(base)
    for at, value in changes:
        known = places(made)
        path = known[at % len(known)]
        node = made
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = deepcopy(value)  # else the next change is made in NESTED itself
    return made


def sound_or_refused(values: Any) -> None:
    problem, dataset = "", None
    try:
        config = MMMDataConfig.from_dict(values)
        # a big world is right and slow
        if config.n_periods * config.regions.n_regions <= 2000:
            dataset = generate_mmm_dataset(config)
    except ConfigError as error:
        problem = str(error)
    assert "\n" not in problem
    assert len(problem) < 2000
    if dataset is None:
        return
    for part in (dataset.observed, dataset.truth):
        for name, array in (part.data_vars if part is not None else {}).items():
            found = array.values[~np.isnan(array.values)] if name in MAY_BE_NAN else array.values
            assert np.isfinite(found).all(), name


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(BASES)),
    st.lists(st.tuples(st.integers(0, 10_000), values), min_size=1, max_size=3),
)
def test_any_changed_config_is_sound_or_refused(name: str, changes: list[tuple[int, Any]]) -> None:
    sound_or_refused(changed(BASES[name], changes))


@pytest.mark.parametrize(
    ("preset", "change", "message"),
    [
        ("basic", {"start_date": "1600-01-01"}, "must lie between 1700-01-01 and 2250-12-31"),
        ("basic", {"start_date": "2023-01-02nonsense"}, "must be a date like"),
        ("basic", {"n_periods": 20_000}, "the window must end by 2250-12-31"),
        ("basic", {"n_periods": 10**9}, "n_periods = 1000000000: must be a whole number >= 2"),
        (
            "basic",
            {"n_periods": 10_000, "regions.n_regions": 10_000},
            "geos x periods (or lags) x series = 4e+08: must be <= 1e+08",
        ),
        ("basic", {"channels[0].adstock.l_max": 10**18}, "l_max = 1000000000000000000: must be"),
        ("basic", {"channels[0].base_spend": 1e300}, "must be between -1e+15 and 1e+15"),
        ("basic", {"channels[0].base_spend": 1e-320}, "must be at least 1e-50"),
        ("basic", {"channels[0].spend_volatility": 1e14}, None),
        ("time_varying", {"prior.sales_sd": 1e6}, "too large for a float"),
        ("time_varying", {"prior.volatility": 1e14}, "too large for a float"),
        ("basic", {"channels[0].name": "a\x00b"}, "without line breaks or control characters"),
        ("basic", {"channels[0].name": "n" * 300}, "must be a name of at most 120 characters"),
        ("basic", {"stressors": [{"type": "budget"}, 3]}, "stressors[1] = 3: must be a stressor"),
        ("basic", {"stressors": [{"type": ["demand"]}]}, "stressors[0].type = ['demand']: must be"),
        (
            "daily",
            {"n_periods": 5, "channels[0].weekday_spend": [0, 0, 0, 0, 0, 0, 1]},
            None,
        ),
    ],
)
def test_each_fault_that_was_found(
    preset: str, change: dict[str, Any], message: str | None
) -> None:
    if message is None:
        sound_or_refused(customize_preset(preset, **change).to_dict())
        return
    with pytest.raises(ConfigError) as caught:
        generate_mmm_dataset(customize_preset(preset, **change))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_channel_that_never_spends_is_named() -> None:
    quiet = {"weekday_spend": [1, 0, 0, 0, 0, 0, 0], "name": "Monday"}
    config = {
        "n_periods": 3,
        "start_date": "2023-01-03",
        "frequency": "daily",
        "channels": [quiet, {"name": "Other"}],
    }
    with pytest.raises(ConfigError, match="channel 'Monday' spends nothing at all"):
        generate_mmm_dataset(MMMDataConfig(**config))


def test_a_world_is_not_a_list() -> None:
    with pytest.raises(ConfigError, match="must be a mapping of fields"):
        MMMDataConfig.from_dict([])  # type: ignore[arg-type]


KEYS = st.text(alphabet="[]0129.acehilnops_", max_size=24)


@settings(max_examples=100)
@given(
    st.one_of(KEYS, st.sampled_from(["channels", "regions", "channels[0]", "stressors"])), values
)
@example("", 1)
@example("[0]", 1)
@example("channels[0]", {"name": "q"})
@example("channels.name", "q")
@example("channels[99999999999999999999]", 1)
@example("regions.", 1)
def test_any_address_of_a_change_is_answered(key: str, value: Any) -> None:
    problem = ""
    try:
        customize(get_preset_config("basic"), {key: value})
    except ConfigError as error:
        problem = str(error)
    assert "\n" not in problem
