"""What numpy code says of its shapes is checked where tests run, and a wrong shape is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from mmm_benchmark.fitters.common.hill import hill_adstock_gradient
from mmm_benchmark.fitters.scipy_hill.projection import LinearSolution, nonnegative
from mmm_benchmark.metrics import calibration, decision, effective, recovery
from mmm_data_generator.world import transforms


def test_a_wrong_shape_is_refused():
    three = np.ones(3)
    with pytest.raises(TypeCheckError):  # truth of two series, draws of three
        calibration.crps(np.zeros((3, 10)), np.zeros(2))
    with pytest.raises(TypeCheckError):  # a channel more in the truth
        calibration.energy_score(np.zeros((10, 3)), np.zeros(4))
    with pytest.raises(TypeCheckError):
        decision.misallocated_share(three, np.ones(4))
    with pytest.raises(TypeCheckError):  # chains of one series, without the axis of series
        effective.rhat(np.zeros((2, 100)))
    with pytest.raises(TypeCheckError):  # words are no series
        recovery.r2(np.array(["a", "b"]), np.zeros(2))
    with pytest.raises(TypeCheckError):  # a decay too many
        hill_adstock_gradient(np.ones((3, 1, 8)), np.full(4, 0.5), three, three)
    with pytest.raises(TypeCheckError):
        nonnegative(np.eye(3), np.ones(2))


def test_a_wrong_shape_is_refused_in_a_world():
    spend, weights = np.ones((2, 8, 3)), np.ones((2, 4, 3))
    with pytest.raises(TypeCheckError):  # weights of one geo would broadcast without a word
        transforms.adstock(spend, weights[:1])
    with pytest.raises(TypeCheckError):
        transforms.powered(spend, np.ones((2, 3)), np.ones((2, 1)))


def test_right_shapes_pass():
    assert calibration.crps(np.zeros((3, 10)), np.zeros(3)).shape == (3,)
    assert LinearSolution(np.ones(2), np.ones(9)).effects.shape == (2,)


def test_neither_package_loads_jaxtyping():
    modules = (
        "mmm_benchmark.metrics.recovery, mmm_benchmark.fitters.scipy_hill.answer,"
        "mmm_data_generator.world.stressed, sys"
    )
    told = f"import {modules}; sys.exit('jaxtyping' in sys.modules)"
    subprocess.run([sys.executable, "-c", told], check=True)
