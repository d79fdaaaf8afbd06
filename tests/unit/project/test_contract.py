"""The generator's variables are the benchmark's contract, though neither package's names bind."""

import pytest

from mmm_benchmark import schema
from mmm_data_generator import generate_mmm_dataset, list_available_presets
from mmm_data_generator.dataset.labels import OBSERVED, TRUTH
from mmm_data_generator.world.estimands import MARGINAL_STEP, SPEND_MULTIPLIERS


def test_the_two_packages_agree() -> None:
    assert {name: label.dims for name, label in OBSERVED.items()} == schema.OBSERVED
    shared = {name: TRUTH[name].dims for name in schema.TRUTH}
    assert shared == schema.TRUTH
    assert SPEND_MULTIPLIERS == schema.SPEND_MULTIPLIERS
    assert MARGINAL_STEP == schema.MARGINAL_STEP


@pytest.mark.parametrize("name", [n for n in list_available_presets() if "stress_" not in n])
def test_every_preset_keeps_the_contract(name: str) -> None:
    dataset = generate_mmm_dataset(name, seed=0)
    assert dataset.truth is not None
    schema.check(dataset.observed, schema.OBSERVED, "observed")
    schema.check(dataset.truth, schema.TRUTH, "truth")
