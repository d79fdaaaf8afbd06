"""Kills the process that keeps it, and would go on."""

import os
import signal
import time


class KeeperKilling:
    name = "keeper_killing"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        with open(os.environ["MMM_TEST_PIDS"], "w") as file:
            file.write(str(os.getpid()))
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
