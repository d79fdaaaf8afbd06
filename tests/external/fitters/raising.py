"""Raises in the middle of its work."""

from mmm_benchmark.phases import phase


class Raising:
    name = "raising"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        with phase("sample"):
            raise ValueError("the matrix is\nsingular")
