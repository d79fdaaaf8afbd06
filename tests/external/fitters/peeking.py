"""Lists everything a fitter could see, and raises it."""

import json
import os


class Peeking:
    name = "peeking"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        with open("job.json") as file:
            job = json.load(file)
        seen = sorted(os.listdir()), sorted(job), sorted(observed.data_vars), observed.attrs
        raise RuntimeError(json.dumps(seen))
