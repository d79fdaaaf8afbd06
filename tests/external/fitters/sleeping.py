"""Sleeps for an hour, with a child that does the same; says where it got to."""

import subprocess
import sys
import time

from mmm_benchmark.phases import phase


class Sleeping:
    name = "sleeping"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        with phase("sample"):
            time.sleep(3600)
