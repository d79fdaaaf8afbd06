"""Ends the process with no answer and no complaint."""

import os


class Leaving:
    name = "leaving"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        os._exit(0)
