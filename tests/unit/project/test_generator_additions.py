"""A prior, a stressor and a preset are added as CONTRIBUTING.md says, to a copy of the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "mmm_data_generator" / "src" / "mmm_data_generator"

STRESSOR = '''
"""Rain keeps people at home."""

from typing import ClassVar

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import MARKET


@checked
class Rain:
    """Sales fall by a share of the base rate in the first week."""

    type: str = "rain"
    loss: float = 0.2

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("rain",)),
        "loss": number(at_least=0),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def apply(self, world, scene):
        unobserved = world.unobserved.copy()
        unobserved[:, 0] -= self.loss * scene.base
        return world.but(unobserved=unobserved)
'''

PRIOR = '''
"""Worlds of the wide prior with one channel."""

from dataclasses import replace
from typing import ClassVar

from mmm_data_generator.priors.worlds import WorldPrior


class OneChannel:
    """The law of WorldPrior, of one channel whatever is asked for."""

    WORLD: ClassVar[str] = "one"

    def draw(self, streams, n_worlds, size):
        return WorldPrior().draw(streams, n_worlds, replace(size, n_channels=1))

    def draw_fields(self, rng, size):
        return WorldPrior().draw_fields(rng, replace(size, n_channels=1))
'''

USE = """
import numpy as np
import mmm_data_generator as m
rain = {"type": "rain", "loss": 0.5}
calm, wet = (m.generate_mmm_dataset("basic", seed=1, stressors=s) for s in ([], [rain]))
lost = (calm.observed["sales"] - wet.observed["sales"]).values
assert lost[0, 0] > 0 and abs(lost[0, 1:]).max() < 1e-6, lost
assert m.MMMDataConfig.from_dict(wet.config.to_dict()) == wet.config
batch = m.draw_batch(np.random.default_rng(0), "one", 3, n_weeks=60)
assert batch["spend"].shape == (3, 1, 60, 1)
config = m.draw_config(np.random.default_rng(0), "one", n_weeks=60)
assert config.prior is not None or len(config.channels) == 1
assert "tiny" in m.list_available_presets()
assert m.generate_mmm_dataset("tiny", seed=2).observed.sizes["date"] == 26
print("added")
"""


def insert(path: Path, before: str, text: str) -> None:
    whole = path.read_text(encoding="utf-8")
    assert before in whole
    path.write_text(whole.replace(before, f"{text}{before}", 1), encoding="utf-8")


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    copy = tmp_path / "mmm_data_generator"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "stressors" / "rain.py").write_text(STRESSOR)
    table = copy / "stressors" / "__init__.py"
    insert(
        table,
        "from mmm_data_generator.stressors.reach_frequency",
        "from mmm_data_generator.stressors.rain import Rain\n",
    )
    insert(table, "        ReachFrequency,\n        Synergy,", "        Rain,\n")
    (copy / "priors" / "one.py").write_text(PRIOR)
    table = copy / "priors" / "__init__.py"
    insert(
        table,
        "from mmm_data_generator.priors.published",
        "from mmm_data_generator.priors.one import OneChannel\n",
    )
    insert(table, '    "worlds": WorldPrior,', '    "one": OneChannel,\n')
    presets = copy / "presets" / "business.py"
    preset = 'def tiny() -> MMMDataConfig:\n    """Half a year."""\n'
    body = '    return replace(basic(), name="tiny", n_periods=26)\n\n\n'
    insert(presets, "def seasonal() ->", preset + body)
    insert(presets, "        seasonal,\n", "        tiny,\n")
    insert(presets, "from typing import Any\n", "from dataclasses import replace\n")
    return tmp_path


def test_what_contributing_says_is_all_it_takes(grown: Path) -> None:
    alone = {**os.environ, "PYTHONPATH": str(grown)}
    done = subprocess.run([sys.executable, "-c", USE], env=alone, capture_output=True, text=True)
    assert done.stdout.strip() == "added", done.stderr[-2000:]
