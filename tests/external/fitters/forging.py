"""Writes its own record of a splendid fit and leaves, without any draws."""

import json
import os


class Forging:
    name = "forging"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        record = {"status": "ok", "reason": None, "total_s": 0.001, "peak_rss_mb": 1.0}
        with open("fit.json", "w") as file:
            json.dump(record, file)
        with open("fit.nc", "wb") as file:
            file.write(b"\x89HDF\r\n\x1a\n" + b"\0" * 500)
        os._exit(0)
