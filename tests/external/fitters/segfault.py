"""Reads where nothing is, as a fault in compiled code does."""

import ctypes


class Segfault:
    name = "segfault"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        ctypes.string_at(0)
