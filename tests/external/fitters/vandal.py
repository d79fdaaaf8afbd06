"""Fills its events file with garbage, and removes the folder it works in."""

import os
import shutil


class Vandal:
    name = "vandal"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        with open("events.jsonl", "ab") as file:
            file.write(b"\xff\xfe[[[\n[]\n{}\nnull\n" + b"[" * 100_000 + b"\n")
        shutil.rmtree(os.getcwd())
        os._exit(0)
