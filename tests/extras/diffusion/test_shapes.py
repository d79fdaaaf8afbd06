"""What the tensors say of their shapes is checked, and a wrong shape is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jaxtyping import TypeCheckError
from worlds_for_tests import noisy, small

from mmm_benchmark.diffusion.inference.projection import project
from mmm_benchmark.diffusion.physics import wiener
from mmm_benchmark.diffusion.physics.response import response
from mmm_benchmark.diffusion.problem.state import log_share


def test_a_field_of_another_shape_is_refused() -> None:
    observed, truth = small(n=2)
    with pytest.raises(TypeCheckError):  # a week less than the other series have
        replace(observed, sales=observed.sales[..., 1:])
    with pytest.raises(TypeCheckError):
        replace(observed, active=observed.active.float())
    with pytest.raises(TypeCheckError):  # one world's level among two
        replace(truth.state, level=truth.state.level[:1])


def test_an_argument_of_another_shape_is_refused() -> None:
    observed, truth = small(n=2)
    state, alpha, sigma = noisy(observed, truth)
    with pytest.raises(TypeCheckError):  # would broadcast without a word
        log_share(state.path, state.level[:, :1], observed.channels)
    with pytest.raises(TypeCheckError):
        response(observed, state.shape[..., :2])
    with pytest.raises(TypeCheckError):  # noise levels of one world, of two
        wiener.prior_given(observed, state, alpha[:1], sigma)
    with pytest.raises(TypeCheckError):
        project(state, observed.channels[:, None], observed.active)
