"""Batches are the same worlds, only many at a time."""

import numpy as np
import pytest

from mmm_data_generator import (
    ConfigError,
    WorldPrior,
    customize_preset,
    draw_batch,
    draw_config,
    generate_mmm_dataset,
    get_preset_config,
    simulate_batch,
)


@pytest.mark.parametrize("preset", ["small_business", "sandbox", "time_varying"])
def test_world_i_of_a_batch_is_the_dataset_of_that_seed(preset: str) -> None:
    config = get_preset_config(preset)
    batch = simulate_batch(config, [5, 6, 7])
    assert batch.n_worlds == 3
    one, same = generate_mmm_dataset(config, seed=6), batch.dataset(1)
    assert same.observed.identical(one.observed)
    assert same.truth is not None
    assert same.truth.identical(one.truth)
    assert one.truth is not None
    for name in ("contribution", "baseline", "noise", "coefficient", "adstock_decay"):
        np.testing.assert_array_equal(batch[name][1], one.truth[name])


def test_worlds_of_a_batch_may_differ_in_all_but_shape() -> None:
    plain = customize_preset("basic", seed=1)
    other = customize_preset(
        "basic",
        seed=2,
        **{
            "channels[0].saturation.type": "tanh",
            "channels[1].adstock.l_max": 3,
            "channels[2].adstock_first": False,
            "channels[0].coefficient.process": "log_ou_jumps",
        },
    )
    batch = simulate_batch([plain, other])
    for i, config in enumerate((plain, other)):
        expected = generate_mmm_dataset(config)
        np.testing.assert_allclose(batch["sales"][i], expected.observed["sales"], rtol=1e-12)
    with pytest.raises(ConfigError, match=r"configs\[1\].*a batch has one shape"):
        simulate_batch([plain, get_preset_config("seasonal")])
    with pytest.raises(ConfigError, match="as many as configs"):
        simulate_batch([plain, other], [1])


@pytest.mark.parametrize("prior", ["worlds", "time_varying", "published"])
def test_a_drawn_batch_is_whole(prior: str) -> None:
    rng = np.random.default_rng(4)
    geos = 1 if prior == "time_varying" else 3
    batch = draw_batch(rng, prior, 20, n_channels=4, n_controls=2, n_weeks=60, n_geos=geos)
    assert batch["spend"].shape == (20, geos, 60, 4)
    assert batch["controls"].shape == (20, geos, 60, 2)
    for name, values in batch.items():
        assert np.isfinite(values).all(), name
    total = batch["baseline"] + batch["noise"] + batch["contribution"].sum(-1)
    total += batch["control_contribution"].sum(-1)
    np.testing.assert_allclose(total, batch["sales"], rtol=1e-9)
    dataset = batch.dataset(3)
    np.testing.assert_array_equal(dataset.observed["spend"], batch["spend"][3])
    assert dataset.truth is not None
    np.testing.assert_array_equal(dataset.truth["contribution"], batch["contribution"][3])
    again = draw_batch(np.random.default_rng(4), prior, 20, 4, 2, 60, geos)
    np.testing.assert_array_equal(again["sales"], batch["sales"])


@pytest.mark.parametrize("sizes", [(1, 0, 26, 1), (30, 10, 260, 1), (2, 1, 52, 8)])
def test_any_size(sizes: tuple[int, int, int, int]) -> None:
    channels, controls, weeks, geos = sizes
    batch = draw_batch(np.random.default_rng(0), WorldPrior(), 4, channels, controls, weeks, geos)
    assert batch["spend"].shape == (4, geos, weeks, channels)
    config = draw_config(
        np.random.default_rng(1),
        n_channels=channels,
        n_controls=controls,
        n_weeks=weeks,
        n_geos=geos,
    )
    shape = generate_mmm_dataset(config).observed["spend"].shape
    assert shape == (geos, weeks, channels)


def test_what_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="must be one of worlds, time_varying, published"):
        draw_config(rng, "world")
    with pytest.raises(ConfigError, match="time_varying worlds have one geo"):
        draw_batch(rng, "time_varying", 2, n_geos=3)
