"""Good, but only answers once the file named by MMM_TEST_GATE is there."""

import os
import runpy
import time
from pathlib import Path

from mmm_benchmark.phases import phase

LeastSquares = runpy.run_path(str(Path(__file__).with_name("good.py")))["LeastSquares"]


class Patient(LeastSquares):
    name = "patient"

    def fit(self, observed, budget, seed):
        with phase("build"):
            while not Path(os.environ["MMM_TEST_GATE"]).exists():
                time.sleep(0.05)
        return super().fit(observed, budget, seed)
