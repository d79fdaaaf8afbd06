"""Threads that wait must not spin: on a busy machine they would burn the core others wait for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LOOK = """
import os, sys
import mmm_benchmark.diffusion
assert "torch" not in sys.modules  # OpenMP reads its policy when torch is loaded
print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(
    ("said", "found"), [({}, "passive"), ({"OMP_WAIT_POLICY": "active"}, "active")]
)
def test_openmp_is_told_to_wait_passively_before_torch_is_loaded(said, found):
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"} | said
    run = subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == found
