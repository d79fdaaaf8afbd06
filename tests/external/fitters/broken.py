"""Answers with something that is not a fit of these data."""

import xarray as xr

from mmm_benchmark.fit import Fit


class Broken:
    name = "broken"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        return Fit(posterior=xr.Dataset())
