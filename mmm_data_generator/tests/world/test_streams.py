"""Streams are named: what is added moves nothing else, and one seed gives one dataset."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from mmm_data_generator import (
    ChannelConfig,
    ControlConfig,
    MMMDataConfig,
    customize_preset,
    generate_mmm_dataset,
    get_preset_config,
)
from mmm_data_generator.world.seeds import stream


@pytest.mark.parametrize("preset", ["small_business", "medium_business", "time_varying"])
def test_same_seed_same_values_whatever_came_before(preset: str) -> None:
    first = generate_mmm_dataset(preset, seed=11)
    np.random.default_rng(0).standard_normal(1000)
    generate_mmm_dataset("basic", seed=3)
    again = generate_mmm_dataset(preset, seed=11)
    other = generate_mmm_dataset(preset, seed=12)
    assert again.observed.identical(first.observed)
    assert again.truth is not None
    assert again.truth.identical(first.truth)
    assert not np.array_equal(other.observed["sales"], first.observed["sales"])
    assert not np.array_equal(other.observed["spend"], first.observed["spend"])


def grown() -> tuple[MMMDataConfig, MMMDataConfig]:
    config = customize_preset("growing_business", seed=4)
    more = customize_preset("growing_business", seed=4, **{"regions.n_regions": 4})
    channel = ChannelConfig("New", "on_off", coefficient={"process": "log_ou_jumps"})
    control = ControlConfig("Newer", "on_off")
    return config, replace(
        more,
        # in front, so that every position moves
        channels=(channel, *more.channels),
        control_variables=(control, *more.control_variables),
    )


def test_adding_a_channel_a_geo_and_a_control_changes_no_other_stream() -> None:
    config, more = grown()
    small, large = generate_mmm_dataset(config), generate_mmm_dataset(more)
    own = {dim: small.observed[dim].values for dim in ("geo", "channel", "control")}
    for name in ("spend", "controls", "population"):
        part = large.observed[name]
        part = part.sel({dim: own[dim] for dim in part.dims if dim in own})
        np.testing.assert_array_equal(part, small.observed[name], err_msg=name)
    assert small.truth is not None
    assert large.truth is not None
    for name in ("contribution", "coefficient", "control_contribution", "baseline", "noise"):
        part = large.truth[name]
        part = part.sel({dim: own[dim] for dim in part.dims if dim in own})
        # noise is what is left of sales, so it carries the rounding of their sum
        xr.testing.assert_allclose(part, small.truth[name], rtol=1e-12, atol=1e-8)


def test_channel_order_permutes_and_nothing_else() -> None:
    config = customize_preset("growing_business", seed=9)
    turned = replace(config, channels=config.channels[::-1])
    one, two = generate_mmm_dataset(config), generate_mmm_dataset(turned)
    assert one.truth is not None
    assert two.truth is not None
    names = one.observed["channel"].values
    np.testing.assert_array_equal(two.observed["spend"].sel(channel=names), one.observed["spend"])
    np.testing.assert_allclose(two.observed["sales"], one.observed["sales"], rtol=1e-12)
    for name in ("roas", "marginal_roas", "half_saturation", "response_curve"):
        np.testing.assert_allclose(two.truth[name].sel(channel=names), one.truth[name], rtol=1e-9)


def test_names_cannot_run_into_each_other() -> None:
    one = stream(0, "purpose", "a", "bc").standard_normal(4)
    two = stream(0, "purpose", "ab", "c").standard_normal(4)
    assert not np.array_equal(one, two)
    big = stream(2**63, "purpose").standard_normal(4)
    assert not np.array_equal(big, stream(0, "purpose").standard_normal(4))


def test_values_that_never_change() -> None:
    # written down once: another platform or numpy must draw the same worlds
    dataset = generate_mmm_dataset(get_preset_config("small_business"), seed=0)
    np.testing.assert_allclose(dataset.observed["sales"].values[0, :2], SALES, rtol=1e-10)
    varying = generate_mmm_dataset(get_preset_config("time_varying"), seed=0)
    np.testing.assert_allclose(varying.observed["sales"].values[0, :2], VARYING, rtol=1e-10)


SALES = [12448.186816965766, 10089.642922944968]
VARYING = [9858.958257038159, 11207.296894260058]
