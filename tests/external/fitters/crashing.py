"""Crashes the interpreter, as compiled code can."""

import os


class Crashing:
    name = "crashing"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        os.abort()
