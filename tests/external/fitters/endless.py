"""Prints for ever."""


class Endless:
    name = "endless"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        while True:
            print("x" * 100_000)
