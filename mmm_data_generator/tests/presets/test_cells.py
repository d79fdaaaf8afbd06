"""Cells: worlds by (name, seed) alone, accepted wherever a preset is."""

from __future__ import annotations

import numpy as np
import pytest

from mmm_data_generator import (
    ConfigError,
    MMMDataset,
    customize_preset,
    describe,
    generate_mmm_dataset,
    get_preset_config,
    list_available_presets,
    list_cells,
)
from mmm_data_generator.__main__ import main
from mmm_data_generator.presets.cells import CELLS, cell_of

PUBLISHED = [name for name in CELLS if name != "worlds"]


@pytest.mark.parametrize("name", CELLS)
def test_name_and_seed_are_enough(name: str) -> None:
    one = generate_mmm_dataset(name, seed=3)
    other = generate_mmm_dataset(get_preset_config(name, seed=3))
    assert (one.name, one.seed) == (other.name, other.seed) == (name, 3)
    np.testing.assert_array_equal(one.observed["sales"], other.observed["sales"])
    assert one.config is not None
    assert cell_of(one.config) is CELLS[name]
    assert customize_preset(name, seed=3) == one.config
    assert cell_of(customize_preset(name, seed=3, n_periods=80)) is None


def test_a_seed_draws_another_world_and_zero_is_the_default() -> None:
    assert get_preset_config("published") == get_preset_config("published", seed=0)
    assert get_preset_config("published").channels != get_preset_config("published", 1).channels


@pytest.mark.parametrize("name", PUBLISHED)
def test_sales_and_sizes_are_those_of_a_business(name: str) -> None:
    for seed in range(3):
        dataset = generate_mmm_dataset(name, seed=seed)
        sizes, cell = dataset.observed.sizes, CELLS[name]
        assert (dataset.observed["sales"] > 0).all()
        assert cell.weeks[0] <= sizes["date"] <= cell.weeks[1]
        assert cell.channels[0] <= sizes["channel"] <= cell.channels[1]
        assert (sizes["geo"], sizes["control"]) == (cell.geos, cell.controls)


def test_cells_share_what_they_do_not_move() -> None:
    base = generate_mmm_dataset("published", seed=5)
    for name in ("published_straight", "published_bent", "published_long", "published_moving"):
        moved = generate_mmm_dataset(name, seed=5)
        np.testing.assert_array_equal(moved.observed["spend"], base.observed["spend"])
        assert moved.truth is not None
        assert base.truth is not None
        np.testing.assert_allclose(moved.truth["roas"], base.truth["roas"])


def test_every_one_has_a_line() -> None:
    for name in [*list_available_presets(), *list_cells()]:
        line = describe(name)
        assert 5 < len(line) < 100
        assert "\n" not in line


def test_the_command_line_takes_cells(tmp_path, capsys) -> None:
    assert main(["published_null", "--seed", "3", "--out", str(tmp_path / "null")]) == 0
    loaded = MMMDataset.load(tmp_path / "null")
    assert (loaded.name, loaded.seed) == ("published_null", 3)
    assert loaded.config is not None
    assert cell_of(loaded.config) is CELLS["published_null"]
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in CELLS)


def test_a_wrong_name_or_seed_is_one_line() -> None:
    with pytest.raises(ConfigError, match="did you mean 'published_null'"):
        get_preset_config("published_nul")
    with pytest.raises(ConfigError, match="seed = -1"):
        generate_mmm_dataset("published", seed=-1)
