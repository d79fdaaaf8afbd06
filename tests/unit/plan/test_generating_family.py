"""A reference may claim to know a world's family only where the world has not left it."""

from __future__ import annotations

from mmm_benchmark.plan.generating_family import family_of
from mmm_data_generator import customize_preset, generate_mmm_dataset


def test_a_stressed_world_has_left_its_family() -> None:
    stressed = customize_preset("time_varying", stressors=[{"type": "demand"}])
    assert family_of(generate_mmm_dataset(stressed, seed=1)) is None


def test_a_world_of_a_prior_is_of_that_family() -> None:
    family = family_of(generate_mmm_dataset("time_varying", seed=1))
    assert family is not None
    assert family["kind"] == "time_varying"
