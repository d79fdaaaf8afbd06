"""Cannot fit anything, and says so."""


class Declining:
    name = "declining"
    extra = None
    version = "1"

    def skip(self, observed):
        return "needs at least a million weeks"

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        raise AssertionError("a skipped dataset must not be fitted")
