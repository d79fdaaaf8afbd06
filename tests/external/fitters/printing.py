"""Prints more than anybody wants to keep, then raises."""


class Printing:
    name = "printing"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        for line in range(100_000):
            print(f"line {line}")
        raise RuntimeError("enough")
