"""Takes memory, 20 MB at a time, and keeps it."""

import time


class Hungry:
    name = "hungry"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        held = []
        while True:
            held.append(b"x" * 20_000_000)
            time.sleep(0.02)
