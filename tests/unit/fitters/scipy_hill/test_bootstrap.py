"""Blocks of consecutive weeks, shared by the geos."""

import numpy as np

from mmm_benchmark.fitters.scipy_hill.bootstrap import default_block_length, resample_blocks


def test_blocks_are_consecutive_weeks_of_all_geos():
    weeks = np.arange(23.0)
    drawn = resample_blocks(np.stack([weeks, weeks + 100]), 5, np.random.default_rng(0))
    assert drawn.shape == (2, 23)
    np.testing.assert_array_equal(drawn[1], drawn[0] + 100)
    steps = np.diff(drawn[0]).reshape(-1)
    inside = np.delete(steps, [4, 9, 14, 19])
    assert (inside == 1).all()


def test_every_block_can_be_drawn():
    rng = np.random.default_rng(0)
    first = {resample_blocks(np.arange(8.0)[None], 3, rng)[0, 0] for _ in range(300)}
    assert first == {0, 1, 2, 3, 4, 5}


def test_default_length_is_the_cube_root():
    assert [default_block_length(n) for n in (1, 27, 104, 208)] == [1, 3, 5, 6]
