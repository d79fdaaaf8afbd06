"""Least squares without any saturation: a whole fitter, and a quick one."""

import sys

import numpy as np
import xarray as xr

from mmm_benchmark.estimands import response
from mmm_benchmark.fit import Fit
from mmm_benchmark.phases import phase
from mmm_benchmark.schema import SPEND_MULTIPLIERS


class LeastSquares:
    name = "good"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        print("a line on standard output")
        print("a line on standard error", file=sys.stderr)
        with phase("sample"):
            spend, controls = observed["spend"].values, observed["controls"].values
            X = np.concatenate([spend, controls, np.ones((*spend.shape[:2], 1))], axis=-1)
            X = X.reshape(-1, X.shape[-1])
            theta, *_ = np.linalg.lstsq(X, observed["sales"].values.ravel(), rcond=None)
        channels = spend.shape[-1]
        beta, gamma, intercept = theta[:channels], theta[channels:-1], theta[-1]
        total = spend.sum((0, 1))
        curve, roas, marginal_roas = response(lambda m: m * beta * total, total)
        baseline = np.full(spend.shape[:2], intercept)
        parts = {
            "contribution": (("geo", "date", "channel"), spend * beta),
            "baseline": (("geo", "date"), baseline),
            "control_contribution": (("geo", "date", "control"), controls * gamma),
            "expected_sales": (("geo", "date"), (X @ theta).reshape(baseline.shape)),
            "roas": (("channel",), roas),
            "marginal_roas": (("channel",), marginal_roas),
            "response_curve": (("channel", "spend_multiplier"), curve),
        }
        posterior = xr.Dataset(
            {
                name: (("chain", "draw", *dims), values[None, None])
                for name, (dims, values) in parts.items()
            },
            {**observed.coords, "spend_multiplier": list(SPEND_MULTIPLIERS)},
        )
        return Fit(posterior=posterior, parameter_counts={"effects": channels})
